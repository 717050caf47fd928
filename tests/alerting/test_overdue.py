"""The switch that fires when nothing comes, and keeps quiet while something might still."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from churn_monitoring.alerting.overdue import raise_overdue
from churn_monitoring.core.alert_options import DeliveryOptions

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = DeliveryOptions(
    **yaml.safe_load((ROOT / "conf/base/parameters.yml").read_text(encoding="utf-8"))["deliveries"]
)
WEEKLY = [date(2026, 1, 5) + timedelta(weeks=week) for week in range(8)]
LAST = WEEKLY[-1]


@pytest.mark.parametrize(("days", "overdue"), [(0, False), (7, False), (14, False), (15, True), (400, True)])
def test_a_weekly_batch_may_be_late_and_two_may_not(days: int, *, overdue: bool) -> None:
    found = raise_overdue(WEEKLY, [], LAST + timedelta(days=days), SHIPPED)
    assert (found is not None) == overdue
    if found:
        assert (found.key, found.severity, found.value, found.threshold) == ("no_batch", "warning", days, 14)
        assert found.message == f"No new batch has come for {days} days; one every 7 days is usual."


def test_what_has_arrived_counts_though_nobody_has_judged_it_and_a_date_in_the_future_does_not() -> None:
    today = LAST + timedelta(days=30)
    assert raise_overdue(WEEKLY, [today - timedelta(days=3)], today, SHIPPED) is None
    assert raise_overdue([*WEEKLY, date(2062, 1, 5)], [], today, SHIPPED) is not None


def test_without_a_habit_nothing_is_overdue_unless_one_is_named() -> None:
    today = LAST + timedelta(days=30)
    assert raise_overdue(WEEKLY[:3], [], today, SHIPPED) is None
    assert raise_overdue([WEEKLY[0]] * 8, [], today, SHIPPED) is None, "all of one day: no rhythm"
    assert raise_overdue([], [], today, SHIPPED) is None
    named = SHIPPED.model_copy(update={"expected_days": 1.0})
    assert raise_overdue(WEEKLY[:1], [], WEEKLY[0] + timedelta(days=3), named) is not None


def test_the_key_is_the_same_on_every_day() -> None:
    found = [raise_overdue(WEEKLY, [], LAST + timedelta(days=days), SHIPPED) for days in (20, 60)]
    assert [alert.key for alert in found if alert] == ["no_batch", "no_batch"]
