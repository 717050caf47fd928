"""Total variation distance: what share of the rows would have to change level?"""

from dataclasses import dataclass

import numpy as np

from churn_monitoring.drift.levels import count_levels
from churn_monitoring.profiling import CategoryProfile


@dataclass(frozen=True, slots=True)
class TotalVariation:
    """Share of rows in [0, 1] that would have to change level to make both sides equal."""

    distance: float


def compare_total_variation(
    reference: CategoryProfile, batch: CategoryProfile, *, rare_level_share: float = 0.0
) -> TotalVariation:
    """Measure how far the level shares of two columns are apart.

    With shares p and q the distance is ``sum |p - q| / 2``: the largest difference of probability of any
    set of levels. Unlike Cramér's V it does not depend on the ratio of the sizes. It is no test: without
    any change it is about ``sum sqrt(p (1 - p) (1/n + 1/m) / (2 pi))``, which is large where levels are
    many and rows are few.

    Args:
        reference: Rows per level.
        batch: Rows per level.
        rare_level_share: Levels below this share of the reference, unseen ones included, are pooled.

    Returns:
        Distance 0 where either side is empty.

    References:
        A. L. Gibbs and F. E. Su, "On choosing and bounding probability metrics", International Statistical
        Review 70 (2002) 419-435.

    Examples:
        >>> reference = CategoryProfile({"month": 50, "year": 50}, missing=0)
        >>> compare_total_variation(reference, CategoryProfile({"month": 3, "year": 1}, missing=0))
        TotalVariation(distance=0.25)
    """
    if not reference.count or not batch.count:
        return TotalVariation(0.0)
    table = count_levels(reference, batch, rare_level_share=rare_level_share)
    shares = table / table.sum(axis=1, keepdims=True)
    return TotalVariation(float(min(1.0, np.abs(shares[0] - shares[1]).sum() / 2)))
