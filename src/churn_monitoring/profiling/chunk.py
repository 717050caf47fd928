"""One chunk of a batch, as it comes from a file or a partition, in a summary that adds up with those of the others.

chunk ─ read_columns ─ ChunkColumns ─ summarize_columns ─ ChunkSummary ─ add_chunks ─ ChunkSummary of the batch
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from churn_monitoring.profiling.categories import CategoryProfile
from churn_monitoring.profiling.merge import merge_profiles
from churn_monitoring.profiling.numbers import profile_numbers
from churn_monitoring.profiling.repeats import RepeatSketch, add_sketches, sketch_repeats
from churn_monitoring.profiling.table import TableProfile
from churn_monitoring.tables.arrow import Codes, read_arrow_codes, read_arrow_numbers, read_arrow_texts
from churn_monitoring.tables.hashing import fingerprint_columns, fingerprint_ids

Chunk = Any
"""Rows with ``num_rows``, ``column_names`` and ``column(name)``, such as a ``pyarrow.Table``."""


@dataclass(frozen=True, slots=True, eq=False)
class ChunkColumns:
    """The features of a chunk as they are read everywhere, and values per numeric column that are no number."""

    rows: int
    numbers: dict[str, np.ndarray]
    codes: dict[str, Codes]
    unparseable: dict[str, int]

    def fingerprint(self) -> np.ndarray:
        """``uint64[rows]``, equal for rows that agree in every feature."""
        return fingerprint_columns([*self.numbers.values(), *self.codes.values()], self.rows)


@dataclass(frozen=True, slots=True, eq=False)
class ChunkSummary:
    """Profile of the features, values per numeric column that are no number, and which rows and ids repeat."""

    profile: TableProfile
    unparseable: dict[str, int]
    rows: RepeatSketch
    ids: RepeatSketch


def read_columns(chunk: Chunk, reference: TableProfile) -> ChunkColumns:
    """Read the feature columns of a chunk; a feature that is not among them is missing in every row."""
    unparseable: dict[str, int] = {}
    numbers: dict[str, np.ndarray] = {}
    for name in reference.numeric:
        numbers[name], unparseable[name] = _read_numbers(chunk, name)
    codes = {name: _read_codes(chunk, name) for name in reference.categorical}
    return ChunkColumns(chunk.num_rows, numbers, codes, unparseable)


def summarize_columns(
    columns: ChunkColumns, reference: TableProfile, rows: np.ndarray, ids: np.ndarray
) -> ChunkSummary:
    """Summarize the features of a chunk on the reference's grids.

    Args:
        columns: of the chunk.
        reference: gives features and grids.
        rows: ``uint64[rows]``, fingerprints of the rows.
        ids: ``uint64``, fingerprints of the ids that are there.
    """
    profile = profile_columns(columns, reference)
    return ChunkSummary(profile, columns.unparseable, sketch_repeats(rows), sketch_repeats(ids))


def profile_columns(columns: ChunkColumns, reference: TableProfile) -> TableProfile:
    """The profile of a chunk on the grids of ``reference``; those of chunks add up to the last bit."""
    numeric = {
        name: profile_numbers(values, reference.numeric[name].grid, additive=True)
        for name, values in columns.numbers.items()
    }
    categorical = {name: _profile_codes(column) for name, column in columns.codes.items()}
    return TableProfile(columns.rows, numeric, categorical)


def summarize_chunk(chunk: Chunk, reference: TableProfile, id_column: str | None) -> ChunkSummary:
    """Read and summarize the feature columns of a chunk that is not scored.

    Args:
        chunk: raw columns.
        reference: gives features and grids.
        id_column: of the customers; None or absent: no ids are looked at.
    """
    columns = read_columns(chunk, reference)
    ids = np.empty(0, dtype=np.uint64)
    if id_column is not None and id_column in chunk.column_names:
        ids = fingerprint_ids(read_arrow_texts(chunk.column(id_column)).drop_null())
    return summarize_columns(columns, reference, columns.fingerprint(), ids)


def add_chunks(first: ChunkSummary, second: ChunkSummary) -> ChunkSummary:
    """The summary of both chunks together."""
    return ChunkSummary(
        merge_profiles(first.profile, second.profile),
        {name: count + second.unparseable[name] for name, count in first.unparseable.items()},
        add_sketches(first.rows, second.rows),
        add_sketches(first.ids, second.ids),
    )


def _read_numbers(chunk: pa.Table, name: str) -> tuple[np.ndarray, int]:
    if name not in chunk.column_names:
        return np.full(chunk.num_rows, np.nan), 0
    return read_arrow_numbers(chunk.column(name))


def _read_codes(chunk: pa.Table, name: str) -> Codes:
    if name not in chunk.column_names:
        return Codes(np.full(chunk.num_rows, -1), ())
    return read_arrow_codes(chunk.column(name))


def _profile_codes(column: Codes) -> CategoryProfile:
    counts = column.count()
    return CategoryProfile(dict(sorted(counts.items())), int(column.codes.size) - sum(counts.values()))
