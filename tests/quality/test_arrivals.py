"""Batches and labels that do not come as usual, and those that do."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.core.alert_options import DeliveryOptions
from churn_monitoring.quality.arrivals import (
    check_batch_size,
    check_future,
    check_labels_stopped,
    check_same_file,
    find_usual_days,
)

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = DeliveryOptions(
    **yaml.safe_load((ROOT / "conf/base/parameters.yml").read_text(encoding="utf-8"))["deliveries"]
)
DAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("rows", "found"), [(1000, False), (334, False), (333, True), (3000, False), (3001, True), (0, False)]
)
def test_a_batch_is_unusual_from_three_times_more_or_fewer_rows_on(rows: int, *, found: bool) -> None:
    told = check_batch_size(rows, [1000.0, 1001.0, 999.0, 1000.0], SHIPPED)
    assert (told is not None) == found
    if told:
        assert (told.check, told.severity, told.limit) == ("batch_size", "warning", 3.0)
        assert told.value == pytest.approx(rows / 1000)
        assert "times fewer" in told.message if rows < 1000 else "times more" in told.message


def test_what_is_usual_is_known_from_four_batches_on_and_by_the_newest_twelve() -> None:
    assert check_batch_size(10, [1000.0] * 3, SHIPPED) is None
    assert check_batch_size(10, [1000.0] * 30 + [10.0] * 12, SHIPPED) is None
    assert check_batch_size(1000, [1000.0] * 30 + [10.0] * 12, SHIPPED) is not None


@given(st.lists(st.integers(500, 1400), min_size=5, max_size=60))
def test_batches_that_vary_by_less_than_the_factor_are_never_unusual(rows: list[int]) -> None:
    assert all(check_batch_size(rows[n], [float(one) for one in rows[:n]], SHIPPED) is None for n in range(len(rows)))


def test_a_file_that_came_before_breaks_the_batch_and_names_the_other() -> None:
    assert check_same_file(None) is None
    found = check_same_file("2026-02-23")
    assert found is not None
    assert found.severity == "failed"
    assert "batch 2026-02-23" in found.message


def test_a_date_may_lie_a_day_ahead_and_no_more() -> None:
    assert check_future(DAY + timedelta(days=1), DAY, SHIPPED) is None
    assert check_future(DAY - timedelta(days=400), DAY, SHIPPED) is None
    found = check_future(DAY + timedelta(days=2), DAY, SHIPPED)
    assert found is not None
    assert (found.severity, found.value) == ("warning", 2.0)


def test_labels_have_stopped_when_they_are_three_batches_later_than_usual() -> None:
    usual = [28.0] * 5
    assert check_labels_stopped(28.0 + 21, usual, 7.0, SHIPPED) is None
    found = check_labels_stopped(28.0 + 22, usual, 7.0, SHIPPED)
    assert found is not None
    assert (found.severity, found.limit) == ("warning", 49.0)


@pytest.mark.parametrize(
    ("lag", "before", "days"), [(None, [28.0] * 5, 7.0), (99.0, [28.0] * 3, 7.0), (99.0, [28.0] * 5, None)]
)
def test_labels_that_never_came_or_have_no_habit_yet_have_not_stopped(
    lag: float | None, before: list[float], days: float | None
) -> None:
    assert check_labels_stopped(lag, before, days, SHIPPED) is None


def test_labels_that_stay_away_are_told_of_for_as_long_as_they_do() -> None:
    lags = [28.0] * 12
    told = []
    for _ in range(60):
        lags.append(lags[-1] + 7)
        told.append(check_labels_stopped(lags[-1], lags[:-1], 7.0, SHIPPED) is not None)
    assert not any(told[:3])
    assert all(told[3:]), "what is usual follows, but never catches up"


def test_the_usual_days_are_the_median_gap_of_the_newest_batches() -> None:
    daily = [DAY + timedelta(days=n) for n in range(40)]
    assert find_usual_days([DAY - timedelta(days=90), *daily], SHIPPED) == 1.0
    assert find_usual_days([*daily, *daily], SHIPPED) == 1.0
    assert find_usual_days(daily[:3], SHIPPED) is None
    assert find_usual_days([], SHIPPED.model_copy(update={"expected_days": 30.0})) == 30.0
