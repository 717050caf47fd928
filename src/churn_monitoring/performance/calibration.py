"""From a score to a probability that means what it says."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from churn_monitoring.performance.logistic import fit_logistic
from churn_monitoring.performance.scored import check_scored

# Scores are kept this far from 0 and 1 before the logit: a forest's exact 0 must not weigh like certainty.
SCORE_MARGIN = 1e-4


@dataclass(frozen=True, slots=True)
class PlattCalibration:
    """A straight line on the logit of the score; intercept 0 and slope 1 leave scores as they are."""

    intercept: float
    slope: float

    def apply(self, scores: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, ``float64[n]`` in [0, 1].

        Scores nearer to 0 or 1 than 1e-4 become ties; rank by the scores, not by what this returns.

        >>> PlattCalibration(intercept=0.0, slope=1.0).apply(np.array([0.25, 0.5])).round(6).tolist()
        [0.25, 0.5]
        """
        return np.asarray(expit(self.intercept + self.slope * score_logits(scores)), dtype=float)


def score_logits(scores: np.ndarray) -> np.ndarray:
    """Logit of scores kept 1e-4 away from 0 and 1."""
    return np.asarray(logit(np.clip(scores, SCORE_MARGIN, 1.0 - SCORE_MARGIN)), dtype=float)


def fit_platt(labels: np.ndarray, scores: np.ndarray) -> PlattCalibration:
    """Logistic regression of the label on the logit of the score (Platt 1999; Cox 1958 for the logit).

    Plain maximum likelihood wherever it exists. Where a threshold on the score separates the classes it does
    not; then Platt's smoothed targets ``(m + 1)/(m + 2)`` and ``1/(n + 2)`` take the labels' place. Where no
    slope can be learned (one class, constant scores, no rows) the slope stays 1 and the intercept carries the
    smoothed rate ``(m + 1)/(m + n + 2)`` alone.

    Args:
        labels: ``[n]`` of 0 and 1.
        scores: ``[n]`` in [0, 1], out-of-sample: an overfitted model's own training scores mislead.

    Raises:
        ValueError: lengths differ, a label is neither 0 nor 1, or a score is not finite.
    """
    check_scored(labels, scores)
    logits = score_logits(scores)
    m = float(labels.sum())
    n = labels.size - m
    if not m or not n or logits.min() == logits.max():
        rate = np.full(labels.size, (m + 1.0) / (m + n + 2.0))
        shift = fit_logistic(np.ones((labels.size, 1)), rate, offset=logits)
        return PlattCalibration(intercept=float(shift.coefficients[0]), slope=1.0)
    targets = labels
    if _separable(labels, logits):
        targets = np.where(labels == 1.0, (m + 1.0) / (m + 2.0), 1.0 / (n + 2.0))
    intercept, slope = fit_logistic(np.column_stack([np.ones(logits.size), logits]), targets).coefficients
    return PlattCalibration(intercept=float(intercept), slope=float(slope))


def _separable(labels: np.ndarray, logits: np.ndarray) -> bool:
    """Whether one cut puts each class on one side, ties at the cut included."""
    positives, negatives = logits[labels == 1.0], logits[labels == 0.0]
    return bool(positives.min() >= negatives.max() or positives.max() <= negatives.min())
