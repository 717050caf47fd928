"""One feature of reference and batch in the same few bins, for drawing the two on top of each other.

    NumericProfile, NumericProfile ── the reference's grid chooses the bins ──► NumberShape
    CategoryProfile, CategoryProfile ─ the most frequent levels of either ────► CategoryShape

Bins are fixed by the reference alone and counted exactly: a bin ends at points of the grid, where a profile knows its
counts. No value of a row is in a shape, but for the ends of the bins and the names of levels.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from churn_monitoring.profiling.categories import CategoryProfile
from churn_monitoring.profiling.numbers import NumericProfile
from churn_monitoring.profiling.table import TableProfile

BINS = 24
LEVELS = 7
TAIL = 0.005
"""Share of the reference that may lie beyond the bins on either side: a long tail would squeeze all else together."""

LARGEST = float(np.finfo(np.float64).max)
WIDEST = 1e307
"""Half the width of a range beyond which it cannot be cut evenly: it is drawn as one bin."""

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class NumberShape:
    """A number in k bins; each pair is of the reference and of the batch.

    Attributes:
        edges: k + 1 ends of the bins, increasing; a value on an end is in the bin below it.
        reference: k shares of the reference's values.
        batch: k shares of the batch's values.
        below: shares of the values below the first bin.
        above: shares of the values above the last bin.
        lower_quartile: on the reference's grid; None where there are no values, or it lies beyond the grid.
        median: likewise.
        upper_quartile: likewise.
        missing: shares of the rows.
    """

    edges: tuple[float, ...]
    reference: tuple[float, ...]
    batch: tuple[float, ...]
    below: Pair
    above: Pair
    lower_quartile: tuple[float | None, float | None]
    median: tuple[float | None, float | None]
    upper_quartile: tuple[float | None, float | None]
    missing: Pair


@dataclass(frozen=True, slots=True)
class CategoryShape:
    """A category's most frequent levels; each pair is of the reference and of the batch.

    Attributes:
        levels: names, the most frequent of the reference first.
        reference: their shares of the reference's values.
        batch: their shares of the batch's values.
        others: how many more levels there are.
        rest: shares of the values that have one of those.
        missing: shares of the rows.
    """

    levels: tuple[str, ...]
    reference: tuple[float, ...]
    batch: tuple[float, ...]
    others: int
    rest: Pair
    missing: Pair


def shape_feature(reference: TableProfile, batch: TableProfile, feature: str) -> NumberShape | CategoryShape | None:
    """The shape of one feature.

    Args:
        reference: gives the bins.
        batch: profile on the reference's grids.
        feature: one of its columns.

    Returns:
        The shape; None for a number of which the reference has no value, hence no grid.

    Examples:
        >>> reference = TableProfile(4, {}, {"plan": CategoryProfile({"basic": 4}, 0)})
        >>> batch = TableProfile(4, {}, {"plan": CategoryProfile({"basic": 1, "pro": 3}, 0)})
        >>> shape_feature(reference, batch, "plan").batch
        (0.25, 0.75)
    """
    if feature in reference.categorical:
        return _shape_category(reference.categorical[feature], batch.categorical[feature])
    number = reference.numeric[feature]
    return _shape_number(number, batch.numeric[feature]) if number.count else None


def _shape_number(reference: NumericProfile, batch: NumericProfile) -> NumberShape:
    first, last = reference.locate_quantile(TAIL), reference.locate_quantile(1.0 - TAIL)
    ends, edges = _choose_bins(reference.grid.points, first, last)
    sides = [_share_bins(side, first, ends) for side in (reference, batch)]
    return NumberShape(
        edges=edges,
        reference=sides[0][1:-1],
        batch=sides[1][1:-1],
        below=(sides[0][0], sides[1][0]),
        above=(sides[0][-1], sides[1][-1]),
        lower_quartile=(_find_quantile(reference, 0.25), _find_quantile(batch, 0.25)),
        median=(_find_quantile(reference, 0.5), _find_quantile(batch, 0.5)),
        upper_quartile=(_find_quantile(reference, 0.75), _find_quantile(batch, 0.75)),
        missing=(_share_missing(reference), _share_missing(batch)),
    )


def _choose_bins(points: NDArray[np.float64], first: int, last: int) -> tuple[NDArray[np.int64], tuple[float, ...]]:
    """Indices of the points that end a bin, and where to draw its edges: a few values are drawn around each of them."""
    if last - first < BINS:
        values = points[first : last + 1].tolist()
        middles = [low / 2.0 + high / 2.0 for low, high in pairwise(values)]
        half = (middles[0] - values[0], values[-1] - middles[-1]) if middles else (0.5, 0.5)
        outer = max(values[0] - half[0], -LARGEST), min(values[-1] + half[1], LARGEST)
        return np.arange(first, last + 1), (outer[0], *middles, outer[1])
    width = points[last] / 2.0 - points[first] / 2.0  # halves, for the whole of it may overflow
    wanted = points[first] + np.linspace(0.0, 1.0, BINS + 1) * width * 2.0 if width < WIDEST else points[[first, last]]
    edges = np.unique(np.clip(np.searchsorted(points, wanted, side="right") - 1, first, last))
    return edges[1:], tuple(points[edges].tolist())


def _share_bins(side: NumericProfile, first: int, ends: NDArray[np.int64]) -> tuple[float, ...]:
    """Shares of the values below the first bin, in each of them, and above the last; all 0 without values."""
    counts = np.concatenate([side.below[[first]], side.at_or_below[ends], [side.count]])
    return tuple((np.diff(counts, prepend=0) / max(side.count, 1)).tolist())


def _find_quantile(side: NumericProfile, share: float) -> float | None:
    if not side.count or side.at_or_below[-1] < share * side.count:
        return None
    return float(side.grid.points[side.locate_quantile(share)])


def _share_missing(side: NumericProfile | CategoryProfile) -> float:
    return side.missing / max(side.count + side.missing, 1)


def _shape_category(reference: CategoryProfile, batch: CategoryProfile) -> CategoryShape:
    total = max(reference.count, 1), max(batch.count, 1)
    shares = {
        level: (reference.counts.get(level, 0) / total[0], batch.counts.get(level, 0) / total[1])
        for level in {**reference.counts, **batch.counts}
    }
    shown = sorted(shares, key=lambda level: (-max(shares[level]), level))[:LEVELS]
    shown.sort(key=lambda level: (-shares[level][0], -shares[level][1], level))
    rest = [shares[level] for level in shares if level not in shown]
    return CategoryShape(
        levels=tuple(shown),
        reference=tuple(shares[level][0] for level in shown),
        batch=tuple(shares[level][1] for level in shown),
        others=len(rest),
        rest=(sum(share for share, _ in rest), sum(share for _, share in rest)),
        missing=(_share_missing(reference), _share_missing(batch)),
    )
