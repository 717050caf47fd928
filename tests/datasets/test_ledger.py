"""What the tracking database remembers: finished runs of one model, and nothing else."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from kedro.io import DatasetError

from churn_monitoring.core.records import Attempt, LedgerEntry
from churn_monitoring.datasets import ledger
from churn_monitoring.datasets.ledger import MonitoringLedgerDataset, RetrainingLedgerDataset

FinishRun = Callable[..., str]


def monitored(batch: str, **changes: Any) -> dict[str, Any]:
    """The tags of a finished monitoring run."""
    tags = {"model_name": "churn", "kind": "monitoring", "batch": batch, "batch_date": batch, "as_of": batch}
    tags |= {"action": "none", "rejected": "false", "model_version": "1"}
    return tags | {"file_size": 10, "file_modified_ns": 20, "file_sha256": "abc"} | changes


def attempted(as_of: str, **changes: Any) -> dict[str, Any]:
    """The tags of a finished retraining run."""
    versions = {"version_before": "1", "version_after": "2"}
    return {"model_name": "churn", "kind": "retraining", "as_of": as_of, "verdict": "promoted"} | versions | changes


def read_batches(experiment: str) -> tuple[LedgerEntry, ...]:
    return MonitoringLedgerDataset(experiment=experiment, model_name="churn").load()


def read_attempts(experiment: str) -> tuple[Attempt, ...]:
    return RetrainingLedgerDataset(experiment=experiment, model_name="churn").load()


def test_a_monitored_batch_is_remembered_whole(experiment: str, finish_run: FinishRun) -> None:
    tags = monitored("2026-01-05", as_of="2026-01-06", action="fix_data", rejected="true", model_version="3")
    run_id = finish_run(tags, {"roc_auc": 0.81, "drift_share": 0.25})
    assert read_batches(experiment) == (
        LedgerEntry(
            run_id=run_id,
            batch_id="2026-01-05",
            batch_date=date(2026, 1, 5),
            as_of=date(2026, 1, 6),
            action="fix_data",
            rejected=True,
            model_version="3",
            size=10,
            modified_ns=20,
            sha256="abc",
            metrics={"roc_auc": 0.81, "drift_share": 0.25},
        ),
    )


def test_batches_come_oldest_first_in_whatever_order_they_were_judged(experiment: str, finish_run: FinishRun) -> None:
    for batch in ("2026-01-12", "2026-01-19", "2026-01-05"):
        finish_run(monitored(batch))
    assert [entry.batch_id for entry in read_batches(experiment)] == ["2026-01-05", "2026-01-12", "2026-01-19"]


def test_of_a_batch_judged_again_the_newest_judgement_counts(experiment: str, finish_run: FinishRun) -> None:
    finish_run(monitored("2026-01-05", action="fix_data"))
    finish_run(monitored("2026-01-12"))
    finish_run(monitored("2026-01-05", action="alert", file_sha256="corrected"))
    entries = read_batches(experiment)
    assert [(entry.batch_id, entry.action) for entry in entries] == [("2026-01-05", "alert"), ("2026-01-12", "none")]
    assert entries[0].sha256 == "corrected"


@pytest.mark.parametrize("status", ["FAILED", "KILLED", "RUNNING"])
def test_a_run_that_did_not_finish_left_no_entry(experiment: str, finish_run: FinishRun, status: str) -> None:
    finish_run(monitored("2026-01-05"), status=status)
    assert read_batches(experiment) == ()


def test_runs_of_another_model_and_nested_runs_are_not_its_entries(experiment: str, finish_run: FinishRun) -> None:
    finish_run(monitored("2026-01-05", model_name="telco"))
    finish_run({"candidate": "xgboost"})
    finish_run(monitored("2026-01-12"))
    assert [entry.batch_id for entry in read_batches(experiment)] == ["2026-01-12"]


def test_without_an_experiment_there_is_no_entry(experiment: str) -> None:
    assert read_batches("never created") == ()
    assert read_attempts("never created") == ()


def test_one_view_sees_one_state_and_a_new_view_the_new_one(experiment: str, finish_run: FinishRun) -> None:
    view = MonitoringLedgerDataset(experiment=experiment, model_name="churn")
    assert view.load() == ()
    finish_run(monitored("2026-01-05"))
    assert view.load() == ()
    assert len(read_batches(experiment)) == 1


def test_more_runs_than_a_page_holds_are_all_read(
    experiment: str, finish_run: FinishRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "PAGE", 2)
    days = [f"2026-01-0{day}" for day in range(1, 6)]
    for day in days:
        finish_run(monitored(day))
    assert [entry.batch_id for entry in read_batches(experiment)] == days


def test_attempts_and_rollbacks_come_in_the_order_in_which_they_happened(
    experiment: str, finish_run: FinishRun
) -> None:
    first = finish_run(attempted("2026-02-02"))
    second = finish_run(attempted("2026-01-12", kind="rollback", verdict="rolled_back"))
    assert read_attempts(experiment) == (
        Attempt(first, date(2026, 2, 2), "retraining", "promoted", "1", "2"),
        Attempt(second, date(2026, 1, 12), "rollback", "rolled_back", "1", "2"),
    )


def test_a_killed_attempt_does_not_start_a_cooldown(experiment: str, finish_run: FinishRun) -> None:
    finish_run(attempted("2026-02-02"), status="KILLED")
    assert read_attempts(experiment) == ()


def test_an_action_nobody_knows_is_an_error_that_names_the_run(experiment: str, finish_run: FinishRun) -> None:
    run_id = finish_run(monitored("2026-01-05", action="panic"))
    with pytest.raises(DatasetError, match=f"Run {run_id} has the unknown action 'panic'"):
        read_batches(experiment)


@pytest.mark.parametrize("kind", [MonitoringLedgerDataset, RetrainingLedgerDataset])
def test_a_ledger_is_written_by_finishing_runs_only(kind: type[MonitoringLedgerDataset]) -> None:
    with pytest.raises(DatasetError, match="by finishing a run"):
        kind(experiment="e", model_name="churn").save({})
