"""What "high" means in a column, and which column says most about churn, learnt from one labelled table.

Changes are written without knowing the table: "shift the strongest number upwards", "turn the concept along
the strongest column". Numbers are ordered by value, categories by the churn rate of their level, so one order
serves both. It is fixed by the known table alone and never by the batch that is being changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from churn_monitoring.core.options import TableSchema
from churn_monitoring.tables.coerce import read_labels
from churn_monitoring.tables.columns import read_numbers, read_text


@dataclass(frozen=True)
class KnownTable:
    """A labelled raw table that orders the values of its feature columns; what it knows is computed once."""

    rows: pd.DataFrame
    schema: TableSchema
    _numbers: dict[str, pd.Series] = field(default_factory=dict, init=False, repr=False, compare=False)
    _rates: dict[str, pd.Series] = field(default_factory=dict, init=False, repr=False, compare=False)
    _strengths: dict[str, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def labels(self) -> pd.Series:
        """float64[n] of 1, 0 and NaN."""
        return read_labels(self.rows[self.schema.target], self.schema)

    def read_numbers(self, column: str) -> pd.Series:
        """float64[n], a numeric feature with NaN where it is missing or unreadable."""
        if column not in self._numbers:
            self._numbers[column] = read_numbers(self.rows[column])[0]
        return self._numbers[column]

    def measure_position(self, rows: pd.DataFrame, column: str) -> np.ndarray:
        """Place ``rows`` along one of the schema's features, low to high.

        Args:
            rows: Any raw rows that have ``column``.
            column: A feature of the schema.

        Returns:
            float64[n] without NaN: the number, or the churn rate of the category in the known table. A
            missing number stands at the known median, a missing or unknown category at the overall rate.
        """
        if column in self.schema.numeric:
            known = self.read_numbers(column).median()
            numbers = read_numbers(rows[column])[0]
            return numbers.fillna(0.0 if np.isnan(known) else known).to_numpy(dtype=np.float64)
        if column not in self._rates:
            self._rates[column] = self.labels.groupby(read_text(self.rows[column])).mean()
        rates = read_text(rows[column]).map(self._rates[column])
        return rates.astype(np.float64).fillna(self.labels.mean()).to_numpy()

    def find_strongest(self, columns: Sequence[str]) -> str:
        """The column whose position ranks churners and stayers apart best; the first of equals."""
        return self.order_by_strength(columns)[0]

    def order_by_strength(self, columns: Sequence[str]) -> tuple[str, ...]:
        """``columns``, those whose position ranks churners and stayers apart best first; equals stay in order."""
        return tuple(sorted(columns, key=lambda name: -self._measure_strength(name)))

    def _measure_strength(self, column: str) -> float:
        if column not in self._strengths:
            labels = self.labels.to_numpy()
            known = ~np.isnan(labels)
            position = self.measure_position(self.rows, column)
            self._strengths[column] = measure_separation(labels[known], position[known])
        return self._strengths[column]

    def find_commonest(self, column: str) -> object:
        """The most frequent value of ``column`` as it is spelt there; the first seen of equals, if any."""
        counts = self.rows[column].value_counts(sort=False)
        return counts.idxmax() if len(counts) else None


def measure_separation(labels: np.ndarray, position: np.ndarray) -> float:
    """How far the ROC-AUC of ``position`` is from chance, in either direction.

    Args:
        labels: float64[n] of 0 and 1.
        position: float64[n] without NaN.

    Returns:
        ``|AUC - 1/2|`` by midranks, 0 to 0.5; 0 where only one class is present.

    Examples:
        >>> measure_separation(np.array([1.0, 0.0]), np.array([3.0, 5.0]))
        0.5
        >>> measure_separation(np.array([1.0, 1.0]), np.array([3.0, 5.0]))
        0.0
    """
    positives = labels.sum()
    pairs = positives * (len(labels) - positives)
    if not pairs > 0:
        return 0.0
    ranks = pd.Series(position).rank().to_numpy()
    area = (ranks[labels == 1].sum() - positives * (positives + 1) / 2) / pairs
    return float(abs(area - 0.5))
