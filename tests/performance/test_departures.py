"""Score tests: against statsmodels, exact tails, and by simulation where the fit takes something away."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit
from scipy.stats import binom, chi2_contingency, norm

from churn_monitoring.performance.departures import (
    Departures,
    combine_departures,
    fit_null_model,
    measure_departures,
)


def draw_rows(seed: int, rows: int = 600) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(rows), rng.normal(size=(rows, 2))])
    return design, (rng.random(rows) < expit(design @ [-1.0, 0.8, 0.0])).astype(float)


def test_without_skewness_and_weights_it_is_the_score_test_of_statsmodels() -> None:
    design, labels = draw_rows(1)
    extra = np.random.default_rng(2).normal(size=(600, 2))
    found = measure_departures(extra.T, fit_null_model(design, labels, np.ones(600)))
    peer = sm.GLM(labels, design, family=sm.families.Binomial()).fit(tol=1e-14)
    statistic = found.values @ np.linalg.solve(found.covariance, found.values)
    assert statistic == pytest.approx(peer.model.score_test(peer.params, exog_extra=extra)[0], rel=1e-6)


def test_whole_weights_count_like_repeated_rows() -> None:
    design, labels = draw_rows(3, rows=200)
    weights = np.random.default_rng(4).integers(1, 4, size=200)
    weighted = fit_null_model(design, labels, weights.astype(float))
    repeated = fit_null_model(np.repeat(design, weights, axis=0), np.repeat(labels, weights), np.ones(weights.sum()))
    np.testing.assert_allclose(weighted.coefficients, repeated.coefficients, atol=1e-8)


@pytest.mark.parametrize("count", [12, 15, 18])
def test_the_upper_tail_of_a_few_labels_is_that_of_the_binomial_and_not_of_the_normal(count: int) -> None:
    """5 labels are expected of 500 rows; the many others fix the rate."""
    rows, others = 500, 100_000
    labels = np.zeros(rows + others)
    labels[:count] = 1.0
    labels[-others // 100 :] = 1.0
    member = np.repeat([1.0, 0.0], [rows, others])
    found = measure_departures(member[None, :], fit_null_model(np.ones((labels.size, 1)), labels, np.ones(labels.size)))
    # Half of the probability of the count itself: the normal score is continuous.
    exact = binom.sf(count, rows, 0.01) + binom.pmf(count, rows, 0.01) / 2.0
    assert 0.8 * exact < norm.sf(found.normal_scores[0]) < 2.5 * exact
    assert norm.sf(found.values[0] / found.covariance[0, 0] ** 0.5) < exact / 2.0


def test_a_contrast_that_the_model_explains_has_no_score_and_no_test() -> None:
    design, labels = draw_rows(5)
    found = measure_departures(design.T, fit_null_model(design, labels, np.ones(600)))
    np.testing.assert_array_equal(found.normal_scores, 0.0)
    assert combine_departures(found) == (0.0, 1.0)


def test_parts_that_cover_all_rows_lose_the_degree_of_freedom_of_the_fitted_mean() -> None:
    labels = draw_rows(6)[1]
    parts = (np.arange(4)[:, None] == np.arange(600) % 4).astype(float)
    null = fit_null_model(np.ones((600, 1)), labels, np.ones(600))
    found = measure_departures(parts, null)
    plain = Departures(
        found.values, found.covariance, found.plain_variances, found.values / found.covariance[0, 0] ** 0.5
    )
    statistic, p_value = combine_departures(plain)
    table = np.array([[labels[part == 1.0].sum(), (1.0 - labels[part == 1.0]).sum()] for part in parts])
    peer = chi2_contingency(table, correction=False)
    assert statistic == pytest.approx(peer.statistic, rel=1e-9)
    assert p_value == pytest.approx(peer.pvalue, rel=1e-9)


def test_weighted_sums_keep_their_size_where_weights_are_wild() -> None:
    rng, p_values = np.random.default_rng(7), []
    for _ in range(500):
        x = rng.normal(size=400)
        member = (rng.random(400) < 0.2).astype(float)
        design = np.column_stack([np.ones(400), x, member])
        weights = np.where(member == 1.0, 1.0, np.exp(0.8 * x))
        labels = (rng.random(400) < expit(-1.5 + x)).astype(float)
        null = fit_null_model(design, labels, weights)
        p_values.append(combine_departures(measure_departures((member * x * weights)[None, :], null))[1])
    found = np.array(p_values)
    assert (found < 0.05).mean() == pytest.approx(0.05, abs=0.03)
    assert (found < 0.01).mean() == pytest.approx(0.01, abs=0.013)
    assert np.median(found) == pytest.approx(0.5, abs=0.07)
