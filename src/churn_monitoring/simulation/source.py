"""What a source of customers gives: the training table once, and rows with known labels for every week."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from churn_monitoring.core.options import Change
from churn_monitoring.simulation.association import KnownTable


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """Raw rows with their target, and what is known about it.

    ``churned`` is float64[n] of 1, 0 and NaN; ``probability`` the true P(y | x) in force, ``None`` where
    nobody knows it.
    """

    rows: pd.DataFrame
    churned: np.ndarray
    probability: np.ndarray | None

    def take(self, positions: np.ndarray) -> "LabelledRows":
        """The rows at ``positions``, in that order, numbered anew."""
        return LabelledRows(
            self.rows.iloc[positions].reset_index(drop=True),
            self.churned[positions],
            None if self.probability is None else self.probability[positions],
        )


class Source(Protocol):
    """Where simulated customers come from."""

    @property
    def customers(self) -> pd.DataFrame:
        """The labelled training table, as a business would have it before the first week."""

    @property
    def known(self) -> KnownTable:
        """The labelled table in which columns are ordered and compared."""

    @property
    def timeline(self) -> tuple[Change, ...]:
        """The changes of the scenario, each with the columns it strikes."""

    def draw(self, week: int, count: int, changes: Sequence[Change]) -> LabelledRows:
        """``count`` different customers of ``week`` (from 1), labelled by the concepts among ``changes``.

        The first ``batch_rows`` are the week's own, whatever the changes; what exceeds them is for shifts to
        choose from. With returning customers there may be fewer than ``count``, never than ``batch_rows``.

        Raises:
            ConfigurationError: the source does not have that many rows for the week.
        """
