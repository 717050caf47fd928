"""DeLong against its definition, scikit-learn and simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import norm, rankdata
from sklearn.metrics import roc_auc_score

from churn_monitoring.performance.ranking import (
    compare_paired_roc_auc,
    delong_components,
    measure_roc_auc,
    midranks,
    roc_auc_standard_error,
)

SMALL = st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 6)), min_size=4, max_size=40)


def draw_rows(seed: int, rows: int = 300, decimals: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels and two correlated scores, with many ties at one decimal."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(rows) < 0.3).astype(float)
    first = labels + rng.normal(size=rows)
    return labels, first.round(decimals), (first + rng.normal(size=rows)).round(decimals)


def place_directly(labels: np.ndarray, scores: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """The definition of DeLong, DeLong & Clarke-Pearson: every pair compared."""
    x, y = scores[labels == 1.0][:, None], scores[labels == 0.0][None, :]
    wins = (x > y) + 0.5 * (x == y)
    return wins.mean(), wins.mean(axis=1), wins.mean(axis=0)


def covary_directly(labels: np.ndarray, *scores: np.ndarray) -> np.ndarray:
    """Covariance matrix of several ROC-AUCs by the definition."""
    placed = [place_directly(labels, one) for one in scores]
    s10 = np.atleast_2d(np.cov([one[1] for one in placed]))
    s01 = np.atleast_2d(np.cov([one[2] for one in placed]))
    return s10 / placed[0][1].size + s01 / placed[0][2].size


@given(st.lists(st.integers(-5, 5), max_size=50))
def test_midranks_are_those_of_scipy(values: list[int]) -> None:
    array = np.array(values, dtype=float)
    np.testing.assert_array_equal(midranks(array), rankdata(array) if values else np.empty(0))


@pytest.mark.parametrize("decimals", [0, 1, 12])
def test_components_equal_the_direct_comparison_of_all_pairs(decimals: int) -> None:
    labels, scores, _ = draw_rows(1, decimals=decimals)
    components = delong_components(labels, scores)
    roc_auc, positives, negatives = place_directly(labels, scores)
    assert components.roc_auc == pytest.approx(roc_auc, abs=1e-12)
    np.testing.assert_allclose(components.positives, positives, rtol=0, atol=1e-12)
    np.testing.assert_allclose(components.negatives, negatives, rtol=0, atol=1e-12)
    assert components.roc_auc == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


@pytest.mark.parametrize("decimals", [0, 1, 12])
def test_standard_errors_equal_the_direct_covariance(decimals: int) -> None:
    labels, champion, challenger = draw_rows(2, decimals=decimals)
    covariance = covary_directly(labels, champion, challenger)
    assert roc_auc_standard_error(labels, champion) == pytest.approx(covariance[0, 0] ** 0.5, abs=1e-12)
    paired = compare_paired_roc_auc(labels, champion, challenger, 0.95)
    variance = np.array([-1.0, 1.0]) @ covariance @ np.array([-1.0, 1.0])
    assert paired.standard_error == pytest.approx(variance**0.5, abs=1e-12)
    z = paired.difference.value / paired.standard_error
    assert paired.p_value == pytest.approx(2.0 * norm.sf(abs(z)), rel=1e-9)
    assert paired.difference.high == pytest.approx(paired.difference.value + norm.ppf(0.975) * variance**0.5, abs=1e-12)


def test_variance_p_value_and_interval_of_a_paired_difference_are_those_of_all_pairs_compared() -> None:
    generator = np.random.default_rng(8)
    for _ in range(100):
        rows, decimals = int(generator.integers(20, 300)), int(generator.integers(0, 3))
        labels, champion, challenger = draw_rows(int(generator.integers(1 << 30)), rows, decimals)
        covariance = covary_directly(labels, champion, challenger)
        variance = covariance[0, 0] + covariance[1, 1] - 2.0 * covariance[0, 1]
        gain = place_directly(labels, challenger)[0] - place_directly(labels, champion)[0]
        paired = compare_paired_roc_auc(labels, champion, challenger, 0.95)
        assert paired.standard_error**2 == pytest.approx(variance, abs=1e-9)
        assert paired.p_value == pytest.approx(2.0 * norm.sf(abs(gain) / variance**0.5), abs=1e-9)
        low, high = norm.interval(0.95, gain, variance**0.5)
        assert paired.difference.low == pytest.approx(low, abs=1e-9)
        assert paired.difference.high == pytest.approx(high, abs=1e-9)


@settings(deadline=None)
@given(SMALL, st.floats(0.5, 0.999))
def test_every_result_is_ordered_and_in_range(rows: list[tuple[bool, int, int]], confidence: float) -> None:
    labels, first, second = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    if labels.min() == labels.max():
        with pytest.raises(ValueError, match="both classes"):
            measure_roc_auc(labels, first, confidence)
        return
    estimate = measure_roc_auc(labels, first, confidence)
    assert 0.0 <= estimate.low <= estimate.value <= estimate.high <= 1.0
    assert estimate.value == pytest.approx(roc_auc_score(labels, first), abs=1e-12)
    paired = compare_paired_roc_auc(labels, first, second, confidence)
    assert -1.0 <= paired.difference.low <= paired.difference.value <= paired.difference.high <= 1.0
    assert 0.0 <= paired.p_value <= 1.0


@settings(deadline=None)
@given(SMALL)
def test_exchanging_champion_and_challenger_mirrors_the_comparison(rows: list[tuple[bool, int, int]]) -> None:
    labels, first, second = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    if labels.min() == labels.max():
        return
    there = compare_paired_roc_auc(labels, first, second, 0.9)
    back = compare_paired_roc_auc(labels, second, first, 0.9)
    assert there.difference.value == pytest.approx(-back.difference.value, abs=1e-15)
    assert there.difference.low == pytest.approx(-back.difference.high, abs=1e-12)
    assert there.p_value == pytest.approx(back.p_value, abs=1e-12)


def test_only_the_order_of_scores_matters() -> None:
    labels, scores, _ = draw_rows(3)
    assert measure_roc_auc(labels, expit(3.0 * scores), 0.95) == measure_roc_auc(labels, scores, 0.95)


def test_perfect_separation_has_the_exact_binomial_bound() -> None:
    labels = np.repeat([0.0, 1.0], [50, 20])
    perfect = measure_roc_auc(labels, labels, 0.95)
    assert (perfect.value, perfect.high) == (1.0, 1.0)
    assert perfect.low == pytest.approx(0.025 ** (1 / 20))
    reversed_ = measure_roc_auc(labels, -labels, 0.95)
    assert (reversed_.value, reversed_.low) == (0.0, 0.0)
    assert reversed_.high == pytest.approx(1.0 - perfect.low)


def test_constant_scores_are_exactly_one_half() -> None:
    estimate = measure_roc_auc(np.repeat([0.0, 1.0], 40), np.full(80, 0.2), 0.95)
    assert (estimate.low, estimate.value, estimate.high) == (0.5, 0.5, 0.5)


def test_a_single_positive_leaves_the_interval_wide_rather_than_undefined() -> None:
    labels = np.array([1.0, *[0.0] * 9])
    estimate = measure_roc_auc(labels, np.arange(10)[::-1] - 6.5 * labels, 0.95)
    assert estimate.high - estimate.low > 0.8


def test_scores_that_rank_alike_differ_by_nothing() -> None:
    labels, scores, _ = draw_rows(4)
    paired = compare_paired_roc_auc(labels, scores, np.exp(scores), 0.95)
    assert (paired.difference.value, paired.standard_error, paired.p_value) == (0.0, 0.0, 1.0)


def test_a_constant_difference_is_as_certain_as_a_sign_test() -> None:
    labels = np.repeat([0.0, 1.0], [9, 16])
    paired = compare_paired_roc_auc(labels, np.zeros(25), labels, 0.95)
    assert paired.difference.value == 0.5
    assert paired.standard_error == pytest.approx(0.5 / 3.0)
    assert paired.p_value == pytest.approx(2.0 * norm.sf(3.0))


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0.0, 1.0], [0.1, np.nan], "finite"),
        ([0.0, 2.0], [0.1, 0.2], "0 or 1"),
        ([0.0, np.nan], [0.1, 0.2], "0 or 1"),
        ([0.0, 1.0], [0.1], "one length"),
    ],
)
def test_what_no_statistic_is_defined_for_is_refused(labels: list, scores: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        delong_components(np.array(labels), np.array(scores))


def test_inputs_are_left_alone() -> None:
    labels, champion, challenger = draw_rows(5)
    kept = [labels.copy(), champion.copy(), challenger.copy()]
    compare_paired_roc_auc(labels, champion, challenger, 0.95)
    for array, copy in zip((labels, champion, challenger), kept, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("distance", [0.0, 1.0, 2.0])
def test_the_interval_covers_the_true_value_about_as_often_as_it_says(distance: float) -> None:
    rng, truth, covered = np.random.default_rng(6), norm.cdf(distance / 2**0.5), 0
    labels = np.repeat([0.0, 1.0], [90, 30])
    for _ in range(1000):
        estimate = measure_roc_auc(labels, rng.normal(size=120) + distance * labels, 0.95)
        covered += estimate.low <= truth <= estimate.high
    assert 0.93 <= covered / 1000 <= 0.975


def test_the_paired_test_rejects_equal_scores_about_as_often_as_its_level() -> None:
    rng, rejected = np.random.default_rng(7), 0
    labels = np.repeat([0.0, 1.0], [150, 50])
    for _ in range(1000):
        shared = labels + rng.normal(size=200)
        champion, challenger = (shared + 0.5 * rng.normal(size=200) for _ in range(2))
        rejected += compare_paired_roc_auc(labels, champion, challenger, 0.95).p_value < 0.05
    assert 0.03 <= rejected / 1000 <= 0.07


def test_the_paired_interval_covers_the_true_difference_in_94_to_96_percent() -> None:
    generator, truth, covered = np.random.default_rng(9), norm.cdf(1.4 / 2**0.5) - norm.cdf(1.2 / 2**0.5), 0
    labels = np.repeat([0.0, 1.0], [296, 104])
    for _ in range(2000):
        shared = generator.normal(size=400) * 0.9**0.5
        champion, challenger = (
            distance * labels + shared + generator.normal(size=400) * 0.1**0.5 for distance in (1.2, 1.4)
        )
        found = compare_paired_roc_auc(labels, champion, challenger, 0.95).difference
        covered += found.low <= truth <= found.high
    assert 0.94 <= covered / 2000 <= 0.96
