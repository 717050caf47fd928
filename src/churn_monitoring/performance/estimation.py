"""ROC-AUC expected from calibrated probabilities alone, and how far labels stray from it by chance.

    probabilities ─┬─ estimate_roc_auc ──── expected value ───────────┬─ EstimatedPerformance
                   └─ measure_label_noise ─ spread of the realized ───┘

Confidence-based estimation (as NannyML's CBPE, but over pairs). It follows a change of the mix of customers
and is blind to concept drift, because it takes the probabilities at their word.
"""

import numpy as np
from scipy.special import expit, ndtri

from churn_monitoring.core.options import PerformanceOptions
from churn_monitoring.core.records import Estimate, EstimatedPerformance
from churn_monitoring.performance.logistic import fit_logistic
from churn_monitoring.performance.scored import ScoredLabels


def estimate_roc_auc(probabilities: np.ndarray) -> float:
    """ROC-AUC that rows with these true probabilities are expected to show, ranked by them.

    The sum over pairs with ``p_i > p_j`` of ``p_i (1 - p_j)``, ties counted half, divided by the expected
    number of pairs ``sum(p) sum(1 - p) - sum(p (1 - p))``. Sorted cumulative sums make it O(n log n). One
    half where no pair is expected: fewer than two rows, or all of them certain of the same class.

    Args:
        probabilities: ``[n]`` in [0, 1].

    >>> round(estimate_roc_auc(np.array([0.2, 0.8])), 4)
    0.9412
    """
    pairs = _expected_pairs(probabilities)
    if pairs <= 0.0:
        return 0.5
    outranked, _ = _expected_neighbours(probabilities)
    return min(max(float(probabilities @ outranked) / pairs, 0.0), 1.0)


def measure_label_noise(probabilities: np.ndarray, *, rate_fitted: bool = False) -> float:
    """Standard deviation of the realized ROC-AUC around the estimate, when the probabilities are true.

    First order in the labels: row i moves the ROC-AUC by ``h_i = d estimate / d p_i`` and its label has
    variance ``p_i (1 - p_i)``. With ``rate_fitted`` the estimate is one whose intercept was fitted to these
    very labels (:func:`match_rate`); the fit removes the mean of h under the weights ``p (1 - p)``.

    Args:
        probabilities: ``[n]`` in [0, 1]; no pair expected gives 0.
        rate_fitted: whether the labels' own rate was used in the estimate.
    """
    pairs = _expected_pairs(probabilities)
    if pairs <= 0.0:
        return 0.0
    p, q = probabilities, 1.0 - probabilities
    outranked, outranking = _expected_neighbours(p)
    more_pairs = (q.sum() - q) - (p.sum() - p)
    influence = (outranked - outranking - estimate_roc_auc(p) * more_pairs) / pairs
    weights = p * q
    if rate_fitted:
        influence = influence - float(weights @ influence) / float(weights.sum())
    return float(np.sqrt(weights @ influence**2))


def match_rate(scored: ScoredLabels) -> np.ndarray:
    """The probabilities, their intercept moved until they sum to the labels: a changed rate taken out.

    Args:
        scored: rows of both classes; with one class the shift would be infinite and is merely large.
    """
    shift = fit_logistic(np.ones((scored.rows, 1)), scored.labels, offset=scored.logits)
    return np.asarray(expit(scored.logits + shift.coefficients[0]), dtype=float)


def estimate_performance(
    probabilities: np.ndarray,
    reference_estimate: float,
    reference_roc_auc: Estimate,
    options: PerformanceOptions,
) -> EstimatedPerformance | None:
    """ROC-AUC these rows would show if what was learned on the reference still held.

    The reference's realized ROC-AUC plus the difference of the two estimates, so that whatever biases the
    estimate alike on both cancels. The interval is for the value these rows will *realize* once labelled: it
    holds the chance in their labels and the reference's own standard error (read back from its interval), not
    the chance that the calibration fails where the reference had few rows, and not concept drift.

    Args:
        probabilities: ``[n]``, calibrated, of the batch.
        reference_estimate: :func:`estimate_roc_auc` of the reference's probabilities.
        reference_roc_auc: realized on the reference, with an interval at ``options.confidence``.
        options: the level, and the counts below which there is no estimate.

    Returns:
        None where fewer positives or negatives are expected than realized performance would need.
    """
    expected = float(probabilities.sum())
    if expected < max(options.min_positives, 1) or probabilities.size - expected < max(options.min_negatives, 1):
        return None
    change = estimate_roc_auc(probabilities) - reference_estimate
    value = min(max(reference_roc_auc.value + change, 0.0), 1.0)
    quantile = -float(ndtri((1.0 - options.confidence) / 2.0))
    reference_reach = (reference_roc_auc.high - reference_roc_auc.low) / 2.0
    reach = float(np.hypot(quantile * measure_label_noise(probabilities), reference_reach))
    interval = Estimate(value, max(value - reach, 0.0), min(value + reach, 1.0))
    return EstimatedPerformance(roc_auc=interval, rows=int(probabilities.size))


def _expected_pairs(probabilities: np.ndarray) -> float:
    """Expected number of (positive, negative) pairs of different rows; 0 where it is rounding error only."""
    p, q = probabilities, 1.0 - probabilities
    product = float(p.sum()) * float(q.sum())
    pairs = product - float(p @ q)
    return pairs if pairs > 1e-12 * product else 0.0


def _expected_neighbours(probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Negatives each row should outrank and positives that should outrank it; ties half, itself not."""
    levels, group = np.unique(probabilities, return_inverse=True)
    p = np.bincount(group, weights=probabilities, minlength=levels.size)
    q = np.bincount(group, weights=1.0 - probabilities, minlength=levels.size)
    outranked = (np.cumsum(q) - q / 2.0)[group] - (1.0 - probabilities) / 2.0
    outranking = (p.sum() - np.cumsum(p) + p / 2.0)[group] - probabilities / 2.0
    return outranked, outranking
