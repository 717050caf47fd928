"""Few cells to count a column in, for distances that need them; the reference alone chooses them."""

import numpy as np
from numpy.typing import NDArray

from churn_monitoring.drift.levels import count_levels
from churn_monitoring.profiling import CategoryProfile, NumericProfile


def count_cells(
    reference: NumericProfile | CategoryProfile,
    batch: NumericProfile | CategoryProfile,
    *,
    bins: int = 10,
    rare_level_share: float = 0.0,
) -> NDArray[np.int64]:
    """Count both columns in the same cells: quantile bins of the reference, or its levels.

    Equal-width bins would all but one be emptied by a single outlier; quantiles are not moved by it. A value
    that many rows share fills a bin alone, so that there may be fewer than ``bins``. A constant reference has
    three: below, at, above.

    Args:
        reference: Chooses the cells.
        batch: A column of the same kind, on the same grid.
        bins: Quantile bins of a number, at least 2.
        rare_level_share: Levels below this share of the reference are pooled.

    Returns:
        Counts, shape ``(2, cells)``, reference above batch; no cell is empty on both sides.

    Raises:
        TypeError: If one column is a number and the other a category.

    Examples:
        >>> from churn_monitoring.profiling import build_grid, profile_numbers
        >>> values = np.arange(100.0)
        >>> grid = build_grid(values, max_points=1_000)
        >>> count_cells(profile_numbers(values, grid), profile_numbers(values[:40], grid), bins=4)
        array([[25, 25, 25, 25],
               [25, 15,  0,  0]])
    """
    if isinstance(reference, NumericProfile) and isinstance(batch, NumericProfile):
        return _count_bins(reference, batch, bins)
    if isinstance(reference, CategoryProfile) and isinstance(batch, CategoryProfile):
        return count_levels(reference, batch, rare_level_share=rare_level_share)
    raise TypeError(f"cannot compare {type(reference).__name__} with {type(batch).__name__}")


def _count_bins(reference: NumericProfile, batch: NumericProfile, bins: int) -> NDArray[np.int64]:
    if not reference.count:
        return np.array([[reference.count], [batch.count]])
    last = reference.grid.points.size - 1
    # The last bin starts above its edge: an edge at the maximum would leave it empty.
    edges = sorted({min(reference.locate_quantile(share / bins), last - 1) for share in range(1, bins)})
    rows = []
    for profile in (reference, batch):
        cuts = profile.at_or_below[edges] if last else [profile.below[0], profile.at_or_below[0]]
        rows.append(np.diff([0, *cuts, profile.count]))
    table = np.array(rows, dtype=np.int64)
    return table[:, table.sum(axis=0) > 0]
