"""What is kept of one numeric column: counts on the reference's grid, and a few sums.

Between two neighbouring points of an exact grid the reference's distribution function F is flat and a batch's
G is monotone. ``at_or_below`` and ``below`` give G at both ends of every such cell, hence the exact
Kolmogorov-Smirnov statistic; ``inside`` gives the mean of G over the cell, hence the Wasserstein distance.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churn_monitoring.profiling.grid import NumericGrid

RANGE_MARGINS = (0.0, 0.05, 0.10, 0.20, 0.50, 1.0, 2.0, 5.0, 10.0)
"""By how much of its width the grid's range is widened on each side before counting what lies outside."""

EXACT_STEPS = 2.0**28
"""Steps of a cell's width to which a value's place in it is rounded: sums of up to 2^25 of them per cell are exact."""


@dataclass(frozen=True, slots=True, eq=False)
class NumericProfile:
    """Mergeable summary of one numeric column; k is the number of grid points.

    Attributes:
        grid: Where the counts are taken.
        at_or_below: Values at or below each point, shape ``(k,)``.
        below: Values below each point, shape ``(k,)``.
        count: Finite values.
        missing: All other rows.
        minimum: Smallest value, ``None`` without values.
        maximum: Largest value, ``None`` without values.
        inside: Per cell, the sum over the values strictly inside it of their distance from its upper end, in
            widths of the cell; shape ``(max(k - 1, 0),)``. ``(at_or_below[:-1] + inside) / count`` is the
            mean of the distribution function over each cell.
        outside: Values beyond the grid's range widened by each of ``RANGE_MARGINS``.
    """

    grid: NumericGrid
    at_or_below: NDArray[np.int64]
    below: NDArray[np.int64]
    count: int
    missing: int
    minimum: float | None
    maximum: float | None
    inside: NDArray[np.float64]
    outside: NDArray[np.int64]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NumericProfile):
            return NotImplemented
        arrays = ("at_or_below", "below", "inside", "outside")
        scalars = ("grid", "count", "missing", "minimum", "maximum")
        return all(getattr(self, name) == getattr(other, name) for name in scalars) and all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in arrays
        )

    __hash__ = None  # type: ignore[assignment]  # holds arrays

    def locate_quantile(self, share: float) -> int:
        """Index of the first point at or below which at least ``share`` of the values lie.

        Only for a column with values, on its own grid.
        """
        # A share such as 0.995 * 200 may land a hair above the whole number it stands for.
        rank = max(1, math.ceil(share * self.count - 1e-9))
        return int(np.searchsorted(self.at_or_below, min(rank, self.at_or_below[-1])))


def profile_numbers(values: NDArray[np.float64], grid: NumericGrid, *, additive: bool = False) -> NumericProfile:
    """Summarize one numeric column, or a chunk of it, on a given grid.

    The chunk is sorted and the grid is searched in it, never the reverse: 7 times faster.

    Args:
        values: Numbers, shape ``(n,)``, not changed; NaN and infinities count as missing.
        grid: The reference's grid, which may have no points.
        additive: Whether ``inside`` is taken to whole parts of ``EXACT_STEPS`` per value, so that chunks add up to
            the same last bit however the rows were divided.

    Returns:
        The summary; those of chunks add up with :func:`~churn_monitoring.profiling.merge_profiles`.

    Examples:
        >>> grid = NumericGrid(points=np.array([1.0, 2.0]), exact=True)
        >>> profile = profile_numbers(np.array([0.0, 1.0, 1.25, np.nan, 9.0]), grid)
        >>> profile.at_or_below, profile.below, profile.inside
        (array([2, 3]), array([1, 3]), array([0.75]))
        >>> profile.count, profile.missing, profile.minimum, profile.maximum
        (4, 1, 0.0, 9.0)
    """
    ordered = _sort_finite(values)
    at_or_below = np.searchsorted(ordered, grid.points, side="right").astype(np.int64)
    below = _count_below(ordered, grid.points, at_or_below)
    return NumericProfile(
        grid=grid,
        at_or_below=at_or_below,
        below=below,
        count=ordered.size,
        missing=values.size - ordered.size,
        minimum=float(ordered[0]) if ordered.size else None,
        maximum=float(ordered[-1]) if ordered.size else None,
        inside=_sum_inside(ordered, grid.points, at_or_below, below, additive=additive),
        outside=_count_outside(ordered, grid.points),
    )


