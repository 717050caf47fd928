"""Jensen-Shannon distance: a bounded companion of the stability index; reported, never deciding."""

from dataclasses import dataclass

import numpy as np

from churn_monitoring.drift.cells import count_cells
from churn_monitoring.profiling import CategoryProfile, NumericProfile


@dataclass(frozen=True, slots=True)
class JensenShannon:
    """Square root of the Jensen-Shannon divergence to base 2: 0 for equal shares, 1 for disjoint ones."""

    distance: float


def compare_jensen_shannon(
    reference: NumericProfile | CategoryProfile,
    batch: NumericProfile | CategoryProfile,
    *,
    bins: int = 10,
    rare_level_share: float = 0.0,
) -> JensenShannon:
    """Measure how far the shares of a few cells are apart, as a metric between 0 and 1.

    With shares p and q and ``m = (p + q) / 2`` the distance is ``sqrt((KL(p, m) + KL(q, m)) / 2)`` with
    logarithms to base 2. It obeys the triangle inequality and needs no correction for empty cells. It is no
    test: without any change its square is about ``(cells - 1) (1/n + 1/m) / (8 ln 2)``.

    Args:
        reference: Chooses the cells.
        batch: A column of the same kind, on the same grid.
        bins: Quantile bins of a number, at least 2.
        rare_level_share: Levels below this share of the reference are pooled.

    Returns:
        Distance 0 where either side is empty.

    References:
        D. M. Endres and J. E. Schindelin, "A new metric for probability distributions", IEEE Transactions on
        Information Theory 49 (2003) 1858-1860.

    Examples:
        >>> reference = CategoryProfile({"month": 1}, missing=0)
        >>> compare_jensen_shannon(reference, CategoryProfile({"year": 1}, missing=0))
        JensenShannon(distance=1.0)
    """
    if not reference.count or not batch.count:
        return JensenShannon(0.0)
    counts = count_cells(reference, batch, bins=bins, rare_level_share=rare_level_share)
    shares = counts / counts.sum(axis=1, keepdims=True)
    ratio = shares / shares.mean(axis=0)
    # 0 log 0 is 0: where a share is 0, any finite logarithm will do.
    divergence = (shares * np.log2(ratio, out=np.zeros_like(ratio), where=ratio > 0)).sum() / 2
    return JensenShannon(float(np.sqrt(np.clip(divergence, 0.0, 1.0))))
