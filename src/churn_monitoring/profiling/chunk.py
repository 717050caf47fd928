"""One chunk of a batch, as it comes from a file or a partition, in a summary that adds up with those of the others.

pyarrow.Table ─ summarize_chunk ─ ChunkSummary ─ add_chunks ─ ChunkSummary of the batch
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from churn_monitoring.profiling.categories import CategoryProfile
from churn_monitoring.profiling.merge import merge_profiles
from churn_monitoring.profiling.numbers import profile_numbers
from churn_monitoring.profiling.repeats import RepeatSketch, add_sketches, sketch_repeats
from churn_monitoring.profiling.table import TableProfile
from churn_monitoring.tables.arrow import Codes, read_arrow_codes, read_arrow_numbers
from churn_monitoring.tables.hashing import fingerprint_columns, fingerprint_ids


@dataclass(frozen=True, slots=True, eq=False)
class ChunkSummary:
    """Profile of the features, values per numeric column that are no number, and which rows and ids repeat."""

    profile: TableProfile
    unparseable: dict[str, int]
    rows: RepeatSketch
    ids: RepeatSketch


def summarize_chunk(chunk: pa.Table, reference: TableProfile, id_column: str | None) -> ChunkSummary:
    """Summarize the feature columns of a chunk on the reference's grids.

    Args:
        chunk: raw columns; a feature that is not among them is missing in every row.
        reference: gives features and grids.
        id_column: of the customers; None or absent: no ids are looked at.
    """
    unparseable: dict[str, int] = {}
    numbers: dict[str, np.ndarray] = {}
    codes: dict[str, Codes] = {}
    for name in reference.numeric:
        numbers[name], unparseable[name] = _read_numbers(chunk, name)
    for name in reference.categorical:
        codes[name] = _read_codes(chunk, name)
    numeric = {name: profile_numbers(values, reference.numeric[name].grid) for name, values in numbers.items()}
    categorical = {name: _profile_codes(column) for name, column in codes.items()}
    rows = chunk.num_rows
    with_ids = id_column is not None and id_column in chunk.column_names
    ids = fingerprint_ids(chunk.column(id_column)) if with_ids else np.empty(0, dtype=np.uint64)
    return ChunkSummary(
        TableProfile(rows, numeric, categorical),
        unparseable,
        sketch_repeats(fingerprint_columns([*numbers.values(), *codes.values()], rows)),
        sketch_repeats(ids),
    )


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
