"""A customer met again: the same categories and whole numbers, other numbers nearly the same.

What changes in every customer from week to week are amounts. They move by half a percent, keep the decimals
that the column has, and do not leave the range that the known table has.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.cells import put_numbers
from churn_monitoring.simulation.region import Region
from churn_monitoring.tables.columns import read_numbers, read_text

RELATIVE_DEVIATION = 0.005  # of an amount from one week to another
ROUNDS = 20  # in which twins that came out equal are moved again; amounts have few decimals


@dataclass(frozen=True, slots=True)
class Amount:
    """A number that is not whole: its decimals, and the range that it does not leave, if it is in there."""

    column: str
    decimals: int
    low: float
    high: float


def find_amounts(known: KnownTable) -> tuple[Amount, ...]:
    """Find the numbers of the schema that have decimals in the known table."""
    amounts = []
    for column in known.schema.numeric:
        numbers = known.read_numbers(column)
        decimals = _count_decimals(known.rows[column][numbers.notna()])
        if decimals:
            amounts.append(Amount(column, decimals, float(numbers.min()), float(numbers.max())))
    return tuple(amounts)


def jitter_rows(
    rng: np.random.Generator, rows: pd.DataFrame, chosen: np.ndarray, amounts: Sequence[Amount]
) -> pd.DataFrame:
    """Move every amount ``a`` of the chosen rows to ``a (1 + 0.005 z)``, with z standard normal.

    Args:
        rng: Source of z.
        rows: Raw rows; they are left as they are.
        chosen: bool[n].
        amounts: Of the known table.
    """
    for amount in amounts:
        moved = _move(rng, read_numbers(rows[amount.column])[0], amount)
        rows = put_numbers(rows, amount.column, chosen, moved)
    return rows


def jitter_twins(
    rng: np.random.Generator, rows: pd.DataFrame, amounts: Sequence[Amount], columns: Sequence[str]
) -> pd.DataFrame:
    """Move the amounts of all rows, until no two rows agree in all ``columns`` or only whole numbers are left.

    Args:
        rng: Source of z.
        rows: Raw rows; they are left as they are.
        amounts: Of the known table.
        columns: Those whose equality makes two rows one; the amounts are among them.
    """
    everybody = np.ones(len(rows), dtype=bool)
    others = rows[list(columns)].drop(columns=[amount.column for amount in amounts])
    start = {amount.column: read_numbers(rows[amount.column])[0] for amount in amounts}
    moved = pd.DataFrame({"others": pd.util.hash_pandas_object(others, index=False).to_numpy()}, index=rows.index)
    equal = everybody
    for _ in range(ROUNDS):
        for amount in amounts:
            numbers = _move(rng, start[amount.column], amount)
            moved[amount.column] = numbers.where(equal, moved.get(amount.column, numbers))
        equal = moved.duplicated().to_numpy()
        if not equal.any():
            break
    for amount in amounts:
        rows = put_numbers(rows, amount.column, everybody, moved[amount.column])
    return rows


def keep_side(rows: pd.DataFrame, moved: pd.DataFrame, region: Region | None, known: KnownTable) -> pd.DataFrame:
    """Return ``moved``, with the values of ``rows`` where a jitter went across the border of ``region``."""
    if region is None:
        return moved
    crossed = region.contains(known, rows) != region.contains(known, moved)
    return moved.assign(**{region.column: moved[region.column].mask(crossed, rows[region.column])})


def _move(rng: np.random.Generator, numbers: pd.Series, amount: Amount) -> pd.Series:
    values = numbers.to_numpy()
    moved = np.round(values * (1 + RELATIVE_DEVIATION * rng.standard_normal(len(values))), amount.decimals)
    kept = np.clip(moved, np.minimum(values, amount.low), np.maximum(values, amount.high))
    return pd.Series(kept, index=numbers.index)


def _count_decimals(values: pd.Series) -> int:
    """The most digits after the point of any value; one written with an exponent has as many as a float can."""
    texts = read_text(values).drop_duplicates()
    if texts.str.contains("e", case=False).any():
        return 15
    return int(texts.str.partition(".")[2].str.len().max()) if len(texts) else 0
