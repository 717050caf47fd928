"""What is kept of one categorical column: how often each level occurs."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class CategoryProfile:
    """Mergeable summary of one categorical column: rows per level (sorted by level), and rows without one.

    Its size grows with the number of levels: a column of free text or of ids is no category.
    """

    counts: dict[str, int]
    missing: int

    @property
    def count(self) -> int:
        """Rows that have a level."""
        return sum(self.counts.values())


def profile_categories(values: "pd.Series[Any] | NDArray[Any]") -> CategoryProfile:
    """Count the levels of one categorical column, or of a chunk of it.

    Args:
        values: Text, shape ``(n,)``, not changed; ``None`` and NaN are missing. Anything else is counted
            under its text form.

    Returns:
        The counts; those of chunks add up with :func:`~churn_monitoring.profiling.merge_profiles`.

    Examples:
        >>> profile_categories(pd.Series(["yes", "no", None, "yes"]))
        CategoryProfile(counts={'no': 1, 'yes': 2}, missing=1)
    """
    column = pd.Series(values)
    found = column.value_counts(dropna=True, sort=False)
    counts: dict[str, int] = {}
    for level, rows in zip(found.index.tolist(), found.tolist(), strict=True):
        if rows:  # an unused level of a pandas category is no level
            counts[str(level)] = counts.get(str(level), 0) + int(rows)
    return CategoryProfile(counts=dict(sorted(counts.items())), missing=len(column) - int(sum(counts.values())))
