"""Platt calibration and the logistic fit beneath it, against scikit-learn, statsmodels and odd data."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from churn_monitoring.performance.calibration import SCORE_MARGIN, PlattCalibration, fit_platt
from churn_monitoring.performance.logistic import fit_logistic


def draw_scores(seed: int, rows: int = 800) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and scores that are too sure of themselves, some of them exactly 0."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(-1.0, 1.5, size=rows)
    labels = (rng.random(rows) < expit(truth)).astype(float)
    scores = expit(2.0 * truth + 0.7)
    scores[:5] = 0.0
    return labels, scores


def test_platt_equals_unpenalized_logistic_regression() -> None:
    labels, scores = draw_scores(1)
    found = fit_platt(labels, scores)
    logits = logit(np.clip(scores, SCORE_MARGIN, 1.0 - SCORE_MARGIN))
    sklearn = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(logits[:, None], labels)
    assert found.intercept == pytest.approx(sklearn.intercept_[0], abs=1e-5)
    assert found.slope == pytest.approx(sklearn.coef_[0, 0], abs=1e-5)
    peer = sm.Logit(labels, sm.add_constant(logits)).fit(disp=0, tol=1e-14)
    assert [found.intercept, found.slope] == pytest.approx(list(peer.params), abs=1e-9)


def test_the_fit_and_its_likelihood_equal_those_of_statsmodels_with_an_offset() -> None:
    rng = np.random.default_rng(2)
    design = np.column_stack([np.ones(400), rng.normal(size=(400, 3))])
    offset, labels = rng.normal(size=400), (rng.random(400) < 0.3).astype(float)
    found = fit_logistic(design, labels, offset)
    peer = sm.GLM(labels, design, family=sm.families.Binomial(), offset=offset).fit(tol=1e-14)
    np.testing.assert_allclose(found.coefficients, peer.params, atol=1e-9)
    assert found.log_likelihood == pytest.approx(peer.llf, abs=1e-9)


def test_calibrated_probabilities_sum_to_the_labels() -> None:
    labels, scores = draw_scores(3)
    assert fit_platt(labels, scores).apply(scores).sum() == pytest.approx(labels.sum(), abs=1e-6)


def test_the_overconfident_slope_is_found() -> None:
    labels, scores = draw_scores(4, rows=20_000)
    assert fit_platt(labels, scores).slope == pytest.approx(0.5, abs=0.03)


def test_separable_labels_give_the_finite_answer_of_smoothed_targets() -> None:
    labels = np.repeat([0.0, 1.0], [6, 4])
    scores = np.linspace(0.05, 0.95, 10)
    found = fit_platt(labels, scores)
    assert 0.0 < found.slope < 10.0
    targets = np.where(labels == 1.0, 5.0 / 6.0, 1.0 / 8.0)
    residuals = targets - found.apply(scores)
    assert abs(residuals.sum()) < 1e-6
    assert abs(residuals @ logit(scores)) < 1e-6


@pytest.mark.parametrize("order", [1, -1])
def test_classes_that_only_touch_at_one_score_count_as_separable(order: int) -> None:
    scores = np.array([0.1, 0.2, 0.5, 0.5, 0.8, 0.9])
    found = fit_platt(np.repeat([0.0, 1.0], 3)[::order], scores)
    assert 0.0 < order * found.slope < 10.0


def test_a_start_far_from_the_maximum_is_survived() -> None:
    labels = np.repeat([0.0, 1.0], [150, 50])
    found = fit_logistic(np.ones((200, 1)), labels, offset=np.full(200, 12.0))
    assert found.coefficients[0] == pytest.approx(logit(0.25) - 12.0, abs=1e-6)


def test_separable_labels_still_have_the_supremum_of_their_likelihood() -> None:
    design = np.column_stack([np.ones(8), np.arange(8) - 3.5])
    found = fit_logistic(design, np.repeat([0.0, 1.0], 4))
    assert -1e-8 < found.log_likelihood <= 0.0
    assert np.isfinite(found.coefficients).all()


def test_collinear_columns_change_nothing_about_the_likelihood() -> None:
    rng = np.random.default_rng(5)
    column, labels = rng.normal(size=200), (rng.random(200) < 0.4).astype(float)
    once = fit_logistic(np.column_stack([np.ones(200), column]), labels)
    twice = fit_logistic(np.column_stack([np.ones(200), column, column]), labels)
    assert twice.log_likelihood == pytest.approx(once.log_likelihood, abs=1e-9)


@pytest.mark.parametrize(
    ("labels", "scores", "rate"),
    [
        (np.zeros(8), np.full(8, 0.3), 0.1),
        (np.ones(8), np.full(8, 0.3), 0.9),
        (np.repeat([0.0, 1.0], [6, 2]), np.full(8, 0.3), 0.3),
        (np.zeros(8), np.linspace(0.1, 0.8, 8), 0.1),
    ],
)
def test_without_a_slope_to_learn_only_the_smoothed_rate_is_kept(
    labels: np.ndarray, scores: np.ndarray, rate: float
) -> None:
    found = fit_platt(labels, scores)
    assert found.slope == 1.0
    assert found.apply(scores).mean() == pytest.approx(rate, abs=1e-6)


def test_no_rows_leave_scores_as_they_are() -> None:
    assert fit_platt(np.empty(0), np.empty(0)) == PlattCalibration(intercept=0.0, slope=1.0)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.4, 0.5, 0.9, 1.0])), max_size=30))
def test_any_data_gives_finite_probabilities(rows: list[tuple[bool, float]]) -> None:
    labels = np.array([label for label, _ in rows], dtype=float)
    scores = np.array([score for _, score in rows], dtype=float)
    probabilities = fit_platt(labels, scores).apply(scores)
    assert ((probabilities >= 0.0) & (probabilities <= 1.0)).all()
