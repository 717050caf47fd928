"""Faults after which every column looks as usual and no longer belongs to the others."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from churn_monitoring.core.options import Change
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.cells import put_texts
from churn_monitoring.tables.columns import read_text

Fault = Callable[[pd.DataFrame, np.random.Generator, Change, KnownTable], pd.DataFrame]


def struck_column(change: Change) -> str:
    """The column of a completed change; :class:`ValueError` where it has none."""
    if change.column is None:
        raise ValueError(f"{change.kind} has no column: complete the timeline first")
    return change.column


def strike_rows(rows: pd.DataFrame, rng: np.random.Generator, change: Change) -> np.ndarray:
    """bool[n], which rows are struck: exactly the rounded share, chosen at random."""
    struck = np.zeros(len(rows), dtype=bool)
    struck[rng.permutation(len(rows))[: round(change.strength * len(rows))]] = True
    return struck


def _permute_category(rows: pd.DataFrame, rng: np.random.Generator, change: Change, known: KnownTable) -> pd.DataFrame:
    """Every level is delivered as the next one of the known table, the last as the first."""
    column = struck_column(change)
    spellings = known.rows[column].groupby(read_text(known.rows[column])).first()
    following = dict(zip(spellings.index, np.roll(spellings.astype(object).to_numpy(), -1), strict=True))
    turned = read_text(rows[column]).astype(object).map(following)
    struck = strike_rows(rows, rng, change) & turned.notna().to_numpy()
    values = rows[column].astype(object).mask(struck, turned)
    return rows.assign(**{column: values.astype(rows[column].dtype)})


def _join_from_other_rows(rows: pd.DataFrame, rng: np.random.Generator, change: Change, _: KnownTable) -> pd.DataFrame:
    """The struck rows stand in a random circle, and each has the columns of the next."""
    circle = rng.permutation(np.flatnonzero(strike_rows(rows, rng, change)))
    giver = np.arange(len(rows))
    giver[circle] = np.roll(circle, -1)
    return rows.assign(**{name: rows[name].array.take(giver) for name in change.columns})


def _swap_columns(rows: pd.DataFrame, rng: np.random.Generator, change: Change, _: KnownTable) -> pd.DataFrame:
    (one, other), struck = change.columns, strike_rows(rows, rng, change)
    if struck.all():
        return rows.assign(**{one: rows[other], other: rows[one]})
    for column, giver in ((one, rows[other]), (other, rows[one])):
        rows = _put(rows, column, struck, giver)
    return rows


def _put(rows: pd.DataFrame, column: str, struck: np.ndarray, giver: pd.Series) -> pd.DataFrame:
    if is_numeric_dtype(rows[column].dtype) and is_numeric_dtype(giver.dtype):
        return rows.assign(**{column: rows[column].astype(np.float64).mask(struck, giver)})
    return put_texts(rows, column, struck, giver.astype(object).map(str, na_action="ignore").astype("str"))


MIXUPS: dict[str, Fault] = {
    "permuted_category": _permute_category,
    "joined_columns": _join_from_other_rows,
    "swapped_columns": _swap_columns,
}
