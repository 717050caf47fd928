"""The points at which a number's distribution function is recorded: chosen by the reference alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class NumericGrid:
    """Sorted distinct ``points`` of the reference.

    ``exact`` says that the points are all distinct values of the reference, so that its distribution function
    is flat between two neighbours and statistics computed on the grid are exact. Otherwise the points are
    quantiles and a statistic is off by at most one cell's share.
    """

    points: NDArray[np.float64]
    exact: bool

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NumericGrid):
            return NotImplemented
        return self is other or (self.exact == other.exact and np.array_equal(self.points, other.points))

    __hash__ = None  # type: ignore[assignment]  # holds an array


def build_grid(values: NDArray[np.float64], max_points: int) -> NumericGrid:
    """Choose the grid for one column of the reference.

    Args:
        values: The reference's numbers, shape ``(n,)``; NaN and infinities are ignored, and none may be left.
        max_points: Distinct values up to which the grid is exact; beyond it, this many quantiles at most. At
            least 2, so that the smallest and the largest value are always points.

    Returns:
        The grid; without points when no value is finite.

    Raises:
        ValueError: If ``max_points`` is below 2.

    Examples:
        >>> build_grid(np.array([3.0, 1.0, np.nan, 3.0]), max_points=10)
        NumericGrid(points=array([1., 3.]), exact=True)
        >>> build_grid(np.arange(1_000.0), max_points=3)
        NumericGrid(points=array([  0., 500., 999.]), exact=False)
    """
    if max_points < 2:
        raise ValueError(f"max_points is {max_points}; a grid needs at least 2")
    ordered = np.sort(values[np.isfinite(values)])
    distinct = np.unique(ordered)
    if distinct.size <= max_points:
        return NumericGrid(points=distinct, exact=True)
    ranks = np.linspace(0, ordered.size - 1, max_points).round().astype(np.intp)
    return NumericGrid(points=np.unique(ordered[ranks]), exact=False)
