"""The parameters of a run in the tracking database, in one request per node instead of one per parameter.

kedro-mlflow sends each of them by itself; monitoring alone has more than 160, each a transaction of the database: a
twelfth of a run on a small batch. Here its hook only gathers them, and they are sent together before the node runs.
"""

from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

LONGEST = 6000  # characters of a value that the tracking database takes


class ParameterLogHook:
    """Gathers what kedro-mlflow's hook would send, and sends what the active run has not got yet."""

    def __init__(self) -> None:
        self._gathered: dict[str, str] = {}
        self._sent: dict[str, set[str]] = {}

    @hook_impl(trylast=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Put gathering in the place of sending."""
        for plugin in context._hook_manager.get_plugins():
            if hasattr(plugin, "_log_param"):  # kedro-mlflow's; its class is not imported where it is not at work
                plugin._log_param = self._gather

    @hook_impl(trylast=True)
    def before_node_run(self) -> None:
        """Send them to the run that is open for this node: a candidate has its own."""
        import mlflow
        from mlflow.entities import Param

        run = mlflow.active_run()
        if run is None or not self._gathered:
            self._gathered = {}
            return
        sent = self._sent.setdefault(run.info.run_id, set())
        fresh = {name: value for name, value in self._gathered.items() if name not in sent}
        mlflow.MlflowClient().log_batch(run.info.run_id, params=[Param(*pair) for pair in fresh.items()])
        sent |= set(fresh)
        self._gathered = {}

    def _gather(self, name: str, value: Any) -> None:
        # The list of the columns of a wide table is longer; the champion package has all of it.
        self._gathered[name] = str(value)[:LONGEST]
