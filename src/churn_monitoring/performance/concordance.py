"""Ranking where a row is partly positive and partly negative: expected labels, weighted labels, or both.

ranks + mass of 1 and of 0 in every row ─ rank_masses ─ RankedMasses (ROC-AUC and what each row adds to it)
"""

from dataclasses import dataclass

import numpy as np

# Pairs that are fewer than this share of their product are rounding error.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class RankedMasses:
    """What is above and below every row.

    Attributes:
        pairs: mass of pairs of one positive and one negative in different rows; 0 where there is none.
        outranked: ``[n]``, negative mass below each row, ties half, its own not.
        outranking: ``[n]``, positive mass above each row, ties half, its own not.
        roc_auc: share of the pairs whose positive ranks higher, ties half; one half without a pair.
    """

    pairs: float
    outranked: np.ndarray
    outranking: np.ndarray
    roc_auc: float


def rank_masses(ranks: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> RankedMasses:
    """Concordance of masses, O(n log n) by cumulative sums over the distinct ranks.

    Args:
        ranks: ``[n]``, higher means more likely 1; only their order matters.
        positive: ``[n]``, mass of 1 in each row: its label or probability, times its weight.
        negative: ``[n]``, mass of 0.

    >>> rank_masses(np.array([0.1, 0.2]), np.array([0.0, 3.0]), np.array([2.0, 0.0])).roc_auc
    1.0
    """
    product = float(positive.sum()) * float(negative.sum())
    pairs = product - float(positive @ negative)
    pairs = pairs if pairs > ROUNDING * product else 0.0
    levels, group = np.unique(ranks, return_inverse=True)
    p = np.bincount(group, weights=positive, minlength=levels.size)
    q = np.bincount(group, weights=negative, minlength=levels.size)
    outranked = (np.cumsum(q) - q / 2.0)[group] - negative / 2.0
    outranking = (p.sum() - np.cumsum(p) + p / 2.0)[group] - positive / 2.0
    roc_auc = min(max(float(positive @ outranked) / pairs, 0.0), 1.0) if pairs else 0.5
    return RankedMasses(pairs, outranked, outranking, roc_auc)
