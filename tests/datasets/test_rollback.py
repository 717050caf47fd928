"""What `kedro rollback` does to registry and ledger; the catalog is at hand, the registry is real."""

import getpass
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient

from churn_monitoring.cli.rollback import roll_back
from churn_monitoring.core.errors import NoChampion, NotInService
from churn_monitoring.datasets import verification
from churn_monitoring.datasets.champion_ledger import ChampionLedgerDataset
from churn_monitoring.datasets.registry import find_champion, move_aliases, restore
from churn_monitoring.datasets.verification import Verification

FinishRun = Callable[..., str]


class Catalog:
    """The two ledgers that a rollback reads."""

    def __init__(self, experiment: str, model_name: str) -> None:
        self.ledger = ChampionLedgerDataset(experiments=[experiment], model_name=model_name)

    def load(self, name: str) -> Any:
        return {"monitoring_ledger": (), "champion_ledger": self.ledger.load()}[name]


@pytest.fixture
def context(
    experiment: str, model_name: str, finish_run: FinishRun, monkeypatch: pytest.MonkeyPatch
) -> SimpleNamespace:
    """Version 2 was promoted over version 1, and both are sound; runs go to the experiment of the test."""
    monkeypatch.setattr(mlflow, "set_experiment", lambda _: None)
    monkeypatch.setattr(verification, "verify_version", lambda *_: Verification("", 1))
    client = MlflowClient()
    client.create_registered_model(model_name)
    told = {"model_name": model_name, "as_of": "2026-03-02"}
    for after, how in (("1", {"kind": "training"}), ("2", {"kind": "retraining", "verdict": "promoted"})):
        client.create_model_version(model_name, source="nowhere")
        before = move_aliases(model_name, after)
        finish_run(told | how | {"version_before": before, "version_after": after})
    return SimpleNamespace(params={"model_name": model_name}, catalog=Catalog(experiment, model_name))


def story(context: SimpleNamespace) -> list[tuple[str, str]]:
    return [(reign.version, reign.by) for reign in context.catalog.load("champion_ledger")]


PROMOTED = [("1", "training"), ("2", "promoted")]


def test_a_rollback_is_recorded_with_reason_and_user(context: SimpleNamespace, model_name: str) -> None:
    said = roll_back(context, None, reason="campaigns failed")
    assert said == f"Version 1 of '{model_name}' is back in service; it replaces version 2."
    assert find_champion(model_name) == "1"
    assert story(context) == [*PROMOTED, ("1", "rolled_back")]
    assert context.catalog.load("champion_ledger")[-1].reason == f"campaigns failed ({getpass.getuser()})"


@pytest.mark.parametrize("version", [None, "1"])
def test_a_second_rollback_changes_and_records_nothing(
    context: SimpleNamespace, model_name: str, version: str | None
) -> None:
    roll_back(context, version)
    before = context.catalog.load("champion_ledger")
    assert roll_back(context, version) == f"Version 1 of '{model_name}' is in service already."
    assert context.catalog.load("champion_ledger") == before


def test_a_version_that_does_not_come_back_as_it_was_is_refused(
    context: SimpleNamespace, model_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "verify_version", lambda *_: Verification("it is broken"))
    with pytest.raises(NotInService, match=r"Version 1 .* since it is broken: version 2 stays"):
        roll_back(context, None)
    assert find_champion(model_name) == "2"
    assert story(context) == PROMOTED


def test_a_version_from_before_golden_rows_serves_and_that_is_said(
    context: SimpleNamespace, model_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "verify_version", lambda *_: Verification("", 0, 7))
    assert "has no golden rows: it loads, but" in roll_back(context, None)
    assert find_champion(model_name) == "1"


def test_a_promotion_during_the_verification_is_not_overwritten(
    context: SimpleNamespace, model_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def promote(name: str, version: str) -> Verification:
        MlflowClient().create_model_version(name, source="nowhere")
        move_aliases(name, "3")
        return Verification("", 1)

    monkeypatch.setattr(verification, "verify_version", promote)
    with pytest.raises(NotInService, match=r"Version 3 .* was put in service meanwhile"):
        roll_back(context, None)
    assert find_champion(model_name) == "3"


def test_a_rollback_killed_after_the_alias_moved_is_recorded_by_the_next(
    context: SimpleNamespace, model_name: str
) -> None:
    restore(model_name, "1")
    assert story(context) == [*PROMOTED, ("1", "unrecorded")]
    roll_back(context, None, reason="again")
    assert story(context) == [*PROMOTED, ("1", "rolled_back")]
    roll_back(context, None)
    assert story(context) == [*PROMOTED, ("1", "rolled_back")]


def test_what_is_not_there_cannot_be_rolled_back_to(context: SimpleNamespace, model_name: str) -> None:
    with pytest.raises(NoChampion, match=r"has no version 9 \(it has 1, 2\)"):
        roll_back(context, "9")
    MlflowClient().delete_registered_model_alias(model_name, "previous")
    with pytest.raises(NoChampion, match="No previous champion"):
        roll_back(context, None)
    MlflowClient().delete_registered_model_alias(model_name, "champion")
    with pytest.raises(NoChampion, match="there is nothing to roll back"):
        roll_back(context, None)
