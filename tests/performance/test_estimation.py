"""Estimates without labels, against the double sum over pairs and against simulated labels."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from churn_monitoring.core.options import PerformanceOptions
from churn_monitoring.core.records import Estimate, EstimatedPerformance
from churn_monitoring.performance.drawn_metrics import METRICS, realize_metrics
from churn_monitoring.performance.estimation import (
    estimate_performance,
    estimate_roc_auc,
    expect_metrics,
    match_rate,
    measure_label_noise,
)
from churn_monitoring.performance.metrics import measure_performance
from churn_monitoring.performance.scored import ReferenceScores, ScoredLabels

SHIPPED = yaml.safe_load((Path(__file__).resolve().parents[2] / "conf/base/parameters.yml").read_text())
OPTIONS = PerformanceOptions(**SHIPPED["performance"]).model_copy(
    update={"min_positives": 30, "min_negatives": 30, "confidence": 0.95}
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


def draw_reference(rng: np.random.Generator, rows: int = 1500) -> ReferenceScores:
    p = expit(rng.normal(-1.0, 1.4, size=rows))
    return ReferenceScores((rng.random(rows) < p).astype(float), p, p)


def estimates(found: EstimatedPerformance | None) -> dict[str, Estimate]:
    assert found is not None
    return {name: getattr(found, name) for name in METRICS}


def test_the_reference_itself_is_expected_to_realize_what_it_realized() -> None:
    reference = draw_reference(np.random.default_rng(5))
    found = estimates(estimate_performance(reference.probabilities, reference, 0.4, OPTIONS, 1))
    realized = measure_performance(reference.labels, reference.scores, reference.probabilities, 0.4, OPTIONS)
    assert realized is not None
    assert found["roc_auc"].value == pytest.approx(realized.roc_auc.value, abs=1e-12)
    for name in METRICS[1:]:
        assert found[name].value == pytest.approx(getattr(realized, name), abs=1e-12)


@pytest.mark.parametrize("decimals", [1, 2, 9])
def test_expected_metrics_are_the_means_over_drawn_labels(decimals: int) -> None:
    rng = np.random.default_rng(6)
    p = expit(rng.normal(-1.0, 1.4, size=800)).round(decimals)
    labels = (rng.random((800, 800)) < p).astype(float)
    drawn = realize_metrics(labels, p, p >= 0.35).mean(axis=0)
    np.testing.assert_allclose(expect_metrics(p, 0.35), drawn, atol=0.004)


def test_metrics_of_drawn_labels_are_those_of_realized_performance() -> None:
    rng = np.random.default_rng(7)
    p = rng.random(120).round(1)
    labels = (rng.random((6, 120)) < p).astype(float)
    for row, values in zip(labels, realize_metrics(labels, p, p >= 0.5), strict=True):
        realized = measure_performance(row, p, p, 0.5, OPTIONS.model_copy(update={"min_positives": 1}))
        assert realized is not None
        others = [getattr(realized, name) for name in METRICS[1:]]
        np.testing.assert_allclose(values, [realized.roc_auc.value, *others], atol=1e-12)


def test_whole_weights_count_like_repeated_rows_but_for_pairs_of_a_row_with_itself() -> None:
    rng = np.random.default_rng(8)
    p, weights = expit(rng.normal(-1.0, 1.4, size=4000)), rng.integers(0, 3, size=4000)
    repeated = np.repeat(p, weights)
    np.testing.assert_allclose(expect_metrics(p, 0.4, weights.astype(float)), expect_metrics(repeated, 0.4), atol=0.002)


def test_nothing_flagged_is_expected_to_find_nothing() -> None:
    reference = draw_reference(np.random.default_rng(9))
    found = estimates(estimate_performance(np.full(300, 0.3), reference, 0.4, OPTIONS, 1))
    assert [found[name] for name in ("precision", "recall", "f1")] == [Estimate(0.0, 0.0, 0.0)] * 3


def test_too_few_expected_churners_or_stayers_give_no_estimate() -> None:
    reference = draw_reference(np.random.default_rng(10))
    one_class = ReferenceScores(np.zeros(50), np.linspace(0.1, 0.9, 50), np.linspace(0.1, 0.9, 50))
    for rate, rows in ((0.29, 100), (0.71, 100), (0.5, 0)):
        assert estimate_performance(np.full(rows, rate), reference, 0.4, OPTIONS, 1) is None
    assert estimate_performance(np.full(100, 0.31), reference, 0.4, OPTIONS, 1) is not None
    assert estimate_performance(np.full(100, 0.31), one_class, 0.4, OPTIONS, 1) is None


@pytest.mark.parametrize("surprise", [0.0, 1.0])
def test_intervals_stay_inside_zero_and_one(surprise: float) -> None:
    """Labels of the reference that are all right, or all wrong."""
    p = expit(np.random.default_rng(11).normal(0.0, 1.0, size=200))
    labels = np.abs(surprise - (p > 0.5).astype(float))
    for one in estimates(estimate_performance(p, ReferenceScores(labels, p, p), 0.5, OPTIONS, 1)).values():
        assert 0.0 <= one.low <= one.value <= one.high <= 1.0


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_intervals_hold_the_realized_value_about_as_often_as_they_say(shift: float) -> None:
    rng, covered = np.random.default_rng(12), []
    for seed in range(60):
        reference = draw_reference(rng)
        batch = expit(rng.normal(-1.0 + shift, 1.0, size=350))
        labels = (rng.random(350) < batch).astype(float)
        found = estimates(estimate_performance(batch, reference, 0.4, OPTIONS, seed))
        realized = realize_metrics(labels[None, :], batch, batch >= 0.4)[0]
        covered.append(
            [found[name].low <= value <= found[name].high for name, value in zip(METRICS, realized, strict=True)]
        )
    shares = np.array(covered).mean(axis=0)
    assert shares.min() >= 0.86
    assert np.mean(covered) == pytest.approx(0.95, abs=0.03)


def test_the_estimate_is_within_two_points_of_the_realized_value_at_a_thousand_rows() -> None:
    rng, misses = np.random.default_rng(13), []
    for seed in range(40):
        reference = draw_reference(rng, 3000)
        batch = expit(rng.normal(-0.4, 1.2, size=1000))
        found = estimates(estimate_performance(batch, reference, 0.4, OPTIONS, seed))["roc_auc"].value
        misses.append(found - roc_auc_score(rng.random(1000) < batch, batch))
    assert np.abs(misses).mean() <= 0.02
    assert abs(np.mean(misses)) <= 0.006


def test_weights_repair_the_estimate_of_a_champion_that_mistakes_noise_for_signal() -> None:
    """Calibrated on the reference as a whole, wrong for the customers the batch has more of."""
    rng, plain, weighted = np.random.default_rng(14), [], []
    for seed in range(20):
        sides = []
        for rows, certain in ((3000, 0.3), (1000, 0.9)):
            sure = rng.random(rows) < certain
            signal = rng.normal(-1.0, 1.5, rows)
            labels = (rng.random(rows) < expit(np.where(sure, signal, -1.0))).astype(float)
            sides.append((sure, expit(-1.0 + 0.45 * (signal + 1.0)), labels))
        (sure, p, labels), (batch_sure, batch, realized) = sides
        weights = np.where(sure, batch_sure.mean() / sure.mean(), (~batch_sure).mean() / (~sure).mean())
        truth = roc_auc_score(realized, batch)
        for misses, own in ((plain, None), (weighted, weights)):
            reference = ReferenceScores(labels, p, p)
            found = estimates(estimate_performance(batch, reference, 0.4, OPTIONS, seed, weights=own))["roc_auc"]
            misses.append(found.value - truth)
    assert abs(np.mean(weighted)) < 0.015
    assert abs(np.mean(plain)) > 0.05


def test_the_same_seed_gives_the_same_estimate() -> None:
    reference = draw_reference(np.random.default_rng(15))
    arguments = (reference.probabilities[:400], reference, 0.4, OPTIONS)
    assert estimate_performance(*arguments, 3) == estimate_performance(*arguments, 3)
    assert estimate_performance(*arguments, 3) != estimate_performance(*arguments, 4)


def test_probabilities_are_left_alone() -> None:
    p = np.random.default_rng(8).random(50)
    kept = p.copy()
    estimate_roc_auc(p)
    measure_label_noise(p, rate_fitted=True)
    np.testing.assert_array_equal(p, kept)
