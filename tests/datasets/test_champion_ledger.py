"""Reigns out of finished runs and registered versions of a real tracking database."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from kedro.io import DatasetError
from mlflow import MlflowClient

from churn_monitoring.datasets.champion_ledger import ChampionLedgerDataset
from churn_monitoring.datasets.registry import move_aliases
from churn_monitoring.promotion.reigns import VersionFacts

FinishRun = Callable[..., str]


def read(experiment: str, model_name: str) -> Any:
    return ChampionLedgerDataset(experiments=[experiment, "never created"], model_name=model_name).load()


def register(model_name: str, run_id: str | None = None, **tags: str) -> None:
    client = MlflowClient()
    if not client.search_registered_models(filter_string=f"name = '{model_name}'"):
        client.create_registered_model(model_name)
    client.create_model_version(model_name, source="nowhere", run_id=run_id, tags=tags)


def test_the_story_is_told_in_order_with_data_configuration_and_code(
    experiment: str, model_name: str, finish_run: FinishRun
) -> None:
    common = {"model_name": model_name, "as_of": "2026-03-02"}
    trained = finish_run(
        common | {"kind": "training", "as_of": "2026-03-01", "version_before": "", "version_after": "1"}
    )
    versions = {"version_before": "1", "version_after": "2"}
    finish_run(common | versions | {"kind": "retraining", "verdict": "promoted", "reason": "It gains."})
    finish_run(common | {"kind": "retraining", "verdict": "kept", "version_before": "2", "version_after": "2"})
    finish_run(common | {"kind": "retraining", "verdict": "promoted", "version_after": "9"}, status="KILLED")
    versions = {"version_before": "2", "version_after": "1"}
    told = {"kind": "rollback", "verdict": "rolled_back", "reason": "It fell short.", "user": "ada"}
    finish_run(common | versions | told)
    register(model_name, candidate="xgboost", data_sha256="da7a", parameters_sha256="c0de", code="0.1.0")
    register(model_name)
    move_aliases(model_name, "1")
    first, second, third = read(experiment, model_name)
    assert (first.version, first.by, first.run_id, first.since) == ("1", "training", trained, date(2026, 3, 1))
    assert first.facts == VersionFacts("xgboost", "da7a", "c0de", "0.1.0")
    assert (second.by, second.ended_by, second.ended_for) == ("promoted", "rolled_back", "It fell short. (ada)")
    assert (third.version, third.reason, third.until) == ("1", "It fell short. (ada)", None)
    assert first.since_at <= first.until_at == second.since_at <= second.until_at == third.since_at


def test_a_training_from_before_versions_were_noted_is_known_by_its_run(
    experiment: str, model_name: str, finish_run: FinishRun
) -> None:
    run_id = finish_run({"model_name": model_name, "kind": "training", "as_of": "2026-03-01"})
    register(model_name, run_id)
    move_aliases(model_name, "1")
    (reign,) = read(experiment, model_name)
    assert (reign.version, reign.by, reign.run_id) == ("1", "training", run_id)


def test_of_a_model_that_was_never_trained_there_is_none(experiment: str, model_name: str) -> None:
    assert read(experiment, model_name) == ()


def test_the_ledger_is_written_by_finishing_runs_only() -> None:
    with pytest.raises(DatasetError, match="by finishing a run"):
        ChampionLedgerDataset(experiments=["e"], model_name="churn").save({})
