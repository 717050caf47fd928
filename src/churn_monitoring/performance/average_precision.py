"""Average precision with what each row contributes to it, so that two of them are compared on the same rows.

labels, scores ─ precision at each positive ─ average precision, and its influence function row by row
"""

import numpy as np

from churn_monitoring.performance.metrics import cumulate
from churn_monitoring.performance.scored import check_scored


def average_precision_influence(labels: np.ndarray, scores: np.ndarray) -> tuple[float, np.ndarray]:
    """Average precision, and how much one more row like each row would move it, times the number of rows.

    Average precision is the mean over the positives of ``p(s) = P(1 | score >= s)``. With ``g(s) = P(score >= s)`` and
    the rate ``r`` of 1, its influence function at a row ``(y, s)`` is

        y (p(s) - AP) / r  +  (1/r) E[ Y' 1{S' <= s} (y - p(S')) / g(S') ]

    The first part is the row as a positive whose precision is averaged, the second as a row that is flagged together
    with all positives that score at most as high. The values sum to 0; ``sum(values²) / n²`` is the variance of the
    average precision (the infinitesimal jackknife: Jaeckel 1972; Efron, The Jackknife, the Bootstrap and Other
    Resampling Plans, 1982), and the differences of two scores' values give that of their difference. O(n log n). It is
    an approximation for many rows: with a handful of positives the variance is too small.

    Args:
        labels: ``[n]`` of 0 and 1, with a 1.
        scores: ``[n]``, only their order matters; equal scores are flagged together.

    Returns:
        The average precision, and ``float64[n]``.

    Raises:
        ValueError: there is no positive, lengths differ, or a value is not as described.
    """
    check_scored(labels, scores)
    if not labels.any():
        raise ValueError("average precision needs a positive, the labels hold none")
    flagged, found = cumulate(labels, scores)
    gained, precision = np.diff(found, prepend=0.0), found / flagged
    value = float((gained * precision).sum() / found[-1])
    level = np.unique(-scores, return_inverse=True)[1]
    # Sums over the positives that score at most as high: from the lowest level up.
    weight = np.cumsum((gained / flagged)[::-1])[::-1][level]
    weighted_precision = np.cumsum((gained * precision / flagged)[::-1])[::-1][level]
    moved = labels * (precision[level] - value) + labels * weight - weighted_precision
    return value, np.asarray(moved * labels.size / found[-1], dtype=float)
