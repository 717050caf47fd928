"""Parameters of a node arrive together, in the run that is open for it, and once."""

import warnings
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient

from churn_monitoring.parameter_log import LONGEST, ParameterLogHook


@pytest.fixture
def tracking(tmp_path: Path) -> Iterator[None]:
    """A database of its own; the tracking client warns about itself while it is made."""
    before, uri = mlflow.get_tracking_uri(), f"sqlite:///{tmp_path / 'mlflow.db'}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import_module("mlflow.pyfunc.model")
        MlflowClient(uri).search_experiments()
    mlflow.set_tracking_uri(uri)
    yield
    mlflow.set_tracking_uri(before)


@pytest.fixture
def hooks() -> tuple[ParameterLogHook, Any]:
    """Ours, and kedro-mlflow's with ours in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has models of an older kind
        from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook
    ours, theirs = ParameterLogHook(), MlflowHook()
    manager = SimpleNamespace(get_plugins=lambda: {object(), theirs})
    ours.after_context_created(SimpleNamespace(_hook_manager=manager))  # type: ignore[arg-type]
    return ours, theirs


@pytest.mark.usefixtures("tracking")
def test_one_request_brings_them_all_and_a_long_one_is_cut(
    hooks: tuple[ParameterLogHook, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = hooks
    requests: list[int] = []
    send = MlflowClient.log_batch

    def count(self: MlflowClient, run_id: str, **told: Any) -> None:
        requests.append(len(told["params"]))
        send(self, run_id, **told)

    monkeypatch.setattr(MlflowClient, "log_batch", count)
    with mlflow.start_run() as run:
        for number in range(250):
            theirs._log_param(f"block.key {number}", number)
        theirs._log_param("schema", ["column"] * 2_000)
        ours.before_node_run()
        theirs._log_param("block.key 3", 3)
        theirs._log_param("seed", 7)
        ours.before_node_run()
    params = mlflow.get_run(run.info.run_id).data.params
    assert len(params) == 252
    assert (params["block.key 249"], params["seed"]) == ("249", "7")
    assert params["schema"] == str(["column"] * 2_000)[:LONGEST]
    assert requests == [251, 1]


@pytest.mark.usefixtures("tracking")
def test_a_candidate_has_them_in_its_own_run(hooks: tuple[ParameterLogHook, Any]) -> None:
    ours, theirs = hooks
    with mlflow.start_run() as parent:
        theirs._log_param("seed", 7)
        ours.before_node_run()
        with mlflow.start_run(nested=True) as child:
            theirs._log_param("seed", 7)
            theirs._log_param("trees", 20)
            ours.before_node_run()
    found = [mlflow.get_run(run.info.run_id).data.params for run in (parent, child)]
    assert found == [{"seed": "7"}, {"seed": "7", "trees": "20"}]


@pytest.mark.usefixtures("tracking")
def test_without_a_run_nothing_is_sent_nor_kept_for_the_next(hooks: tuple[ParameterLogHook, Any]) -> None:
    ours, theirs = hooks
    theirs._log_param("seed", 7)
    ours.before_node_run()
    with mlflow.start_run() as run:
        ours.before_node_run()
    assert mlflow.get_run(run.info.run_id).data.params == {}
