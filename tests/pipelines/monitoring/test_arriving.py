"""A delivery against those before it: its twin, its size, its date, and how late its labels are."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.records import LedgerEntry, Quality
from churn_monitoring.pipelines.monitoring.arriving import Arrival, check_arrival, find_twin
from churn_monitoring.pipelines.monitoring.intake import Batch, BatchRows
from churn_monitoring.quality.verdict import add_findings

DAY = date(2026, 3, 30)
WEEKS = [DAY - timedelta(weeks=week) for week in range(6, 0, -1)]


@pytest.fixture
def batch(deliver: Any) -> Batch:
    return Batch("2026-03-30", DAY, DAY, deliver("2026-03-30", content="new one"))


@pytest.fixture
def before(deliver: Any, judge: Any) -> list[LedgerEntry]:
    """Six weekly batches of 500 rows, each judged when the newest labels were 28 days old."""
    days = [day.isoformat() for day in WEEKS]
    return [judge(deliver(day, content=f"rows of {day}"), rows=500.0, label_lag_days=28.0) for day in days]


@pytest.fixture
def check(batch: Batch, before: list[LedgerEntry], change: Any) -> Callable[..., Arrival]:
    def call(rows: int = 500, as_of: Any = "2026-03-30", *, labelled: Sequence[Any] = (), **changed: Any) -> Arrival:
        table = BatchRows(pd.DataFrame({"age": np.zeros(rows)}), pd.Series(dtype=float))
        told = {"one": batch, "ledger": before} | changed
        return check_arrival(told["one"], table, labelled, told["ledger"], as_of, change())

    return call


def known(days_ago: int, share: float = 1.0) -> Any:
    """A batch so many days old, whose labels have come in part."""
    scored = SimpleNamespace(batch_date=DAY - timedelta(days=days_ago), known=np.arange(100) < 100 * share)
    return SimpleNamespace(scored=scored)


def names(arrival: Arrival) -> list[str]:
    return [finding.check for finding in arrival.findings]


def test_what_comes_as_usual_is_no_finding(check: Callable[..., Arrival]) -> None:
    assert check(labelled=[known(35), known(28)]) == Arrival((), 28.0)


def test_each_unusual_thing_is_a_finding_of_its_own(check: Callable[..., Arrival], batch: Batch) -> None:
    assert names(check(rows=100)) == ["batch_size"]
    assert names(check(as_of="2026-03-20")) == ["future_batch"]
    assert names(check(labelled=[known(56)])) == ["labels_stopped"]


def test_a_batch_whose_labels_have_come_in_part_does_not_count_as_labelled(check: Callable[..., Arrival]) -> None:
    assert check(labelled=[known(28), known(7, share=0.1)]).label_lag == 28.0
    assert check(labelled=[known(7, share=0.1)]).label_lag is None


def test_broken_batches_are_no_measure_of_size(check: Callable[..., Arrival], before: list[LedgerEntry]) -> None:
    broken = [replace(entry, action="fix_data") for entry in before]
    assert names(check(rows=100, ledger=broken)) == []
    assert names(check(rows=0)) == [], "a batch without rows is rejected for that"


def test_a_file_under_another_id_is_a_twin_and_the_same_batch_judged_again_is_none(
    batch: Batch, before: list[LedgerEntry], judge: Any, deliver: Any, check: Callable[..., Arrival]
) -> None:
    again = judge(batch.delivery)
    assert find_twin(batch, [*before, again]) is None
    twin = judge(deliver("2026-03-23", content="new one"))
    assert find_twin(batch, [*before, twin]) == "2026-03-23"
    found = check(ledger=[*before, twin])
    assert names(found) == ["same_file"]
    assert add_findings(Quality("ok"), found.findings).status == "failed"


def test_a_file_is_hashed_only_where_another_has_its_size(batch: Batch, before: list[LedgerEntry]) -> None:
    def refuse() -> str:
        raise AssertionError("hashed for nothing")

    delivery = SimpleNamespace(size=7_000_000, fingerprint=refuse)
    assert find_twin(replace(batch, delivery=delivery), before) is None  # type: ignore[arg-type]


def test_today_is_the_clock_where_no_day_is_given(check: Callable[..., Arrival], batch: Batch) -> None:
    far = replace(batch, batch_date=date(2999, 1, 1))
    assert "future_batch" in names(check(one=far, as_of=None))
    past = replace(batch, batch_date=date(2001, 1, 1))
    assert names(check(one=past, as_of=None)) == []