def _sort_finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sorted, infinities are at both ends and NaN at the very end: cut off there, without a copy."""
    ordered = np.sort(values)
    first, end = np.searchsorted(ordered, -np.inf, side="right"), np.searchsorted(ordered, np.inf, side="left")
    return ordered[first:end]


def _count_below(
    ordered: NDArray[np.float64], points: NDArray[np.float64], at_or_below: NDArray[np.int64]
) -> NDArray[np.int64]:
    """As ``at_or_below`` but at points that occur; of a continuous column few do, and only they are searched."""
    below = at_or_below.copy()
    last = ordered[at_or_below - 1] if ordered.size else np.full(points.size, np.nan)  # wraps around where none is
    occurs = (at_or_below > 0) & (last == points)
    below[occurs] = np.searchsorted(ordered, points[occurs], side="left")
    return below


def _sum_inside(
    ordered: NDArray[np.float64],
    points: NDArray[np.float64],
    at_or_below: NDArray[np.int64],
    below: NDArray[np.int64],
    *,
    additive: bool,
) -> NDArray[np.float64]:
    """Distances from the upper end: ``size * upper - sum``, of stretches of the sorted values that lie side by side.

    In a very narrow cell the difference may be off by more than the cell is wide; times that width, as the Wasserstein
    distance takes it, the error is that of rounding the values.
    """
    inside = np.zeros(max(points.size - 1, 0))
    used = np.flatnonzero(below[1:] > at_or_below[:-1])
    if not used.size:
        return inside
    starts, ends = at_or_below[used], below[used + 1]
    if additive:
        inside[used] = _sum_exactly(ordered, starts, ends, points[used], points[used + 1])
        return inside
    bounds = np.column_stack([starts, ends]).ravel()
    with np.errstate(over="ignore", invalid="ignore"):
        sums = np.add.reduceat(ordered, bounds[: -1 if ends[-1] == ordered.size else None])[::2]
        upper, lower, sizes = points[used + 1], points[used], (ends - starts).astype(np.float64)
        distance = (sizes * upper - sums) / (upper - lower)
        # A cell wider than the largest float has no usable width: its values count as half way.
        distance = np.where(np.isfinite(distance) & np.isfinite(upper - lower), distance, 0.5 * sizes)
    inside[used] = np.clip(distance, 0.0, sizes)
    return inside


def _sum_exactly(
    ordered: NDArray[np.float64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The same per cell, each value's distance in whole steps: no sum depends on the order of its terms."""
    sizes = ends - starts
    firsts = np.cumsum(sizes) - sizes
    places = np.arange(firsts[-1] + sizes[-1]) + np.repeat(starts - firsts, sizes)
    with np.errstate(over="ignore", invalid="ignore"):
        distance = (np.repeat(upper, sizes) - ordered[places]) * np.repeat(EXACT_STEPS / (upper - lower), sizes)
    # A cell wider than the largest float has no usable width: its values count as half way.
    distance = np.where(np.isfinite(distance), np.rint(distance), EXACT_STEPS / 2)
    return np.asarray(np.add.reduceat(np.clip(distance, 0.0, EXACT_STEPS), firsts) / EXACT_STEPS)


def _count_outside(ordered: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.int64]:
    if not points.size:
        return np.zeros(len(RANGE_MARGINS), dtype=np.int64)
    with np.errstate(over="ignore", invalid="ignore"):
        reach = np.nan_to_num(np.array(RANGE_MARGINS) * (points[-1] - points[0]), posinf=np.inf)
        under = np.searchsorted(ordered, points[0] - reach, side="left")
        over = ordered.size - np.searchsorted(ordered, points[-1] + reach, side="right")
    return np.asarray(under + over, dtype=np.int64)
