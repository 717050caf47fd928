"""Metrics, tags and artifacts of the active MLflow run, in as few requests as the tracking API allows."""

import json
import re
import time
from typing import Any

from kedro.io import AbstractDataset, DatasetError

NOT_IN_A_NAME = re.compile(r"[^\w. :-]")  # characters the tracking API refuses in part of a metric's name


class RunFactsDataset(AbstractDataset[dict[str, Any], Any]):
    """Saves ``{"metrics": {name: number}, "tags": {name: text}, "artifacts": {file: content}, "step": int}``.

    kedro-mlflow opens and closes the run; its own metric datasets send one request per metric, which takes
    longer than the monitoring itself once there is a metric per feature. An artifact is text, JSON or a
    matplotlib figure. ``late_metrics`` go to earlier runs: ``{run id: {name: number}}``.
    """

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        self.metadata = metadata

    def load(self) -> Any:
        """Refused: facts are looked up in the tracking database."""
        raise DatasetError("Run facts are only written; look them up with `mlflow ui`.")

    def save(self, data: dict[str, Any]) -> None:
        """Log everything to the active run."""
        import mlflow
        from mlflow import MlflowClient
        from mlflow.entities import RunTag

        run = mlflow.active_run()
        if run is None:
            return
        now = int(time.time() * 1000)
        step = data.get("step", 0)
        metrics = [_metric(name, value, now, step) for name, value in data.get("metrics", {}).items()]
        tags = [RunTag(name, str(value)) for name, value in data.get("tags", {}).items()]
        MlflowClient().log_batch(run.info.run_id, metrics=metrics, tags=tags)
        for run_id, late in data.get("late_metrics", {}).items():
            MlflowClient().log_batch(run_id, metrics=[_metric(name, value, now, 0) for name, value in late.items()])
        for name, content in data.get("artifacts", {}).items():
            _log_artifact(name, content)

    def _describe(self) -> dict[str, Any]:
        return {}


def spell_metric(name: str) -> str:
    """The name as the tracking API takes it; a column may be called anything, and no two become one.

    >>> spell_metric("psi/monthly charge"), spell_metric("psi/charge (€)"), spell_metric("psi/in/out")
    ('psi/monthly charge', 'psi/charge _28__20ac__29_', 'psi/in_2f_out')
    """
    parts = name.split("/", maxsplit=1)
    return "/".join(NOT_IN_A_NAME.sub(lambda found: f"_{ord(found[0]):x}_", part) for part in parts)


def _metric(name: str, value: float, now: int, step: int) -> Any:
    from mlflow.entities import Metric

    return Metric(spell_metric(name), float(value), now, step)


def _log_artifact(name: str, content: Any) -> None:
    import mlflow

    if isinstance(content, str):
        mlflow.log_text(content, name)
    elif isinstance(content, dict | list):
        mlflow.log_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False), name)
    else:
        mlflow.log_figure(content, name)
