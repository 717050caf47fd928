"""Who comes when: every customer is met once, returns only afterwards, and never twice in a week."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.simulation.arrivals import plan_arrivals


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12), st.floats(0.01, 1), st.none() | st.integers(30, 200))
def test_a_week_is_full_of_different_customers_who_were_met_or_are_new(
    sizes: list[int], share: float, available: int | None
) -> None:
    arrivals = plan_arrivals(sizes, share, available)
    met = 0
    for week, size in enumerate(sizes, start=1):
        fresh = arrivals.find_fresh(week)
        returning = arrivals.draw_returning(np.random.default_rng(week), week)
        assert fresh.tolist() == list(range(met, met + len(fresh)))
        assert len(fresh) + len(returning) == size
        assert len(set(returning)) == len(returning)
        assert (returning < met).all()
        met += len(fresh)
    assert met == arrivals.total <= (available or met)


@given(st.integers(1, 50), st.floats(0, 1))
def test_the_share_that_returns_is_the_one_asked_for_once_enough_were_met(size: int, share: float) -> None:
    arrivals = plan_arrivals([size] * 3, share, None)
    fresh = [len(arrivals.find_fresh(week)) for week in (1, 2, 3)]
    assert fresh == [size, size - round(share * size), size - round(share * size)]


def test_where_customers_run_out_more_return() -> None:
    arrivals = plan_arrivals([10] * 5, 0.2, available=20)
    assert [len(arrivals.find_fresh(week)) for week in range(1, 6)] == [10, 8, 2, 0, 0]


def test_a_batch_larger_than_all_customers_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="needs 30 different customers, but 20 are available"):
        plan_arrivals([10, 30], 0.5, available=20)


def test_where_nobody_returns_the_weeks_that_fit_are_told() -> None:
    with pytest.raises(ConfigurationError, match=r"3 weeks need 30 rows, but 25 .* at most 2"):
        plan_arrivals([10, 10, 10], 0.0, available=25)
