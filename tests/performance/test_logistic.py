"""Weights, ridge and a guess to start from, against statsmodels and scikit-learn."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from churn_monitoring.performance.logistic import fit_logistic


def draw_rows(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(300), rng.normal(size=(300, 3))])
    labels = (rng.random(300) < expit(design @ [-1.0, 1.0, -0.5, 0.0])).astype(float)
    return design, labels, rng.exponential(size=300)


def test_a_weighted_fit_equals_that_of_statsmodels() -> None:
    design, labels, weights = draw_rows(1)
    peer = sm.GLM(labels, design, family=sm.families.Binomial(), freq_weights=weights).fit(tol=1e-14)
    found = fit_logistic(design, labels, weights=weights)
    np.testing.assert_allclose(found.coefficients, peer.params, atol=1e-8)
    assert found.log_likelihood == pytest.approx(peer.llf, abs=1e-8)


def test_a_ridge_that_spares_the_intercept_equals_that_of_scikit_learn() -> None:
    design, labels, weights = draw_rows(2)
    peer = LogisticRegression(C=1.0 / 7.0, tol=1e-10, max_iter=1000).fit(design[:, 1:], labels, weights)
    found = fit_logistic(design, labels, weights=weights, ridge=np.array([0.0, 7.0, 7.0, 7.0])).coefficients
    assert found[0] == pytest.approx(peer.intercept_[0], abs=1e-5)
    np.testing.assert_allclose(found[1:], peer.coef_[0], atol=1e-5)


@pytest.mark.parametrize("guess", [0.5, -3.0, 40.0])
def test_where_it_starts_does_not_matter(guess: float) -> None:
    design, labels, _ = draw_rows(3)
    start = np.full(4, guess)
    found = fit_logistic(design, labels, start=start)
    np.testing.assert_allclose(found.coefficients, fit_logistic(design, labels).coefficients, atol=1e-6)
    np.testing.assert_array_equal(start, guess)


def test_a_ridge_keeps_separable_labels_finite() -> None:
    design = np.column_stack([np.ones(40), np.linspace(-1.0, 1.0, 40)])
    found = fit_logistic(design, (design[:, 1] > 0.0).astype(float), ridge=np.array([0.0, 1.0]))
    assert 0.0 < found.coefficients[1] < 20.0
