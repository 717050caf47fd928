import warnings

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import entropy
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from churn_monitoring.quality.softmax import fit_softmax, predict_softmax
from churn_monitoring.quality.surprise import balance_margin, measure_surprise


def _draw(seed: int, rows: int = 4_000) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Probabilities of three classes, and classes drawn from them."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet([0.6, 0.8, 0.3], rows).clip(1e-4)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return probabilities, (probabilities.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1).clip(max=2)


def test_balanced_probabilities_have_the_margin_of_the_classes_and_keep_their_odds_ratios() -> None:
    probabilities, classes = _draw(1)
    few = np.flatnonzero((classes != 2) | (np.arange(classes.size) % 5 == 0))  # a rarer class: label shift
    balanced = balance_margin(probabilities[few], classes[few])
    assert balanced.sum(axis=1) == pytest.approx(1.0)
    assert balanced.mean(axis=0) == pytest.approx(np.bincount(classes[few]) / few.size, abs=1e-3)
    ratios = np.log(balanced / probabilities[few])
    assert np.ptp(ratios - ratios[:, :1], axis=0) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("classes", [[0, 0, 0], [1, 0, 0], [1, 1, 1]])
def test_a_class_that_no_row_has_gets_nothing(classes: list[int]) -> None:
    probabilities = np.array([[0.2, 0.7, 0.1], [0.9, 0.05, 0.05], [0.5, 0.4, 0.1]])
    balanced = balance_margin(probabilities, np.array(classes))
    assert (balanced[:, sorted({0, 1, 2} - set(classes))] == 0).all()
    assert balanced.mean(axis=0) == pytest.approx(np.bincount(classes, minlength=3) / 3, abs=1e-3)


def test_extreme_probabilities_against_all_evidence_are_balanced_too() -> None:
    sure = np.where(np.eye(3)[np.arange(900) % 3] == 1, 1 - 2e-4, 1e-4)
    balanced = balance_margin(sure, (np.arange(900) + 1) % 3)
    assert np.isfinite(measure_surprise(sure, (np.arange(900) + 1) % 3).rows).all()
    assert balanced.mean(axis=0) == pytest.approx(1 / 3, abs=1e-3)


def test_the_surprise_of_a_right_model_is_zero_under_any_margin_and_its_variance_is_as_expected() -> None:
    z, ratios, rng = [], [], np.random.default_rng(2)
    for seed in range(60):
        probabilities, classes = _draw(seed, 1_500)
        kept = np.flatnonzero((classes != 0) | (rng.random(1_500) < 0.3))
        surprise = measure_surprise(probabilities[kept], classes[kept])
        ratios.append(surprise.rows.var() / surprise.variance)
        z.append(surprise.rows.mean() / np.sqrt(surprise.variance / kept.size))
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.06)
    assert abs(np.mean(z)) < 0.4
    assert np.std(z) == pytest.approx(1.0, abs=0.3)


def test_its_mean_is_log_loss_less_entropy() -> None:
    probabilities, classes = _draw(3)
    shuffled = np.random.default_rng(4).permutation(classes)
    balanced = balance_margin(probabilities, shuffled)
    loss = -np.log(balanced[np.arange(shuffled.size), shuffled]).mean()
    surprise = measure_surprise(probabilities, shuffled)
    assert surprise.rows.mean() == pytest.approx(loss - entropy(balanced, axis=1).mean(), abs=1e-3)
    assert surprise.rows.mean() > 0.5


def test_the_model_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(6)
    cells = np.column_stack([rng.integers(0, 4, 2_000), rng.integers(4, 7, 2_000)])
    classes = (cells[:, 0] + rng.integers(0, 2, 2_000)) % 3
    weights, intercept = fit_softmax(cells, 8, classes, 3)
    assert (weights[7] == 0).all()
    design = np.eye(8)[cells].sum(axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=1.0, max_iter=500).fit(design, classes)
    margin = np.bincount(classes) / classes.size
    mixed = 0.99 * model.predict_proba(design) + 0.01 * margin
    assert predict_softmax(cells, weights, intercept, margin) == pytest.approx(mixed, abs=0.01)
