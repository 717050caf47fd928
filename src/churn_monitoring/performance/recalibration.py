"""The same scores at another churn rate: one constant on the logit, and whether it earns its place.

    labelled rows by batch ─ find_rate_change ─ rows of the new rate ─ measure_recalibration ─ Recalibration

Under label shift the odds of every customer are multiplied by the same number, so that the logit moves by a constant
(Saerens, Latinne and Decaestecker 2002) and nothing else of a calibration has to be learned again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr

from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.performance.logistic import LogisticFit, fit_logistic
from churn_monitoring.performance.scored import ScoredLabels


@dataclass(frozen=True, slots=True, eq=False)
class Recalibration:
    """A calibration moved to the rate of some labelled rows, and what that is worth on them.

    Attributes:
        calibration: moved by ``shift``, which is fitted on all rows.
        shift: on the logit; its exponential is what the odds of leaving are multiplied by.
        left_out: ``float64[n]``, probability of each row by a shift fitted on the other folds alone.
        brier_before: Brier score of the rows by the old calibration.
        brier_after: of ``left_out``.
        p_value: one-sided, against a Brier score that is no better.
    """

    calibration: PlattCalibration
    shift: float
    left_out: np.ndarray
    brier_before: float
    brier_after: float
    p_value: float


def fit_shift(sample: ScoredLabels) -> float:
    """The constant on the logit at which the probabilities sum to the labels: the maximum-likelihood shift.

    With one class only there is none; then the smoothed rate ``(m + 1)/(m + n + 2)`` takes the labels' place.
    """
    return float(_fit(sample).coefficients[0])


def find_rate_change(batches: Sequence[ScoredLabels]) -> int:
    """Position of the first batch of the newest churn rate, among batches in order of time.

    The change-point of largest likelihood: before it the probabilities hold as they are, from it on with a shift of
    their own. Where nothing changed, or all of the batches did, that is some batch whose choice does no harm: rows on
    both sides of it are of one rate.

    Args:
        batches: at least one, each with at least one row.

    Raises:
        ValueError: there is no batch.
    """
    if not batches:
        raise ValueError("a rate is of at least one batch")
    return int(np.argmax([_measure_gain(_pool(batches[start:])) for start in range(len(batches))]))


def measure_recalibration(
    labels: np.ndarray, scores: np.ndarray, calibration: PlattCalibration, fold: np.ndarray
) -> Recalibration:
    """Move a calibration to the rows' churn rate, and test on rows left out that it is better for it.

    Hypothesis tested: the expected Brier score of a row is as good by the old calibration. The statistic is the mean
    over rows of ``(p_old - y)^2 - (p_left_out - y)^2`` in standard errors of that mean, by the normal distribution.
    Cross-fitting makes it strict: where the rate did not move, the shift learned is noise and the mean negative.

    Args:
        labels: ``[n]`` of 0 and 1, one row per customer.
        scores: ``[n]`` as the model gives them, of customers it was not fitted on.
        calibration: the one in service.
        fold: ``int64[n]``, at least two different, drawn without looking at the labels: equal rates in all
            folds would show every shift to be right.
    """
    sample = ScoredLabels(labels, calibration.apply(scores))
    shift = fit_shift(sample)
    left_out = np.empty(labels.size)
    for held_out in np.unique(fold):
        inside, outside = fold == held_out, fold != held_out
        learned = fit_shift(ScoredLabels(labels[outside], sample.probabilities[outside]))
        left_out[inside] = expit(sample.logits[inside] + learned)
    before, after = (sample.probabilities - labels) ** 2, (left_out - labels) ** 2
    moved = PlattCalibration(calibration.intercept + shift, calibration.slope)
    return Recalibration(
        moved, shift, left_out, float(before.mean()), float(after.mean()), _test_greater(before - after)
    )


def _fit(sample: ScoredLabels) -> LogisticFit:
    one_class = not sample.positives or not sample.negatives
    rate = (sample.positives + 1.0) / (sample.rows + 2.0)
    targets = np.full(sample.rows, rate) if one_class else sample.labels
    return fit_logistic(np.ones((sample.rows, 1)), targets, offset=sample.logits)


def _measure_gain(sample: ScoredLabels) -> float:
    """Log-likelihood that a shift of their own gains for these rows."""
    shifted = sample.logits + fit_shift(sample)
    return _log_likelihood(sample.labels, shifted) - _log_likelihood(sample.labels, sample.logits)


def _log_likelihood(labels: np.ndarray, logits: np.ndarray) -> float:
    return float((labels * logits - np.logaddexp(0.0, logits)).sum())


def _pool(batches: Sequence[ScoredLabels]) -> ScoredLabels:
    labels = np.concatenate([batch.labels for batch in batches])
    return ScoredLabels(labels, np.concatenate([batch.probabilities for batch in batches]))


def _test_greater(differences: np.ndarray) -> float:
    """One-sided p-value against a mean of 0 or less; 1 where nothing varies."""
    spread = float(differences.std(ddof=1)) if differences.size > 1 else 0.0
    return float(ndtr(-differences.mean() / spread * differences.size**0.5)) if spread else 1.0
