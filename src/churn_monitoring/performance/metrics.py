"""Realized performance: every number the report gives for labelled rows, and the curves its figures draw.

labels + scores ──────── ranking (roc_auc, average_precision)
labels + probabilities ─ at the operating threshold (accuracy ... f1), and as probabilities (brier, log_loss)
"""

from dataclasses import dataclass

import numpy as np

from churn_monitoring.core.options import PerformanceOptions
from churn_monitoring.core.records import Performance
from churn_monitoring.performance.ranking import measure_roc_auc
from churn_monitoring.performance.scored import ScoredLabels, check_scored


@dataclass(frozen=True, slots=True, eq=False)
class CurvePoints:
    """ROC and calibration curve, as arrays to draw.

    Attributes:
        false_positive_rate: ``[k]`` from 0 to 1, one point per distinct score.
        true_positive_rate: ``[k]``.
        predicted: ``[b]`` mean probability of each bin, ascending.
        observed: ``[b]`` rate of 1 in each bin.
        rows: ``[b]`` rows in each bin.
    """

    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    predicted: np.ndarray
    observed: np.ndarray
    rows: np.ndarray


def measure_performance(
    labels: np.ndarray,
    scores: np.ndarray,
    probabilities: np.ndarray,
    threshold: float,
    options: PerformanceOptions,
) -> Performance | None:
    """Every metric of :class:`Performance` on rows whose label is known.

    Precision, recall and F1 are 0 where nothing is flagged. Log loss keeps probabilities one rounding unit
    (2.2e-16) away from 0 and 1, as scikit-learn does.

    Args:
        labels: ``[n]`` of 0 and 1.
        scores: ``[n]`` that rank.
        probabilities: ``[n]`` in [0, 1], calibrated; a row is flagged from ``threshold`` on.
        threshold: the champion's operating threshold, on the probability.
        options: least counts of each class, and the confidence of the interval.

    Returns:
        None where a class has fewer rows than ``options`` asks for (never fewer than one).
    """
    scored = ScoredLabels(labels, probabilities)
    enough = scored.positives >= options.min_positives and scored.negatives >= options.min_negatives
    if not enough or not scored.positives or not scored.negatives:
        return None
    flagged = probabilities >= threshold
    found = int(labels[flagged].sum())
    kept = np.clip(probabilities, np.finfo(float).eps, 1.0 - np.finfo(float).eps)
    return Performance(
        roc_auc=measure_roc_auc(labels, scores, options.confidence),
        average_precision=measure_average_precision(labels, scores),
        accuracy=float((flagged == (labels == 1.0)).mean()),
        precision=found / max(int(flagged.sum()), 1),
        recall=found / scored.positives,
        f1=2.0 * found / (int(flagged.sum()) + scored.positives),
        brier=float(((probabilities - labels) ** 2).mean()),
        log_loss=-float(np.where(labels == 1.0, np.log(kept), np.log1p(-kept)).mean()),
        threshold=threshold,
        rows=scored.rows,
        positives=scored.positives,
    )


def measure_average_precision(labels: np.ndarray, scores: np.ndarray) -> float:
    """Sum over distinct scores, highest first, of the recall gained times the precision there.

    Equal scores are one step. Without skill it is the rate of 1, so it compares batches only where their
    rates are alike. 0 without a positive.
    """
    check_scored(labels, scores)
    if not labels.any():
        return 0.0
    flagged, found = cumulate(labels, scores)
    gained = np.diff(found, prepend=0.0)
    return float((gained * found / flagged).sum() / found[-1])


def curve_points(labels: np.ndarray, scores: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> CurvePoints:
    """Points of the ROC curve and of the calibration curve.

    Args:
        labels: ``[n]`` of 0 and 1, both present.
        scores: ``[n]`` that rank.
        probabilities: ``[n]``, calibrated.
        bins: calibration bins of about equally many rows; fewer where probabilities repeat.

    Raises:
        ValueError: one class is missing.
    """
    scored = ScoredLabels(labels, probabilities)
    if not scored.positives or not scored.negatives:
        raise ValueError(f"curves need both classes, the labels hold {scored.positives} positives of {scored.rows}")
    flagged, found = cumulate(labels, scores)
    edges = np.unique(np.quantile(probabilities, np.linspace(0.0, 1.0, bins + 1)[1:-1]))
    cell = np.searchsorted(edges, probabilities, side="left")
    rows = np.bincount(cell, minlength=edges.size + 1)
    filled = rows > 0
    return CurvePoints(
        false_positive_rate=np.concatenate([[0.0], (flagged - found) / scored.negatives]),
        true_positive_rate=np.concatenate([[0.0], found / scored.positives]),
        predicted=np.bincount(cell, weights=probabilities, minlength=rows.size)[filled] / rows[filled],
        observed=np.bincount(cell, weights=labels, minlength=rows.size)[filled] / rows[filled],
        rows=rows[filled],
    )


def cumulate(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and positives at or above each distinct score, highest score first."""
    levels, group = np.unique(-scores, return_inverse=True)
    flagged = np.cumsum(np.bincount(group, minlength=levels.size))
    return flagged, np.cumsum(np.bincount(group, weights=labels, minlength=levels.size))
