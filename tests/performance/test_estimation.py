"""Estimates without labels, against the double sum over pairs and against simulated labels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from churn_monitoring.core.options import PerformanceOptions
from churn_monitoring.core.records import Estimate
from churn_monitoring.performance.estimation import (
    estimate_performance,
    estimate_roc_auc,
    match_rate,
    measure_label_noise,
)
from churn_monitoring.performance.ranking import measure_roc_auc
from churn_monitoring.performance.scored import ScoredLabels

OPTIONS = PerformanceOptions(
    min_positives=30, min_negatives=30, confidence=0.95, low_points_of_three=2, drop_z=3.0, drop_floor=0.03
)


def sum_over_pairs(p: np.ndarray) -> tuple[float, float]:
    """Expected concordant pairs and expected pairs, one by one."""
    concordant = pairs = 0.0
    for i in range(p.size):
        for j in range(p.size):
            if i != j:
                chance = p[i] * (1.0 - p[j])
                pairs += chance
                concordant += chance * (1.0 if p[i] > p[j] else 0.5 if p[i] == p[j] else 0.0)
    return concordant, pairs


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([0.0, 0.05, 0.1, 0.3, 0.30001, 0.7, 1.0]), max_size=25))
def test_the_estimate_equals_the_double_sum_over_pairs(values: list[float]) -> None:
    p = np.array(values, dtype=float)
    concordant, pairs = sum_over_pairs(p)
    assert estimate_roc_auc(p) == pytest.approx(concordant / pairs if pairs else 0.5, abs=1e-12)


def test_the_estimate_agrees_with_labels_drawn_from_the_probabilities() -> None:
    rng = np.random.default_rng(1)
    p = expit(rng.normal(-1.0, 1.4, size=2000))
    realized = [roc_auc_score(rng.random(2000) < p, p) for _ in range(200)]
    assert np.mean(realized) == pytest.approx(estimate_roc_auc(p), abs=0.002)
    assert np.std(realized) == pytest.approx(measure_label_noise(p), rel=0.12)


@pytest.mark.parametrize("rows", [350, 1500])
def test_label_noise_is_smaller_by_what_the_fitted_rate_explains(rows: int) -> None:
    rng = np.random.default_rng(2)
    p = expit(rng.normal(-2.5, 1.4, size=rows))
    gaps = []
    for _ in range(400):
        labels = (rng.random(rows) < p).astype(float)
        adjusted = match_rate(ScoredLabels(labels, p))
        gaps.append(roc_auc_score(labels, p) - estimate_roc_auc(adjusted))
    assert measure_label_noise(p, rate_fitted=True) < measure_label_noise(p)
    assert np.std(gaps) == pytest.approx(measure_label_noise(p, rate_fitted=True), rel=0.12)
    assert np.mean(gaps) == pytest.approx(0.0, abs=0.005)


def test_label_noise_is_the_numerical_gradient_of_the_double_sum() -> None:
    p = np.random.default_rng(3).uniform(0.1, 0.9, size=12)
    gradient = np.empty(12)
    for i in range(12):
        step = np.zeros(12)
        step[i] = 1e-7
        # Ranks are fixed by p; only the weights of the pairs move.
        ends = [sum_weighted(p, p + step), sum_weighted(p, p - step)]
        gradient[i] = (ends[0] - ends[1]) / 2e-7
    assert measure_label_noise(p) == pytest.approx(np.sqrt((p * (1 - p)) @ gradient**2), rel=1e-6)


def sum_weighted(ranks: np.ndarray, weights: np.ndarray) -> float:
    """Expected ROC-AUC of ``ranks`` when ``weights`` are the true probabilities."""
    wins = (ranks[:, None] > ranks[None, :]).astype(float)
    chances = weights[:, None] * (1.0 - weights[None, :])
    np.fill_diagonal(chances, 0.0)
    return float((wins * chances).sum() / chances.sum())


def test_the_matched_rate_is_that_of_the_labels_and_the_shift_is_constant() -> None:
    rng = np.random.default_rng(4)
    p = expit(rng.normal(size=500))
    labels = (rng.random(500) < 0.2).astype(float)
    matched = match_rate(ScoredLabels(labels, p))
    assert matched.sum() == pytest.approx(labels.sum(), abs=1e-6)
    shift = logit(matched) - logit(p)
    assert np.ptp(shift) < 1e-9


@pytest.mark.parametrize("p", [[], [0.4], [0.0, 0.0], [1.0, 1.0], [0.3, 0.3, 0.3]])
def test_without_a_pair_to_rank_the_estimate_is_one_half(p: list[float]) -> None:
    assert estimate_roc_auc(np.array(p)) == pytest.approx(0.5)
    assert measure_label_noise(np.array(p)) == pytest.approx(0.0, abs=1e-12)


def test_the_reference_itself_is_expected_to_realize_what_it_realized() -> None:
    p = expit(np.random.default_rng(5).normal(-1.0, 1.0, size=900))
    found = estimate_performance(p, estimate_roc_auc(p), Estimate(0.8, 0.78, 0.82), OPTIONS)
    assert found is not None
    assert found.roc_auc.value == pytest.approx(0.8, abs=1e-15)
    assert found.rows == 900


def test_too_few_expected_churners_or_stayers_give_no_estimate() -> None:
    reference = Estimate(0.8, 0.78, 0.82)
    assert estimate_performance(np.full(100, 0.29), 0.5, reference, OPTIONS) is None
    assert estimate_performance(np.full(100, 0.71), 0.5, reference, OPTIONS) is None
    assert estimate_performance(np.empty(0), 0.5, reference, OPTIONS) is None
    assert estimate_performance(np.full(100, 0.31), 0.5, reference, OPTIONS) is not None


@pytest.mark.parametrize("value", [0.0, 0.02, 0.98, 1.0])
def test_the_interval_stays_inside_zero_and_one(value: float) -> None:
    p = expit(np.random.default_rng(6).normal(0.0, 1.0, size=200))
    found = estimate_performance(p, 0.75, Estimate(value, max(value - 0.1, 0), min(value + 0.1, 1)), OPTIONS)
    assert found is not None
    assert 0.0 <= found.roc_auc.low <= found.roc_auc.value <= found.roc_auc.high <= 1.0


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_the_interval_holds_the_realized_value_about_as_often_as_it_says(shift: float) -> None:
    rng, covered = np.random.default_rng(7), 0
    for _ in range(300):
        p = expit(rng.normal(-1.0, 1.4, size=1500))
        labels = (rng.random(1500) < p).astype(float)
        batch = expit(rng.normal(-1.0 + shift, 1.0, size=350))
        realized = roc_auc_score(rng.random(350) < batch, batch)
        reference = measure_roc_auc(labels, p, 0.95)
        found = estimate_performance(batch, estimate_roc_auc(p), reference, OPTIONS)
        assert found is not None
        covered += found.roc_auc.low <= realized <= found.roc_auc.high
    assert 0.92 <= covered / 300 <= 0.99


def test_probabilities_are_left_alone() -> None:
    p = np.random.default_rng(8).random(50)
    kept = p.copy()
    estimate_roc_auc(p)
    measure_label_noise(p, rate_fitted=True)
    np.testing.assert_array_equal(p, kept)
