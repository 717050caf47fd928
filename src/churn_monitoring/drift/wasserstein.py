"""Wasserstein distance: how far has a number moved, in standard deviations of the reference?"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from churn_monitoring.profiling import NumericProfile

Array = NDArray[np.float64]
TAIL_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class Wasserstein:
    """Mean way a row has to move, in units of ``scale``, with values clipped to [``low``, ``high``].

    ``scale`` is the standard deviation of the reference after clipping. It is 0, and the unit one row that
    leaves the constant, where the reference is constant but for its tails; ``low`` and ``high`` are
    ``None`` where a side is empty.
    """

    distance: float
    scale: float
    low: float | None
    high: float | None


class _Cells(NamedTuple):
    """A distribution function over the cells between two grid points: at their ends and on average."""

    start: Array
    mean: Array
    stop: Array


def compare_wasserstein(reference: NumericProfile, batch: NumericProfile) -> Wasserstein:
    """Measure how far a column of numbers has moved, robustly.

    The distance is ``integral of |F(x) - G(x)| dx`` from the reference's 0.5 % to its 99.5 % quantile, over
    the reference's standard deviation within the same limits: the Wasserstein-1 distance of the clipped
    columns. Clipping makes it robust: values of 1e6 in the batch add at most one way to the limit each, and
    in the reference they do not blow up the unit, which in other definitions hides every shift.

    It is an effect size, not a test: without any change it is about ``1.2 sqrt(1/n + 1/m)``. Its limits: what
    happens beyond the two quantiles counts as being there; a reference with more than 0.5 % of sentinel
    values (999999) on a side, or of fewer than 200 rows, has them inside the limits. On an exact grid it is
    exact up to rounding, except in cells within which F and G cross; there the middle of the sharp bounds
    given the mean of G over the cell is taken (G as even as it can be, and G with a single step). On a
    quantile grid the difference of the means of F and G is taken per cell.

    Args:
        reference: Profile on its own grid.
        batch: Profile on the same grid.

    Returns:
        Distance 0 where either side has no values. For a reference whose two quantiles coincide at c
        (constant, or nearly so) values are mapped to -1, 0 and 1 as they are below, at or above c, and the
        distance is that of the mapped columns: the share of rows that left the constant.

    References:
        S. S. Vallender, "Calculation of the Wasserstein distance between probability distributions on the
        line", Theory of Probability and Its Applications 18 (1974) 784-786.

    Examples:
        >>> from churn_monitoring.profiling import build_grid, profile_numbers
        >>> values = np.append(np.arange(10_000.0), 1e6)
        >>> grid = build_grid(values, max_points=65_536)
        >>> reference, batch = profile_numbers(values, grid), profile_numbers(values + 1_000, grid)
        >>> round(compare_wasserstein(reference, batch).distance, 2)
        0.33
    """
    if not reference.count or not batch.count:
        return Wasserstein(0.0, 0.0, None, None)
    first, last = reference.locate_quantile(TAIL_SHARE), reference.locate_quantile(1 - TAIL_SHARE)
    points = reference.grid.points
    low, high = float(points[first]), float(points[last])
    # Halves: the width of a grid over the whole range of floats overflows.
    span = high / 2 - low / 2
    if span == 0.0:
        return Wasserstein(_share_that_left(reference, batch, first), 0.0, low, high)
    position = np.asarray((points[first : last + 1] / 2 - low / 2) / span)
    before, after = _read_cells(reference, first, last), _read_cells(batch, first, last)
    deviation = _measure_deviation(reference, before, position, first, last)
    way = float((_bound_middle(before, after) * np.diff(position)).sum())
    with np.errstate(over="ignore"):
        return Wasserstein(way / deviation, min(2 * deviation * span, np.finfo(float).max), low, high)


def _read_cells(profile: NumericProfile, first: int, last: int) -> _Cells:
    start = profile.at_or_below[first:last]
    inside = profile.inside[first:last]
    stop = profile.below[first + 1 : last + 1]
    return _Cells(start / profile.count, (start + inside) / profile.count, stop / profile.count)


def _bound_middle(before: _Cells, after: _Cells) -> Array:
    """Mean of |F - G| over each cell.

    Where F is flat, the middle of the sharp bounds, which coincide unless F and G cross. Where it is not, on
    a quantile grid, the lower bound: the cell is narrow, and a column has to be at no distance from itself.
    """
    level = before.mean
    rise = after.stop - after.start
    # Share of the cell that a G with one step spends before it.
    early = np.divide(after.stop - after.mean, rise, out=np.zeros_like(rise), where=rise > 0)
    one_step = early * np.abs(level - after.start) + (1 - early) * np.abs(level - after.stop)
    least = np.abs(level - after.mean)
    return np.where(before.start == before.stop, (least + one_step) / 2, least)


def _measure_deviation(reference: NumericProfile, cells: _Cells, position: Array, first: int, last: int) -> float:
    """Standard deviation of the clipped reference, in widths of the clipping range."""
    atom = (reference.at_or_below - reference.below)[first : last + 1] / reference.count
    atom[0] = reference.at_or_below[first] / reference.count
    atom[-1] = 1 - reference.below[last] / reference.count
    between = cells.stop - cells.start
    back = np.divide(cells.mean - cells.start, between, out=np.zeros_like(between), where=between > 0)
    weights = np.concatenate([atom, between])
    places = np.concatenate([position, position[1:] - back * np.diff(position)])
    centre = float((weights * places).sum())
    return float(np.sqrt((weights * (places - centre) ** 2).sum()))


def _share_that_left(reference: NumericProfile, batch: NumericProfile, index: int) -> float:
    below = reference.below[index] / reference.count - batch.below[index] / batch.count
    above = reference.at_or_below[index] / reference.count - batch.at_or_below[index] / batch.count
    return float(abs(below) + abs(above))
