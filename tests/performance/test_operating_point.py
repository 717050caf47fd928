"""The threshold customers are contacted at: closed forms, every other threshold tried, and odd data."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.metrics import f1_score

from churn_monitoring.core.options import OperatingPointOptions
from churn_monitoring.performance.operating_point import choose_threshold, tell_operating_point

SHIPPED = {"recall": 0.8, "capacity": 0.1, "offer_cost": 20.0, "saved_value": 300.0, "uptake": 0.3}
SHARES = st.sampled_from([0.05, 0.1, 0.25, 0.3, 0.5, 0.8, 0.9, 0.99])
ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=1, max_size=30)


def choose(labels: list[float], probabilities: list[float], rule: str, **numbers: Any) -> float:
    options = OperatingPointOptions.model_validate({"rule": rule, **SHIPPED, **numbers})
    return choose_threshold(np.array(labels), np.array(probabilities), options)


def read(rows: list[tuple[bool, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([label for label, _ in rows], dtype=float), np.array([level for _, level in rows]) / 8.0


# --- F1 ------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=80)
@given(ROWS)
def test_no_other_threshold_has_a_better_f1(rows: list[tuple[bool, int]]) -> None:
    labels, probabilities = read(rows)
    threshold = choose(list(labels), list(probabilities), "f1")
    if not labels.any():
        assert threshold == 0.5
        return
    reached = f1_score(labels, probabilities >= threshold)
    for other in np.unique(probabilities):
        rival = f1_score(labels, probabilities >= other)
        assert reached >= rival - 1e-12
        assert rival < reached - 1e-12 or other <= np.min(probabilities[probabilities >= threshold])


# --- Recall --------------------------------------------------------------------------------------------------


def test_the_wanted_share_of_the_churners_is_found_with_the_fewest_contacts() -> None:
    labels, probabilities = [1.0, 0.0, 1.0, 0.0, 1.0, 1.0], [0.9, 0.8, 0.7, 0.4, 0.3, 0.1]
    assert choose(labels, probabilities, "recall", recall=0.25) == pytest.approx(0.85)
    assert choose(labels, probabilities, "recall", recall=0.5) == pytest.approx(0.55)
    assert choose(labels, probabilities, "recall", recall=0.51) == pytest.approx(0.2)
    assert choose(labels, probabilities, "recall", recall=0.99) == 0.1


def test_a_share_that_is_a_whole_number_of_churners_asks_for_no_more_whatever_floats_say() -> None:
    labels, probabilities = [1.0] * 10, [0.9 - step / 20 for step in range(10)]
    assert 10 * 0.7 < 7.0 or 0.7 * 10 == 7.0
    assert sum(one >= choose(labels, probabilities, "recall", recall=0.7) for one in probabilities) == 7


@settings(deadline=None, max_examples=80)
@given(ROWS, SHARES)
def test_no_higher_threshold_finds_the_wanted_share(rows: list[tuple[bool, int]], share: float) -> None:
    labels, probabilities = read(rows)
    if not labels.any():
        assert choose(list(labels), list(probabilities), "recall", recall=share) == 0.5
        return
    threshold = choose(list(labels), list(probabilities), "recall", recall=share)
    found = {level: labels[probabilities >= level].sum() / labels.sum() for level in [threshold, *probabilities]}
    assert found[threshold] >= share - 1e-9
    assert all(found[level] < share for level in probabilities if level > threshold and found[level] < found[threshold])
    higher = [level for level in probabilities if level > min(probabilities[probabilities >= threshold])]
    assert all(found[level] < share for level in higher)


# --- Capacity ------------------------------------------------------------------------------------------------


def test_as_many_are_contacted_as_there_is_capacity_for() -> None:
    probabilities = [1.0 - row / 40 for row in range(30)]
    for capacity, rows in ((0.1, 3), (0.2, 6), (0.35, 10), (0.5, 15), (0.99, 29)):
        threshold = choose([0.0] * 30, probabilities, "capacity", capacity=capacity)
        assert sum(one >= threshold for one in probabilities) == rows


def test_customers_of_equal_probability_are_contacted_together_or_not_at_all() -> None:
    probabilities = [0.9, 0.5, 0.5, 0.5, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1]
    assert choose([0.0] * 10, probabilities, "capacity", capacity=0.3) == pytest.approx(0.7)
    assert choose([0.0] * 10, probabilities, "capacity", capacity=0.4) == pytest.approx(0.35)


def test_the_likeliest_are_contacted_though_ties_make_them_more_than_the_capacity() -> None:
    assert choose([1.0, 0.0, 0.0, 0.0], [0.6, 0.6, 0.6, 0.1], "capacity") == pytest.approx(0.35)
    assert choose([1.0, 0.0], [0.6, 0.6], "capacity") == 0.6


@settings(deadline=None, max_examples=80)
@given(ROWS, SHARES)
def test_no_lower_threshold_stays_within_the_capacity(rows: list[tuple[bool, int]], share: float) -> None:
    labels, probabilities = read(rows)
    threshold = choose(list(labels), list(probabilities), "capacity", capacity=share)
    contacted = probabilities >= threshold
    assert contacted.any()
    assert contacted.mean() <= share + 1e-9 or contacted.sum() == (probabilities == probabilities.max()).sum()
    lower = probabilities[~contacted]
    assert all((probabilities >= level).mean() > share for level in lower)


# --- Value ---------------------------------------------------------------------------------------------------


def test_an_offer_is_made_where_it_is_expected_to_bring_what_it_costs() -> None:
    threshold = choose([], [], "value", offer_cost=15.0, saved_value=200.0, uptake=0.25)
    assert threshold == pytest.approx(0.3)
    assert threshold * 0.25 * 200.0 == pytest.approx(15.0)


def test_with_calibrated_probabilities_no_other_threshold_is_worth_more() -> None:
    """The closed form against every threshold, on customers whose outcomes follow their probabilities."""
    rng = np.random.default_rng(11)
    probabilities = rng.beta(1.5, 4.0, 200_000)
    kept = (rng.random(200_000) < probabilities) & (rng.random(200_000) < 0.3)
    value = np.where(kept, 300.0, 0.0) - 20.0
    chosen = choose([], [], "value", offer_cost=20.0, saved_value=300.0, uptake=0.3)
    grid = np.linspace(0.02, 0.9, 89)
    total = np.array([value[probabilities >= level].sum() for level in grid])
    best = grid[int(np.argmax(total))]
    assert best == pytest.approx(chosen, abs=0.05)
    reached = value[probabilities >= chosen].sum()
    spread = 150.0 * np.sqrt(np.count_nonzero(np.abs(probabilities - chosen) <= abs(best - chosen) + 0.01))
    assert reached >= total.max() - 3.0 * spread


def test_an_offer_that_cannot_pay_is_refused_where_the_rule_asks_for_value() -> None:
    with pytest.raises(ValidationError, match=r"offer_cost 90 is no less than uptake \* saved_value 90"):
        choose([], [], "value", offer_cost=90.0)
    assert choose([0.0, 1.0], [0.2, 0.6], "f1", offer_cost=90.0) == pytest.approx(0.4)


# --- Odd data ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["f1", "recall", "capacity"])
def test_without_rows_it_is_one_half(rule: str) -> None:
    assert choose([], [], rule) == 0.5


@pytest.mark.parametrize("rule", ["f1", "recall"])
def test_without_a_churner_it_is_one_half(rule: str) -> None:
    assert choose([0.0, 0.0], [0.2, 0.3], rule) == 0.5


@pytest.mark.parametrize("rule", ["f1", "recall", "capacity"])
@pytest.mark.parametrize("low", [0.3, float(np.nextafter(0.3, 1.0))])
def test_the_threshold_separates_neighbouring_floats(rule: str, low: float) -> None:
    high = float(np.nextafter(low, 1.0))
    assert low < choose([0.0, 1.0], [low, high], rule, capacity=0.5) <= high


@pytest.mark.parametrize("rule", ["f1", "recall", "capacity", "value"])
def test_what_is_given_is_checked_and_left_as_it_is(rule: str) -> None:
    with pytest.raises(ValueError, match="labels must be 0 or 1"):
        choose([0.5, 1.0], [0.2, 0.3], rule)
    options = OperatingPointOptions.model_validate({"rule": rule, **SHIPPED})
    labels, probabilities = np.array([0.0, 1.0, 0.0]), np.array([0.3, 0.9, 0.1])
    choose_threshold(labels, probabilities, options)
    assert labels.tolist() == [0.0, 1.0, 0.0]
    assert probabilities.tolist() == [0.3, 0.9, 0.1]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("f1", {}),
        ("recall", {"recall": 0.8}),
        ("capacity", {"capacity": 0.1}),
        ("value", {"offer_cost": 20.0, "saved_value": 300.0, "uptake": 0.3}),
    ],
)
def test_a_package_is_told_the_rule_and_only_its_numbers(rule: str, told: dict[str, float]) -> None:
    options = OperatingPointOptions.model_validate({"rule": rule, **SHIPPED})
    assert tell_operating_point(options) == {"rule": rule, **told}
