"""A table as a few classes per column, and as the cells of all columns that predict them.

    coerced row ─ Coding per column ─┬ cell   (fine: what the others are predicted from) ─ locate_cells
                                     └ class  (coarse: what is predicted)

Both are fixed by the reference alone. A value that the reference never had the like of has neither, -1: of the
customers who have it the reference tells nothing, be they a new region or a fault that other checks see.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

CLASSES = 5  # quantile bins of a number that is predicted
CELLS = 10  # ... and of a number that predicts
MAX_LEVELS = 12  # levels of a category with a class of their own; the others share one
HOLE = 0.05  # widest gap between two neighbouring numbers that is none, in widths of the central nine tenths
MIN_ROWS = 20  # reference rows that a class needs: the chance of a rarer one cannot be learned


@dataclass(frozen=True, slots=True)
class NumericCoding:
    """Bins of a number.

    Attributes:
        name: The column.
        cell_edges: Where all cells but the first begin.
        class_edges: Where all classes but the first begin.
        bounds: First and last number of every stretch in which the reference has numbers, in a row.
        missing: Whether missing is a cell and a class, the last.
    """

    name: str
    cell_edges: tuple[float, ...]
    class_edges: tuple[float, ...]
    bounds: tuple[float, ...]
    missing: bool

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return len(self.cell_edges) + 1 + self.missing

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.class_edges) + 1 + self.missing

    def encode_cells(self, values: pd.Series) -> NDArray[np.int64]:
        """int64[n]: the cell of each value, or -1."""
        return self._encode(values, self.cell_edges)

    def encode_classes(self, values: pd.Series) -> NDArray[np.int64]:
        """int64[n]: the class of each value, or -1 for those without a cell."""
        return self._encode(values, self.class_edges)

    def _encode(self, values: pd.Series, edges: Sequence[float]) -> NDArray[np.int64]:
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        found = np.searchsorted(np.asarray(edges), numbers, side="right")
        bounds = np.asarray(self.bounds)
        left, right = (np.searchsorted(bounds, numbers, side=side) for side in ("left", "right"))
        found = np.where((left % 2 == 1) | (left != right), found, -1)  # inside a stretch, or at an end of one
        return np.where(np.isnan(numbers), len(edges) + 1 if self.missing else -1, found).astype(np.int64)


@dataclass(frozen=True, slots=True)
class CategoryCoding:
    """Levels (``None`` is missing) with a class of their own, and those that share the class after them."""

    name: str
    levels: tuple[str | None, ...]
    pooled: tuple[str | None, ...]

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.classes

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.levels) + bool(self.pooled)

    def encode_cells(self, values: pd.Series) -> NDArray[np.int64]:
        """int64[n]: the class of each level, which is its cell as well; -1 for one without."""
        return self.encode_classes(values)

    def encode_classes(self, values: pd.Series) -> NDArray[np.int64]:
        """int64[n]: the class of each level; -1 for one without."""
        known = {level: number for number, level in enumerate(self.levels)}
        known |= dict.fromkeys(self.pooled, len(self.levels))
        codes, distinct = pd.factorize(values)
        found = [known.get(str(level), -1) for level in distinct] + [known.get(None, -1)]
        return np.asarray(found, dtype=np.int64)[codes]


Coding = NumericCoding | CategoryCoding


def fit_number(values: pd.Series) -> NumericCoding:
    """Cut a number at the quantiles of the reference; few distinct values give fewer bins.

    Examples:
        >>> coding = fit_number(pd.Series([0.0, 0.0, 0.0, 1.0, 2.0] * 20, name="calls"))
        >>> coding.cell_edges, coding.bounds
        ((1.0, 2.0), (-0.1, 0.0, 1.0, 1.0, 2.0, 2.1))
        >>> coding.encode_cells(pd.Series([0.0, 1.0, 1.5, 2.0, 9.0, None]))
        array([ 0,  1, -1,  2, -1, -1])
    """
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    known = numbers[~np.isnan(numbers)]
    missing = int(numbers.size - known.size) >= MIN_ROWS
    return NumericCoding(str(values.name), _cut(known, CELLS), _cut(known, CLASSES), _bound(known), missing)


def fit_category(values: pd.Series) -> CategoryCoding:
    """Give the commonest levels of the reference a class each, and one to the rest if it is large enough.

    Examples:
        >>> fit_category(pd.Series(["a"] * 30 + ["b"] * 25 + ["c"] * 15 + [None] * 10, name="plan"))
        CategoryCoding(name='plan', levels=('a', 'b'), pooled=('c', None))
    """
    counts: dict[str | None, int] = {str(level): int(rows) for level, rows in values.value_counts().items() if rows}
    if missing := int(values.isna().sum()):
        counts[None] = missing
    ordered = sorted(counts, key=lambda level: (-counts[level], level is None, level or ""))
    levels = tuple(level for level in ordered[:MAX_LEVELS] if counts[level] >= MIN_ROWS)
    pooled = tuple(ordered[len(levels) :])
    enough = sum(counts[level] for level in pooled) >= MIN_ROWS
    return CategoryCoding(str(values.name), levels, pooled if enough else ())


def locate_cells(rows: pd.DataFrame, codings: Sequence[Coding]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the cells of all columns through, and find each row's in every column.

    Args:
        rows: Coerced rows; a column that is absent has no cell in any row.
        codings: One per column.

    Returns:
        int64[m, columns], the cells of the rows that have one in every column, and int64[m], the positions of
        these rows.

    Examples:
        >>> plan, region = CategoryCoding("plan", ("a", "b"), ()), CategoryCoding("region", ("x", "y"), ())
        >>> rows = pd.DataFrame({"plan": ["b", "z", "a"], "region": ["x", "x", "y"]})
        >>> cells, known = locate_cells(rows, [plan, region])
        >>> cells.tolist(), known.tolist()
        ([[1, 2], [0, 3]], [0, 2])
    """
    absent = np.full(len(rows), -1)
    found = np.array(
        [coding.encode_cells(rows[coding.name]) if coding.name in rows.columns else absent for coding in codings]
    )
    known = np.flatnonzero((found >= 0).all(axis=0))
    starts = np.cumsum([0, *(coding.cells for coding in codings)])[:-1]
    return np.ascontiguousarray((found[:, known] + starts[:, None]).T), known


def _cut(known: NDArray[np.float64], bins: int) -> tuple[float, ...]:
    if not known.size:
        return ()
    edges = np.unique(np.quantile(known, np.arange(1, bins) / bins, method="higher"))
    return tuple(float(edge) for edge in edges if edge > known.min())


def _bound(known: NDArray[np.float64]) -> tuple[float, ...]:
    """The stretches without a hole, the outermost widened by as much as is no hole."""
    if not known.size:
        return ()
    low, high = np.quantile(known, (0.05, 0.95))
    distinct = np.unique(known)
    reach = HOLE * float(high - low or distinct[-1] - distinct[0])
    holes = np.flatnonzero(np.diff(distinct) > reach)
    inner = np.column_stack([distinct[holes], distinct[holes + 1]]).ravel()
    return (float(distinct[0]) - reach, *(float(bound) for bound in inner), float(distinct[-1]) + reach)
