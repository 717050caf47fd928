"""Adding up the profiles of chunks.

Counts, extremes and missing rows are exact whatever the split and the order. So is the sum ``inside`` of additive
profiles; of others it is that of floating point, so that two splits may differ in the last digits.
"""

from functools import singledispatch
from typing import Any, TypeVar

from churn_monitoring.profiling.categories import CategoryProfile
from churn_monitoring.profiling.numbers import NumericProfile
from churn_monitoring.profiling.table import TableProfile

Profile = TypeVar("Profile", NumericProfile, CategoryProfile, TableProfile)


def merge_profiles(first: Profile, second: Profile) -> Profile:
    """Profile of two chunks together, from the profiles of each.

    Args:
        first: Profile of a column or of a table; not changed.
        second: One of the same kind, on the same grid.

    Returns:
        What profiling both chunks at once would have given.

    Raises:
        ValueError: If the grids or the columns differ.
        TypeError: If the two are of different kinds.

    Examples:
        >>> first = CategoryProfile({"no": 1}, missing=0)
        >>> merge_profiles(first, CategoryProfile({"no": 1, "yes": 2}, missing=3))
        CategoryProfile(counts={'no': 2, 'yes': 2}, missing=3)
    """
    if type(first) is not type(second):
        raise TypeError(f"cannot merge {type(first).__name__} with {type(second).__name__}")
    merged: Profile = _merge(first, second)
    return merged


@singledispatch
def _merge(first: object, _second: Any) -> Any:
    raise TypeError(f"cannot merge {type(first).__name__}")


@_merge.register
def _merge_numbers(first: NumericProfile, second: NumericProfile) -> NumericProfile:
    if first.grid != second.grid:
        raise ValueError("profiles on different grids cannot be merged; profile both on the reference's grid")
    lows = [value for value in (first.minimum, second.minimum) if value is not None]
    highs = [value for value in (first.maximum, second.maximum) if value is not None]
    return NumericProfile(
        grid=first.grid,
        at_or_below=first.at_or_below + second.at_or_below,
        below=first.below + second.below,
        count=first.count + second.count,
        missing=first.missing + second.missing,
        minimum=min(lows, default=None),
        maximum=max(highs, default=None),
        inside=first.inside + second.inside,
        outside=first.outside + second.outside,
    )


@_merge.register
def _merge_categories(first: CategoryProfile, second: CategoryProfile) -> CategoryProfile:
    levels = sorted(first.counts.keys() | second.counts.keys())
    counts = {level: first.counts.get(level, 0) + second.counts.get(level, 0) for level in levels}
    return CategoryProfile(counts=counts, missing=first.missing + second.missing)


@_merge.register
def _merge_tables(first: TableProfile, second: TableProfile) -> TableProfile:
    if [*first.numeric, *first.categorical] != [*second.numeric, *second.categorical]:
        raise ValueError("profiles of different columns cannot be merged")
    return TableProfile(
        rows=first.rows + second.rows,
        numeric={name: _merge_numbers(part, second.numeric[name]) for name, part in first.numeric.items()},
        categorical={
            name: _merge_categories(part, second.categorical[name]) for name, part in first.categorical.items()
        },
    )
