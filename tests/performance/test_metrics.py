"""Every reported number against scikit-learn."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn import metrics as peers

from churn_monitoring.core.options import PerformanceOptions
from churn_monitoring.performance.metrics import curve_points, measure_average_precision, measure_performance
from churn_monitoring.performance.scored import ScoredLabels

SHIPPED = yaml.safe_load((Path(__file__).resolve().parents[2] / "conf/base/parameters.yml").read_text())
OPTIONS = PerformanceOptions(**SHIPPED["performance"]).model_copy(
    update={"min_positives": 30, "min_negatives": 30, "confidence": 0.95}
)
ANY = OPTIONS.model_copy(update={"min_positives": 0, "min_negatives": 0})


def draw_rows(seed: int, rows: int = 500) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(-1.0, 1.2, size=rows)
    labels = (rng.random(rows) < expit(truth)).astype(float)
    return labels, truth.round(1), expit(truth.round(1))


@pytest.mark.parametrize("threshold", [0.4, 0.5])  # 0.5 is the probability of some rows, which are flagged
def test_every_metric_equals_that_of_scikit_learn(threshold: float) -> None:
    labels, scores, probabilities = draw_rows(1)
    found = measure_performance(labels, scores, probabilities, threshold, OPTIONS)
    assert found is not None
    flagged = probabilities >= threshold
    expected = {
        "average_precision": peers.average_precision_score(labels, scores),
        "accuracy": peers.accuracy_score(labels, flagged),
        "precision": peers.precision_score(labels, flagged),
        "recall": peers.recall_score(labels, flagged),
        "f1": peers.f1_score(labels, flagged),
        "brier": peers.brier_score_loss(labels, probabilities),
        "log_loss": peers.log_loss(labels, probabilities),
    }
    assert {name: getattr(found, name) for name in expected} == pytest.approx(expected, abs=1e-12)
    assert found.roc_auc.value == pytest.approx(peers.roc_auc_score(labels, scores), abs=1e-12)
    assert (found.threshold, found.rows, found.positives) == (threshold, 500, int(labels.sum()))


def test_certain_and_wrong_probabilities_cost_as_much_as_in_scikit_learn() -> None:
    labels = np.array([0.0, 1.0, 0.0, 1.0])
    probabilities = np.array([1.0, 0.0, 0.0, 1.0])
    found = measure_performance(labels, probabilities, probabilities, 0.5, ANY)
    assert found is not None
    assert found.log_loss == pytest.approx(peers.log_loss(labels, probabilities), rel=1e-9)
    assert found.brier == 0.5


def test_nothing_flagged_is_zero_precision_recall_and_f1() -> None:
    labels, scores, probabilities = draw_rows(2)
    found = measure_performance(labels, scores, probabilities, 1.0, OPTIONS)
    assert found is not None
    assert (found.precision, found.recall, found.f1) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("positives", "negatives"), [(29, 100), (100, 29), (0, 500), (0, 0)])
def test_too_few_labels_of_a_class_give_nothing(positives: int, negatives: int) -> None:
    labels = np.repeat([1.0, 0.0], [positives, negatives])
    scores = np.linspace(0.0, 1.0, labels.size)
    assert measure_performance(labels, scores, scores, 0.5, OPTIONS) is None


def test_one_class_gives_nothing_even_without_minimum() -> None:
    assert measure_performance(np.zeros(9), np.zeros(9), np.zeros(9), 0.5, ANY) is None


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=30))
def test_average_precision_equals_scikit_learn_with_ties(rows: list[tuple[bool, int]]) -> None:
    labels = np.array([label for label, _ in rows], dtype=float)
    scores = np.array([score for _, score in rows], dtype=float)
    expected = peers.average_precision_score(labels, scores) if labels.any() else 0.0
    assert measure_average_precision(labels, scores) == pytest.approx(expected, abs=1e-12)


def test_the_roc_curve_is_that_of_scikit_learn() -> None:
    labels, scores, probabilities = draw_rows(3)
    points = curve_points(labels, scores, probabilities)
    false_rate, true_rate, _ = peers.roc_curve(labels, scores, drop_intermediate=False)
    np.testing.assert_allclose(points.false_positive_rate, false_rate, atol=1e-12)
    np.testing.assert_allclose(points.true_positive_rate, true_rate, atol=1e-12)


def test_the_calibration_curve_holds_every_row_once() -> None:
    labels, scores, probabilities = draw_rows(4)
    points = curve_points(labels, scores, probabilities, bins=8)
    assert points.rows.sum() == 500
    assert points.rows @ points.observed == pytest.approx(labels.sum())
    assert points.rows @ points.predicted == pytest.approx(probabilities.sum())
    assert (np.diff(points.predicted) > 0.0).all()


def test_constant_probabilities_make_one_calibration_bin() -> None:
    points = curve_points(np.repeat([0.0, 1.0], [30, 10]), np.zeros(40), np.full(40, 0.25))
    assert (points.predicted.tolist(), points.observed.tolist(), points.rows.tolist()) == (
        [0.25],
        [0.25],
        [40],
    )


def test_curves_of_one_class_are_refused() -> None:
    with pytest.raises(ValueError, match="both classes"):
        curve_points(np.ones(5), np.zeros(5), np.zeros(5))


def test_scores_that_are_no_probabilities_are_refused() -> None:
    with pytest.raises(ValueError, match="calibrate"):
        ScoredLabels(np.array([0.0, 1.0]), np.array([-1.0, 2.0]))


def test_inputs_are_left_alone() -> None:
    arrays = draw_rows(5)
    kept = [array.copy() for array in arrays]
    measure_performance(*arrays, 0.4, OPTIONS)
    curve_points(*arrays)
    for array, copy in zip(arrays, kept, strict=True):
        np.testing.assert_array_equal(array, copy)
