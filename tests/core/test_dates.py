"""Names that are dates, and those that only look like one."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.core.dates import parse_date


@given(st.dates())
def test_every_day_is_read_back_from_its_iso_name(day: date) -> None:
    assert parse_date(day.isoformat()) == day


@pytest.mark.parametrize(
    "name", ["", "january", "20260105", "2026-1-5", "2026-02-30", "2026-01-05T00:00", "05.01.2026"]
)
def test_a_name_that_is_no_iso_day_has_no_date(name: str) -> None:
    assert parse_date(name) is None


@given(st.text(max_size=12))
def test_no_name_whatever_raises(name: str) -> None:
    found = parse_date(name)
    assert found is None or isinstance(found, date)
