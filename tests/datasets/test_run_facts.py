"""Metrics, tags and artifacts of the active run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io import DatasetError
from mlflow.utils.validation import _validate_metric_name

from churn_monitoring.datasets.run_facts import RunFactsDataset, spell_metric


def save(facts: dict[str, Any]) -> Any:
    """The run that the facts were saved to, as the tracking database knows it."""
    with mlflow.start_run() as run:
        RunFactsDataset().save(facts)
    return mlflow.get_run(run.info.run_id)


@pytest.mark.usefixtures("experiment")
def test_metrics_and_tags_are_on_the_run_at_their_step() -> None:
    run = save({"metrics": {"drift_effect/age": 0.25, "rows": 500}, "tags": {"batch": "2026-01-05", "n": 3}, "step": 7})
    assert run.data.metrics == {"drift_effect/age": 0.25, "rows": 500.0}
    assert (run.data.tags["batch"], run.data.tags["n"]) == ("2026-01-05", "3")
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "drift_effect/age")
    assert [metric.step for metric in history] == [7]


@pytest.mark.usefixtures("experiment")
def test_artifacts_are_text_json_or_a_figure() -> None:
    from matplotlib.figure import Figure

    contents = {"a.txt": "zwölf", "a.json": {"b": [1]}, "list.json": [1, 2], "a.svg": Figure(figsize=(1, 1))}
    run = save({"artifacts": contents})
    folder = Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id))
    assert sorted(path.name for path in folder.iterdir()) == sorted(contents)
    assert (folder / "a.txt").read_text(encoding="utf-8") == "zwölf"
    assert json.loads((folder / "a.json").read_text(encoding="utf-8")) == {"b": [1]}


@pytest.mark.usefixtures("experiment")
def test_more_metrics_than_one_request_takes_all_arrive_with_the_tags() -> None:
    metrics = {f"psi/feature {number}": float(number) for number in range(2100)}
    run = save({"metrics": metrics, "tags": {f"tag {number}": "x" for number in range(12)}})
    assert run.data.metrics == metrics
    assert len([name for name in run.data.tags if name.startswith("tag ")]) == 12


@pytest.mark.usefixtures("experiment")
def test_nothing_to_say_is_fine() -> None:
    assert save({}).data.metrics == {}


def test_late_metrics_go_to_the_earlier_run(experiment: str, finish_run: Callable[..., str]) -> None:
    earlier = finish_run({"batch": "2026-01-05"}, {"rows": 500.0})
    run = save({"metrics": {"rows": 400.0}, "late_metrics": {earlier: {"roc_auc": 0.81, "rate (%)": 0.2}}})
    assert run.data.metrics == {"rows": 400.0}
    found = mlflow.get_run(earlier)
    assert found.data.metrics == {"rows": 500.0, "roc_auc": 0.81, spell_metric("rate (%)"): 0.2}
    assert found.info.status == "FINISHED"


@pytest.mark.usefixtures("experiment")
def test_a_column_may_be_called_anything() -> None:
    columns = ["Monthly charges (€)", "a/b", "a//b", "../a", "rate %", "a(b", "a)b"]
    run = save({"metrics": {f"psi/{column}": float(number) for number, column in enumerate(columns)}})
    assert [run.data.metrics[spell_metric(f"psi/{column}")] for column in columns] == list(range(len(columns)))


@given(st.text(min_size=1, max_size=30).filter(lambda column: column.strip(".")))
def test_every_name_is_spelt_as_the_tracking_api_takes_it(column: str) -> None:
    _validate_metric_name(spell_metric(f"psi/{column}"))


@pytest.mark.parametrize("name", ["roc_auc", "psi/tenure_months", "drift_p_value/Total-Charges 2", "psi/größe"])
def test_a_plain_name_stays_as_it_is(name: str) -> None:
    assert spell_metric(name) == name


def test_without_a_run_nothing_is_written_and_nothing_fails(experiment: str) -> None:
    assert mlflow.active_run() is None
    RunFactsDataset().save({"metrics": {"rows": 1.0}, "artifacts": {"a.txt": "x"}})
    found = mlflow.get_experiment_by_name(experiment)
    assert found is not None
    assert mlflow.MlflowClient().search_runs([found.experiment_id]) == []


def test_facts_cannot_be_loaded() -> None:
    with pytest.raises(DatasetError, match="only written"):
        RunFactsDataset().load()
