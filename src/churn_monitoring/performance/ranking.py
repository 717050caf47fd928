"""How well scores rank, with DeLong's uncertainty: one ROC-AUC, or the difference of two on the same rows.

    labels, scores ─ midranks ─ DelongComponents ─┬─ Estimate             (one score)
                                                  └─ PairedDifference     (two scores, same rows)

DeLong, DeLong & Clarke-Pearson 1988; the form with midranks, O(n log n), is Sun & Xu 2014. Rows are taken as
independent: a customer that is in several rows has to be reduced to one before.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri

from churn_monitoring.core.records import Estimate
from churn_monitoring.performance.scored import check_scored


@dataclass(frozen=True, slots=True, eq=False)
class DelongComponents:
    """What each row contributes to a ROC-AUC.

    Attributes:
        roc_auc: probability that a random positive outranks a random negative, ties counted half.
        positives: ``float64[m]``, for each positive the share of negatives it outranks.
        negatives: ``float64[n]``, for each negative the share of positives that outrank it.
    """

    roc_auc: float
    positives: np.ndarray
    negatives: np.ndarray


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """ROC-AUC of the challenger minus the champion's on the same rows; ``p_value`` is two-sided."""

    difference: Estimate
    standard_error: float
    p_value: float


def midranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, equal values sharing the mean of their ranks.

    >>> midranks(np.array([0.3, 0.1, 0.3])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    return np.asarray((last - (sizes - 1) / 2.0)[group], dtype=float)


def delong_components(labels: np.ndarray, scores: np.ndarray) -> DelongComponents:
    """Placement of every row among the rows of the other class.

    Args:
        labels: ``[N]`` of 0 and 1, both present.
        scores: ``[N]``, higher means more likely 1; only their order matters.

    Raises:
        ValueError: one class is missing, or a score is not finite.
    """
    check_scored(labels, scores)
    positive = labels == 1.0
    m, n = int(positive.sum()), int((~positive).sum())
    if not m or not n:
        raise ValueError(f"ROC-AUC needs both classes, the labels hold {m} positives and {n} negatives")
    everyone = midranks(scores)
    outranked = everyone[positive] - midranks(scores[positive])
    outranking = m - (everyone[~positive] - midranks(scores[~positive]))
    # Midranks are multiples of one half, so this sum is exact and only the division rounds.
    return DelongComponents(float(outranked.sum()) / (m * n), outranked / n, outranking / m)


def roc_auc_standard_error(labels: np.ndarray, scores: np.ndarray) -> float:
    """DeLong standard error of the ROC-AUC.

    The square root of ``var(positives)/m + var(negatives)/n`` over the placements, sample variances. A class
    of one row has no sample variance; the largest one that its mean allows is used. Zero exactly where every
    placement is the same: perfect separation, and constant scores.
    """
    return _standard_error(delong_components(labels, scores))


def measure_roc_auc(labels: np.ndarray, scores: np.ndarray, confidence: float) -> Estimate:
    """ROC-AUC with a two-sided DeLong interval on the logit scale.

    The logit keeps the interval inside [0, 1] and its coverage near nominal at high values and few positives,
    where the plain interval is too short below. At perfect separation DeLong's variance is zero and says
    nothing; there the bound is exact instead: ``k = min(m, n)`` disjoint pairs all agreed, which has
    probability at most ``A**k``, so that ``((1 - confidence) / 2) ** (1 / k)`` is the lower end (mirrored at
    0). Constant scores rank nothing: exactly one half.

    Raises:
        ValueError: one class is missing.

    >>> measure_roc_auc(np.array([0.0, 0.0, 1.0, 1.0]), np.full(4, 0.1), 0.95)
    Estimate(value=0.5, low=0.5, high=0.5)
    """
    components = delong_components(labels, scores)
    value, standard_error = components.roc_auc, _standard_error(components)
    tail = (1.0 - confidence) / 2.0
    if value in (0.0, 1.0):
        bound = tail ** (1.0 / min(components.positives.size, components.negatives.size))
        return Estimate(value, bound, 1.0) if value else Estimate(value, 0.0, 1.0 - bound)
    reach = -float(ndtri(tail)) * standard_error / (value * (1.0 - value))
    center = float(logit(value))
    # Rounding of logit and expit must not put an end on the wrong side of the value.
    low, high = float(expit(center - reach)), float(expit(center + reach))
    return Estimate(value, min(low, value), max(high, value))


def compare_paired_roc_auc(
    labels: np.ndarray, champion_scores: np.ndarray, challenger_scores: np.ndarray, confidence: float
) -> PairedDifference:
    """Is the challenger's ROC-AUC different from the champion's on the same rows?

    The paired DeLong test of equal ROC-AUC: the standard error is that of the row-wise differences of
    placements, so what makes a row hard for both cancels. The interval is the plain normal one, cut at −1
    and 1. Scores that rank alike give 0 with a p-value of 1. Placements that all differ by one same amount
    have no variance; the standard error is then ``|difference| / sqrt(min(m, n))``, about a sign test.

    Raises:
        ValueError: one class is missing.
    """
    champion = delong_components(labels, champion_scores)
    challenger = delong_components(labels, challenger_scores)
    apart = DelongComponents(
        challenger.roc_auc - champion.roc_auc,
        challenger.positives - champion.positives,
        challenger.negatives - champion.negatives,
    )
    value, standard_error = apart.roc_auc, _standard_error(apart, lowest=-1.0)
    if not standard_error:
        standard_error = abs(value) / min(apart.positives.size, apart.negatives.size) ** 0.5
    reach = -float(ndtri((1.0 - confidence) / 2.0)) * standard_error
    p_value = 2.0 * float(ndtr(-abs(value) / standard_error)) if standard_error else 1.0
    return PairedDifference(Estimate(value, max(value - reach, -1.0), min(value + reach, 1.0)), standard_error, p_value)


def _standard_error(components: DelongComponents, lowest: float = 0.0) -> float:
    """Square root of the summed variances of two independent means of placements in [lowest, 1]."""
    mean = components.roc_auc
    largest = (1.0 - mean) * (mean - lowest)
    variance = sum(
        (float(part.var(ddof=1)) if part.size > 1 else largest) / part.size
        for part in (components.positives, components.negatives)
    )
    return float(max(variance, 0.0) ** 0.5)
