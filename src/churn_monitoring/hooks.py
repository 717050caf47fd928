"""What happens around a run: which experiment it belongs to, which candidate's child run is open, who is told of it."""

from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from churn_monitoring.core.parameters import read_parameters

EXPERIMENTS = {
    "monitoring": "ChurnPrediction-Monitoring",
    "retraining": "ChurnPrediction-Retraining",
    "recalibration": "ChurnPrediction-Retraining",
}
DEFAULT_EXPERIMENT = "ChurnPrediction-Pipeline"


class ParametersHook:
    """Refuses a run whose parameters are not all known and valid, whichever of them its pipeline uses."""

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, catalog: Any) -> None:
        """Check all of them before anything is read or opened.

        Raises:
            ConfigurationError: one is misspelt, missing or out of its range.
        """
        read_parameters(catalog.load("parameters"))


class ExperimentHook:
    """Sends each pipeline's runs to its own MLflow experiment, and starts none when no batch is waiting."""

    def __init__(self) -> None:
        self._mlflow_config: Any = None

    @hook_impl(trylast=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Remember kedro-mlflow's configuration, which its own hook has just put on the context."""
        self._mlflow_config = getattr(context, "mlflow", None)

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, run_params: dict[str, Any], catalog: Any) -> None:
        """Choose the experiment before kedro-mlflow opens the run.

        Raises:
            NoChampion: monitoring was asked for and nothing is in service.
            NothingToDo: the same, and no batch is waiting.
            DataError: the batch asked for is not there.
        """
        names = run_params.get("pipeline_names") or []
        if names == ["monitoring"]:
            from churn_monitoring.pipelines.monitoring.intake import choose_batch

            if not catalog.exists("champion"):
                catalog.load("champion")
            choose_batch(
                catalog.load("deliveries"),
                catalog.load("monitoring_ledger"),
                catalog.load("params:batch"),
                catalog.load("params:as_of"),
            )
        if self._mlflow_config is None:
            return
        experiment = EXPERIMENTS.get(names[0], DEFAULT_EXPERIMENT) if names else DEFAULT_EXPERIMENT
        if self._mlflow_config.tracking.experiment.name != experiment:
            self._mlflow_config.tracking.experiment.name = experiment
            self._mlflow_config._set_experiment()


class DeliveryHook:
    """Sends what finished monitoring runs have to tell, this one's and what earlier ones could not."""

    def __init__(self) -> None:
        self._context: KedroContext | None = None
        self._down: dict[str, float] = {}

    @hook_impl(trylast=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Remember where parameters and addresses are read from."""
        self._context = context

    @hook_impl(trylast=True)
    def after_pipeline_run(self, run_params: dict[str, Any]) -> None:
        """Send once kedro-mlflow has ended the run: only then it counts."""
        if self._context is None or (run_params.get("pipeline_names") or []) != ["monitoring"]:
            return
        from churn_monitoring.datasets.delivery import send_waiting

        send_waiting(self._context, self._down)


class CandidateRunHook:
    """Opens one nested MLflow run per candidate, for as long as that candidate's nodes run.

    A candidate is a namespace. Its run is opened before its node starts and closed before the next node
    that is not its own, so that what the node saves is logged to it; nodes of two candidates may alternate.
    """

    def __init__(self) -> None:
        self._open: str | None = None
        self._run_ids: dict[str, str] = {}

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self) -> None:
        """Forget the candidates of an earlier session in this process."""
        self._open = None
        self._run_ids = {}

    @hook_impl(tryfirst=True)
    def before_node_run(self, node: Node) -> None:
        """Close the child run of another candidate and open this one's."""
        if node.namespace != self._open:
            self._close()
            if node.namespace is not None:
                self._enter(node.namespace)

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self, pipeline: Pipeline) -> None:  # noqa: ARG002
        """Close what is open before kedro-mlflow ends the parent run."""
        self._close()

    def _enter(self, candidate: str) -> None:
        import mlflow

        if mlflow.active_run() is None:
            return
        if candidate in self._run_ids:
            mlflow.start_run(run_id=self._run_ids[candidate], nested=True)
        else:
            run = mlflow.start_run(run_name=candidate, nested=True, tags={"candidate": candidate})
            self._run_ids[candidate] = run.info.run_id
        self._open = candidate

    def _close(self) -> None:
        if self._open is None:
            return
        import mlflow

        mlflow.end_run()
        self._open = None
