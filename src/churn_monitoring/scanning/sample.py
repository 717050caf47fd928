"""A bounded number of a batch's rows for what counts cannot tell, the same however it was divided.

chunk ─ draw_sample ─ RowSample ─ add_samples ─ RowSample of the batch

Kept are the rows whose customer has the smallest hash. So the samples of two batches hold the same returning
customers, as far as both have them, and rows of one customer are kept or left out together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

KEY, LABEL, SCORE = "key", "label", "score"
PLACE = "place"
"""Column with the row's number in its file, of samples that are put in order later."""

_ROW, _RAW = "row/", "raw/"


@dataclass(frozen=True, eq=False)
class RowSample:
    """Rows of a batch in the order in which they came.

    Attributes:
        table: ``key`` (hash of the customer, by which rows are chosen), ``label`` (NaN where unknown), ``score``,
            ``row/<column>`` (id and features as they are read everywhere) and ``raw/<column>`` (of a number, its text
            as delivered where it could not be read, else null).
        most: rows that are kept at most.
    """

    table: pa.Table
    most: int

    @cached_property
    def keys(self) -> np.ndarray:
        """``uint64[n]``."""
        return np.asarray(self.table.column(KEY).to_numpy())

    @property
    def labels(self) -> np.ndarray:
        """``float64[n]`` of 0, 1 and NaN."""
        return np.array(self.table.column(LABEL).to_numpy())

    @property
    def scores(self) -> np.ndarray:
        """``float64[n]``."""
        return np.array(self.table.column(SCORE).to_numpy())

    @property
    def rows(self) -> pd.DataFrame:
        """Id and features, as :func:`~churn_monitoring.tables.coerce_rows` gives them."""
        return pd.DataFrame({name: self._read(_ROW + name) for name in self._named(_ROW)})

    @property
    def raw(self) -> pd.DataFrame | None:
        """Columns with values that could not be read, with nothing but these; None where all could be."""
        names = [name for name in self._named(_RAW) if self._has_values(_RAW + name)]
        return pd.DataFrame({name: self._read(_RAW + name) for name in names}) if names else None

    def _named(self, prefix: str) -> list[str]:
        return [name.removeprefix(prefix) for name in self.table.column_names if name.startswith(prefix)]

    def _has_values(self, name: str) -> bool:
        return bool(self.table.column(name).null_count < self.table.num_rows)

    def _read(self, name: str) -> pd.Series:
        column = self.table.column(name)
        if pa.types.is_floating(column.type):
            return pd.Series(column.to_numpy())
        if pa.types.is_timestamp(column.type):
            return pd.Series(column.to_pandas())
        return pd.Series(column.cast(pa.string()).to_pandas(), dtype="str")


def choose_rows(keys: np.ndarray, most: int, limit: np.uint64 | None = None) -> np.ndarray | None:
    """``int64[m]``: positions of at most ``most`` rows with the smallest keys, in order; None for all of them.

    Args:
        keys: ``uint64[n]``; of equal ones the first are chosen.
        most: rows to choose at most.
        limit: larger keys are of no use.

    >>> choose_rows(np.array([5, 1, 5, 9], dtype=np.uint64), 2)
    array([0, 1])
    """
    places = None if limit is None else np.flatnonzero(keys <= limit)
    if places is None or places.size == keys.size:
        if keys.size <= most:
            return None
        places = np.arange(keys.size)
    if places.size <= most:
        return places
    chosen = keys[places]
    largest = np.partition(chosen, most - 1)[most - 1]
    surely = chosen < largest
    at_the_border = np.flatnonzero(chosen == largest)[: most - np.count_nonzero(surely)]
    surely[at_the_border] = True
    return np.asarray(places[surely])


def draw_sample(
    own: Mapping[str, np.ndarray], rows: Mapping[str, pa.Array], raw: Mapping[str, Any], most: int
) -> RowSample:
    """The sample of one chunk, from columns of the rows that were chosen.

    Args:
        own: ``key``, ``label`` and ``score``.
        rows: id and features.
        raw: of each numeric feature the unreadable texts.
        most: rows that are kept at most.
    """
    columns = {**own, **_prefix(_ROW, rows), **_prefix(_RAW, raw)}
    return RowSample(pa.table(columns), most)


def add_samples(samples: Sequence[RowSample]) -> RowSample:
    """The sample of several chunks together, in their order.

    Raises:
        ValueError: there is no sample.
    """
    if not samples:
        raise ValueError("there is no sample to add up")
    most = samples[0].most
    # A chunk without unreadable values has them as plain nulls.
    table = pa.concat_tables([sample.table for sample in samples], promote_options="default")
    chosen = choose_rows(np.concatenate([sample.keys for sample in samples]), most)
    return RowSample(table if chosen is None else table.take(chosen), most)


def _prefix(prefix: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    return {prefix + name: column for name, column in columns.items()}
