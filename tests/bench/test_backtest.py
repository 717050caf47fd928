"""Saved batches are judged again: the same by the same parameters, otherwise by others, and without a trace."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date

import pytest

from churn_monitoring.bench.backtest import History, decide_again
from churn_monitoring.bench.player import InMemory, Player
from churn_monitoring.bench.streams import build_policy, train_champion
from churn_monitoring.core.records import Finding
from churn_monitoring.pipelines.monitoring.intake import Batch
from churn_monitoring.pipelines.monitoring.maturing import Logs
from churn_monitoring.simulation import simulate

from .conftest import BROKEN

UNREADABLE = Finding("missing_column", "age", "failed", 1.0, 0.0, "lacks column age")


@pytest.fixture(scope="module")
def policy(tiny):
    return build_policy(tiny, BROKEN, 1)


@pytest.fixture(scope="module")
def history(policy):
    """Three weeks as a project keeps them, the second of them broken."""
    simulated = simulate(policy.table, policy.simulation, None)
    champion = replace(train_champion(simulated.customers, policy), version="1")
    files = {name: (lambda table=table: table) for name, table in simulated.labels.items()}
    player = Player(policy, files)
    for name, frame in simulated.batches.items():
        day = date.fromisoformat(name)
        player.play(Batch(name, day, day, InMemory(name, frame)), champion)
    kept = {"evidence": {"rows": 1000, "quality": {"findings": []}}, "facts": {"unparseable": {}}}
    evidence = {entry.batch_id: (lambda: kept) for entry in player.ledger}
    return History(
        tuple(player.ledger), Logs(player.predictions, player.features), evidence, files, (), lambda _: champion
    )


def test_the_same_parameters_decide_the_same(history, policy):
    advanced = []
    decided = decide_again(history, policy, lambda: advanced.append(1))
    assert [one.now for one in decided] == [one.then for one in decided]
    assert [one.now for one in decided][1] == "fix_data"
    assert len(advanced) == len(decided) == 3


def test_edited_parameters_change_what_they_are_about(history, policy):
    lenient = policy.quality.model_copy(
        update={"max_out_of_range_share": 1.0, "dependency_nats": 100.0, "dependency_lost": 100.0}
    )
    decided = decide_again(history, policy.model_copy(update={"quality": lenient}))
    assert (decided[1].then, decided[1].now) == ("fix_data", "alert")
    assert any("Feature drift" in reason for reason in decided[1].reasons)


def test_nothing_that_was_kept_is_changed(history, policy):
    before = {name: load().copy() for name, load in history.logs.predictions.items()}
    decide_again(history, policy)
    assert all(load().equals(before[name]) for name, load in history.logs.predictions.items())
    assert isinstance(history.ledger, tuple)


def test_a_batch_that_could_not_be_read_stays_one(history, policy):
    rejected = replace(history.ledger[0], rejected=True, action="fix_data")
    told: Mapping = {"evidence": {"quality": {"findings": [asdict(UNREADABLE)]}}, "facts": {"unparseable": {}}}
    evidence = {**history.evidence, rejected.batch_id: lambda: told}
    (one, *_) = decide_again(replace(history, ledger=(rejected, *history.ledger[1:]), evidence=evidence), policy)
    assert (one.now, one.reasons) == ("fix_data", (UNREADABLE.message,))


def test_a_batch_of_which_nothing_was_kept_is_passed_over(history, policy):
    oldest = history.ledger[0].batch_id
    evidence = {name: load for name, load in history.evidence.items() if name != oldest}
    assert [one.batch_id for one in decide_again(replace(history, evidence=evidence), policy)] == [
        entry.batch_id for entry in history.ledger[1:]
    ]
