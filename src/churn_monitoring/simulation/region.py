"""A part of the customers, by one column: where a concept turns, or where nobody was before.

find_region   an end of the column, at its outermost share of the known customers
find_middle   the middle third of a number
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.tables.columns import read_numbers


@dataclass(frozen=True, slots=True)
class Region:
    """The customers between two positions of a column, both included; see :meth:`KnownTable.measure_position`."""

    column: str
    low: float
    high: float
    with_missing: bool = True

    def contains(self, known: KnownTable, rows: pd.DataFrame) -> np.ndarray:
        """bool[n]: which of ``rows`` are inside; a missing value stands where the known table puts it, or outside."""
        position = known.measure_position(rows, self.column)
        inside: np.ndarray = (self.low <= position) & (position <= self.high)
        return inside if self.with_missing else inside & read_numbers(rows[self.column])[0].notna().to_numpy()


def find_region(known: KnownTable, column: str, share: float) -> Region:
    """Find the lowest or the highest ``share`` of the known customers along ``column``.

    It is the end with more churners, so that much changes. Equal values are inside or outside together:
    the region holds at least ``share`` of the rows, and of a category whole levels.

    Args:
        known: The labelled table.
        column: A feature of the schema.
        share: 0 is nobody, 1 everybody.
    """
    position = pd.Series(known.measure_position(known.rows, column))
    rows_below = position.rank(method="min").to_numpy() - 1
    rows_above = len(position) - position.rank(method="max").to_numpy()
    lowest, highest = rows_below < share * len(position), rows_above < share * len(position)
    if not lowest.any():
        return Region(column, np.inf, -np.inf)
    churned = known.labels.to_numpy() == 1
    if churned[lowest].sum() > churned[highest].sum():
        return Region(column, -np.inf, float(position[lowest].max()))
    return Region(column, float(position[highest].min()), np.inf)


def find_middle(known: KnownTable, column: str) -> Region:
    """Find the middle third of the known customers by the rank of a number; a missing one is outside.

    Equal values are inside or outside together, as their middle rank says.

    Raises:
        ConfigurationError: that third is nobody, or there is nobody else.
    """
    numbers = known.read_numbers(column)
    ranks = (numbers.rank() - 0.5) / numbers.notna().sum()
    inside = ranks.between(1 / 3, 2 / 3)
    if not inside.any() or inside[numbers.notna()].all():
        raise ConfigurationError(
            f"simulation: the values of column '{column}' are too few for a middle third that could be a new "
            "region; name another column."
        )
    return Region(column, float(numbers[inside].min()), float(numbers[inside].max()), with_missing=False)
