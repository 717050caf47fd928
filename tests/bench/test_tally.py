"""Rates and their intervals against other implementations, and counts by hand."""

import pytest
from scipy.stats import poisson
from statsmodels.stats.proportion import proportion_confint

from churn_monitoring.bench.tally import StreamOutcome, count_quiet, count_wrong, measure_share, measure_yearly

NONE, ALERT, RETRAIN = frozenset({"none"}), frozenset({"alert"}), frozenset({"retrain"})
OUTCOMES = [
    StreamOutcome(
        scenario="shift",
        seed=1,
        actions=("none", "alert", "retrain", "alert"),
        spec_actions=("retrain", "alert", "alert", "none"),
        right=(NONE, NONE, RETRAIN, ALERT | RETRAIN),
        quiet=(True, True, False, False),
        in_time=True,
    ),
    StreamOutcome("quiet", 1, ("none", "retrain"), ("none", "none"), (NONE, NONE), (True, True)),
]


@pytest.mark.parametrize(("count", "of"), [(0, 20), (1, 20), (10, 20), (20, 20), (3, 5000)])
def test_a_share_has_wilsons_interval(count, of):
    rate = measure_share(count, of)
    low, high = proportion_confint(count, of, alpha=0.05, method="wilson")
    assert rate.value == count / of
    assert (rate.low, rate.high) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(("count", "years"), [(0, 20.0), (1, 20.0), (7, 1.5), (300, 60.0)])
def test_a_yearly_rate_has_the_interval_in_which_its_count_is_no_surprise(count, years):
    rate = measure_yearly(count, years)
    assert rate.value == count / years
    assert poisson.cdf(count, rate.high * years) == pytest.approx(0.025)
    if count:
        assert poisson.sf(count - 1, rate.low * years) == pytest.approx(0.025)
    else:
        assert rate.low == 0.0


def test_of_nothing_nothing_is_known():
    rate = measure_share(0, 0)
    assert (rate.low, rate.high) == (0.0, 1.0)


def test_wrong_actions_are_those_that_were_not_among_the_right_ones():
    assert count_wrong(OUTCOMES) == (1, 4)  # the two weeks before the change are not counted
    assert count_wrong(OUTCOMES, spec=True) == (2, 4)
    assert count_wrong([]) == (0, 0)


def test_only_streams_with_nothing_to_find_are_counted_for_false_alarms():
    assert count_quiet(OUTCOMES, ALERT | RETRAIN) == (1, 2)
    assert count_quiet(OUTCOMES, RETRAIN) == (1, 2)
    assert count_quiet(OUTCOMES, RETRAIN, spec=True) == (0, 2)
