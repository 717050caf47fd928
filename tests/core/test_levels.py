"""The promise per year, spent: whatever is promised, the levels of all tests add up to no more."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.core.levels import ALERT_KINDS, CONCEPT_TESTS, ONE_LOOK, PROBE, TWO_LOOKS, Levels, share_out
from churn_monitoring.core.parameters import Parameters

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = Parameters.model_validate(yaml.safe_load((ROOT / "conf/base/parameters.yml").read_text(encoding="utf-8")))
AMOUNTS = st.floats(1e-4, 1e4)


def update(block: str, **changes: Any) -> Parameters:
    return SHIPPED.model_copy(update={block: getattr(SHIPPED, block).model_copy(update=changes)})


def expect_false_alerts(levels: Levels) -> float:
    """A batch, at most: each kind at its own level."""
    return levels.feature + levels.prediction + levels.rate + levels.drop + levels.low


def expect_false_retrainings(levels: Levels) -> float:
    """A batch, at most: one look, two independent looks that agree, the probe."""
    repeated = (CONCEPT_TESTS * levels.concept_repeated) ** 2
    return CONCEPT_TESTS * levels.concept + repeated + levels.probe


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_a_year_of_batches_keeps_the_promise_whatever_is_promised(
    alerts: float, retrainings: float, batches: float
) -> None:
    policy = update("false_alarms_per_year", alerts=alerts, retrainings=retrainings, batches_per_year=batches)
    levels = share_out(policy)
    assert expect_false_alerts(levels) * batches <= alerts * (1 + 1e-9)
    assert expect_false_retrainings(levels) * batches <= retrainings * (1 + 1e-9)


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_a_level_is_always_a_probability(alerts: float, retrainings: float, batches: float) -> None:
    policy = update("false_alarms_per_year", alerts=alerts, retrainings=retrainings, batches_per_year=batches)
    levels = share_out(policy)
    assert all(0.0 < getattr(levels, name) < 1.0 for name in Levels.__slots__)


def test_an_allowance_is_spent_in_full_where_no_level_in_the_parameters_is_stricter() -> None:
    policy = update("false_alarms_per_year", alerts=0.01, retrainings=0.001, batches_per_year=52.0)
    levels = share_out(policy)
    assert expect_false_alerts(levels) * 52 == pytest.approx(0.01)
    assert expect_false_retrainings(levels) * 52 == pytest.approx(0.001)
    assert levels.drop == pytest.approx(0.01 / 52 / ALERT_KINDS)
    assert pytest.approx(1.0) == ONE_LOOK + TWO_LOOKS + PROBE


@pytest.mark.parametrize(
    ("block", "key", "level"),
    [
        ("drift", "prediction_p_value", "prediction"),
        ("concept", "rate_p_value", "rate"),
        ("concept", "p_value", "concept"),
        ("concept", "repeated_p_value", "concept_repeated"),
        ("probe", "p_value", "probe"),
    ],
)
def test_a_level_named_in_the_parameters_wins_where_it_is_stricter_and_only_there(
    block: str, key: str, level: str
) -> None:
    shipped = getattr(share_out(SHIPPED), level)
    assert getattr(share_out(update(block, **{key: 1e-7})), level) == 1e-7
    lenient = getattr(share_out(update(block, **{key: 0.9})), level)
    assert shipped <= lenient < 0.9


def test_features_are_alerts_at_the_false_discovery_rate_at_most() -> None:
    assert share_out(SHIPPED.model_copy(update={"drift_threshold": 1e-7})).feature == 1e-7
    assert share_out(SHIPPED.model_copy(update={"drift_threshold": 0.9})).feature < 0.05


def test_daily_batches_are_tested_more_strictly_than_weekly_ones() -> None:
    weekly, daily = share_out(SHIPPED), share_out(update("false_alarms_per_year", batches_per_year=365.0))
    assert all(getattr(daily, name) <= getattr(weekly, name) for name in Levels.__slots__)
    for name in ("feature", "drop", "low", "concept", "concept_repeated", "probe"):
        assert getattr(daily, name) < getattr(weekly, name)


def test_one_look_is_held_to_more_than_each_of_two() -> None:
    levels = share_out(SHIPPED)
    assert levels.concept < levels.concept_repeated
