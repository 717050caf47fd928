"""Rows that attempts were compared on: those of finished ones, all of them, or a sentence why nobody knows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pandas as pd
import pytest
from kedro.io import DatasetError

from churn_monitoring.core.errors import DataError
from churn_monitoring.datasets.comparison_rows import COMPARISON_ROWS, COUNT_TAG, ComparisonRowsDataset
from churn_monitoring.datasets.run_facts import RunFactsDataset

TAGS = {"model_name": "churn", "kind": "retraining", "as_of": "2026-03-02", "verdict": "kept"}


@pytest.fixture
def compare(experiment: str) -> Callable[..., Any]:
    """Records an attempt with the rows it was compared on; returns its run."""
    import mlflow

    def record(rows: dict[str, Any] | None, status: str = "FINISHED", **tags: str) -> Any:
        with mlflow.start_run() as run:
            counted = {} if rows is None else {COUNT_TAG: len(rows["id"])}
            artifacts = {} if rows is None else {COMPARISON_ROWS: rows}
            RunFactsDataset().save({"tags": {**TAGS, **tags, **counted}, "artifacts": artifacts})
        mlflow.MlflowClient().set_terminated(run.info.run_id, status)
        return run

    return record


def read(experiment: str) -> pd.DataFrame:
    return ComparisonRowsDataset(experiment=experiment, model_name="churn").load()


def test_rows_of_all_finished_attempts_come_together_with_ids_as_they_were(experiment: str, compare: Any) -> None:
    compare({"batch": ["2026-02-02", "2026-02-02"], "id": ["007", None]})
    compare(None)  # stopped before a comparison
    compare({"batch": ["2026-02-09"], "id": ["größe"]})
    found = read(experiment)
    assert list(found.itertuples(index=False, name=None)) == [
        ("2026-02-02", "007"),
        ("2026-02-02", None),
        ("2026-02-09", "größe"),
    ]


@pytest.mark.parametrize(
    ("status", "tags"), [("FAILED", {}), ("RUNNING", {}), ("KILLED", {}), ("FINISHED", {"model_name": "other"})]
)
def test_an_attempt_that_did_not_finish_or_is_of_another_model_has_used_nothing_up(
    experiment: str, compare: Any, status: str, tags: dict[str, str]
) -> None:
    compare({"batch": ["2026-02-02"], "id": ["a"]}, status, **tags)
    assert read(experiment).empty


def test_an_experiment_that_is_not_there_yet_has_no_rows(experiment: str) -> None:
    found = read(f"{experiment} of nobody")
    assert (list(found.columns), len(found)) == (["batch", "id"], 0)


@pytest.mark.parametrize("content", [None, "{broken"])
def test_rows_that_cannot_be_read_are_an_error_in_one_sentence_and_not_forgotten(
    experiment: str, compare: Any, content: str | None
) -> None:
    run = compare({"batch": ["2026-02-02"], "id": ["a"]})
    path = Path(urlparse(run.info.artifact_uri).path) / COMPARISON_ROWS
    path.unlink()
    if content:
        path.write_text(content, encoding="utf-8")
    told = f"of run {run.info.run_id}, a retraining attempt of 2026-03-02, cannot be read"
    with pytest.raises(DatasetError, match=told) as raised:  # how Kedro passes it on
        read(experiment)
    assert isinstance(raised.value.__cause__, DataError)


def test_rows_are_not_saved_but_kept_with_their_run() -> None:
    with pytest.raises(DatasetError, match="finishing an attempt's run"):
        ComparisonRowsDataset(experiment="any", model_name="churn").save(pd.DataFrame())
