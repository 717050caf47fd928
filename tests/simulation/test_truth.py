"""The best possible ROC-AUC against its definition, and against labels drawn from the probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from churn_monitoring.simulation.truth import measure_best_roc_auc, shift_prior

PROBABILITIES = st.lists(st.integers(0, 20).map(lambda k: k / 20), min_size=1, max_size=30).map(np.array)


def brute_force(p: np.ndarray) -> float | None:
    ordered = pairs = 0.0
    for i in range(len(p)):
        for j in range(len(p)):
            if i != j:
                mass = p[i] * (1 - p[j])
                pairs += mass
                ordered += mass * ((p[i] > p[j]) + 0.5 * (p[i] == p[j]))
    return ordered / pairs if pairs > 1e-9 else None


@given(PROBABILITIES)
def test_best_roc_auc_is_the_sum_over_all_ordered_pairs(p: np.ndarray) -> None:
    expected = brute_force(p)
    found = measure_best_roc_auc(p)
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-9))


def test_uniform_probabilities_have_a_best_roc_auc_of_five_sixths() -> None:
    p = (np.arange(20_000) + 0.5) / 20_000
    assert measure_best_roc_auc(p) == pytest.approx(5 / 6, abs=1e-4)


def test_labels_drawn_from_the_probabilities_reach_it_on_average() -> None:
    rng = np.random.default_rng(1)
    p = rng.beta(1, 3, 2000)
    areas = [roc_auc_score(rng.random(2000) < p, p) for _ in range(60)]
    assert np.mean(areas) == pytest.approx(measure_best_roc_auc(p), abs=4 * np.std(areas) / np.sqrt(60))


def test_it_is_none_where_no_pair_is_possible() -> None:
    assert measure_best_roc_auc(np.array([])) is None
    assert measure_best_roc_auc(np.ones(5)) is None
    assert measure_best_roc_auc(np.zeros(5)) is None


def test_a_moved_prior_has_the_mean_wanted_and_one_constant_between_the_log_odds() -> None:
    p = np.random.default_rng(2).beta(1, 3, 500)
    moved = shift_prior(p, 0.5)
    steps = np.log(moved / (1 - moved)) - np.log(p / (1 - p))
    assert moved.mean() == pytest.approx(0.5, abs=1e-9)
    np.testing.assert_allclose(steps, steps[0], atol=1e-6)
