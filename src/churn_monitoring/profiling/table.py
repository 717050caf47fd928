"""A table as profiles of its feature columns.

The rows are coerced ones (numbers as float64, categories as text); see ``churn_monitoring.tables``.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn_monitoring.core.errors import DataError
from churn_monitoring.core.options import TableSchema
from churn_monitoring.profiling.categories import CategoryProfile, profile_categories
from churn_monitoring.profiling.grid import build_grid
from churn_monitoring.profiling.numbers import NumericProfile, profile_numbers


@dataclass(frozen=True, slots=True)
class TableProfile:
    """Mergeable summary of a table; the dictionaries keep the order of the schema."""

    rows: int
    numeric: dict[str, NumericProfile]
    categorical: dict[str, CategoryProfile]


def fit_reference_profile(rows: pd.DataFrame, schema: TableSchema, max_points: int) -> TableProfile:
    """Fix the grids on the reference and summarize it on them.

    Args:
        rows: Coerced rows of the reference with every feature of the schema; not changed.
        schema: Names the features.
        max_points: Distinct values of a number up to which its profile is exact, at least 2.

    Returns:
        The profile every batch is compared with.

    Raises:
        DataError: If the reference lacks a feature.

    Examples:
        >>> schema = TableSchema(id="id", target="y", positive="yes", date=None,
        ...                      numeric=("age",), categorical=("plan",), ignored=())
        >>> reference = pd.DataFrame({"age": [30.0, 40.0], "plan": ["basic", "pro"]})
        >>> profile = fit_reference_profile(reference, schema, max_points=100)
        >>> profile.numeric["age"].grid.points, profile.categorical["plan"].counts
        (array([30., 40.]), {'basic': 1, 'pro': 1})
    """
    absent = [name for name in schema.features if name not in rows.columns]
    if absent:
        raise DataError(
            f"the reference has no column {', '.join(map(repr, absent))}; "
            "add it to the table or take it out of schema.numeric / schema.categorical"
        )
    numeric: dict[str, NumericProfile] = {}
    for name in schema.numeric:
        values = _to_numbers(rows[name])
        numeric[name] = profile_numbers(values, build_grid(values, max_points))
    categorical = {name: profile_categories(rows[name]) for name in schema.categorical}
    return TableProfile(rows=len(rows), numeric=numeric, categorical=categorical)


def profile_rows(rows: pd.DataFrame, reference: TableProfile) -> TableProfile:
    """Summarize a batch, or a chunk of it, on the grids of the reference.

    A feature that the rows lack is missing in every row, which the quality checks then report; columns that
    the reference lacks are ignored.

    Args:
        rows: Coerced rows; not changed, and there may be none.
        reference: Gives the columns and their grids.

    Returns:
        A profile with the columns of ``reference`` in the same order.

    Examples:
        >>> schema = TableSchema(id="id", target="y", positive="yes", date=None,
        ...                      numeric=("age",), categorical=(), ignored=())
        >>> reference = fit_reference_profile(pd.DataFrame({"age": [30.0, 40.0]}), schema, max_points=100)
        >>> profile_rows(pd.DataFrame({"age": [35.0]}), reference).numeric["age"].at_or_below
        array([0, 1])
        >>> profile_rows(pd.DataFrame({"other": [35.0]}), reference).numeric["age"].missing
        1
    """
    numeric = {}
    for name, known in reference.numeric.items():
        values = _to_numbers(rows[name]) if name in rows.columns else np.full(len(rows), np.nan)
        numeric[name] = profile_numbers(values, known.grid)
    categorical = {
        name: profile_categories(rows[name]) if name in rows.columns else CategoryProfile(counts={}, missing=len(rows))
        for name in reference.categorical
    }
    return TableProfile(rows=len(rows), numeric=numeric, categorical=categorical)


def _to_numbers(column: pd.Series) -> NDArray[np.float64]:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)
