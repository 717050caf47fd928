"""One chunk of a batch: read, scored, counted and drawn from.

chunk ─ read_columns ─ features ─┬─ scorer ─ scores ─┬─ predictions, one per row
                                 └───────────────────┼─ BatchCounts
                                                     └─ RowSample
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute

from churn_monitoring.core.options import TableSchema
from churn_monitoring.profiling.chunk import Chunk, ChunkColumns, read_columns
from churn_monitoring.scanning.counts import BatchCounts, count_chunk
from churn_monitoring.scanning.plan import ScanPlan
from churn_monitoring.scanning.sample import KEY, LABEL, PLACE, SCORE, RowSample, choose_rows, draw_sample
from churn_monitoring.tables import read_labels
from churn_monitoring.tables.arrow import read_arrow_codes, read_arrow_texts, spell_codes
from churn_monitoring.tables.columns import read_dates
from churn_monitoring.tables.hashing import fingerprint_ids


@dataclass(frozen=True, eq=False)
class ChunkScan:
    """What comes of one chunk; ``counts`` is None where none were asked for.

    ``unparseable`` are, per numeric column, the values that are no number.
    """

    predictions: pa.Table
    counts: BatchCounts | None
    sample: RowSample
    unparseable: dict[str, int]


@dataclass(frozen=True, eq=False)
class _Read:
    """A chunk with what was read of its ``n`` rows; fingerprints of ids are 0 without one; places where known."""

    chunk: Chunk
    columns: ChunkColumns
    ids: pa.Array
    known: np.ndarray
    id_hashes: np.ndarray
    row_hashes: np.ndarray
    labels: np.ndarray
    places: np.ndarray | None


def scan_chunk(
    chunk: Chunk,
    plan: ScanPlan,
    limit: np.uint64 | None = None,
    *,
    counted: bool = True,
    places: np.ndarray | None = None,
) -> ChunkScan:
    """Scan one chunk; every row gets a prediction.

    Args:
        chunk: raw columns, the plan's among them; others are not touched.
        plan: of the scan.
        limit: of the sample of chunks before this one, beyond which no row can come into the batch's sample. It
            saves work and changes no result.
        counted: whether counts are wanted: not where the sample will hold every row.
        places: ``int64[n]``, kept with the sampled rows where chunks do not come in the order of the rows.
    """
    read = _read(chunk, plan, places)
    columns = read.columns
    scores = plan.scorer.score(columns.numbers, columns.codes, columns.rows)
    probabilities = plan.calibration.apply(scores)
    seen = np.asarray(compute.is_in(read.ids, value_set=plan.seen_ids).to_numpy(zero_copy_only=False))
    predictions = describe_predictions(read.ids, read.labels, scores, probabilities, seen, plan)
    counts = None
    if counted:
        counts = count_chunk(columns, scores, seen, read.row_hashes, read.id_hashes[read.known], plan)
    return ChunkScan(predictions, counts, _draw(read, scores, plan, limit), columns.unparseable)


def draw_chunk(
    chunk: Chunk, plan: ScanPlan, limit: np.uint64 | None = None, *, places: np.ndarray | None = None
) -> RowSample:
    """The sample of one chunk whose rows are wanted and not scored: ``score`` is NaN, and the date comes along."""
    read = _read(chunk, plan, places)
    date = plan.schema.date
    dated = date is not None and date in chunk.column_names
    return _draw(read, np.full(read.columns.rows, np.nan), plan, limit, date if dated else None)


def describe_predictions(
    ids: pa.Array,
    labels: np.ndarray,
    scores: np.ndarray,
    probabilities: np.ndarray,
    seen: np.ndarray,
    plan: ScanPlan,
) -> pa.Table:
    """The predictions as they are kept: one row per customer, with the version and threshold they were made by."""
    rows = len(ids)
    return pa.table(
        {
            "id": ids,
            "score": scores,
            "probability": probabilities,
            "predicted": probabilities >= plan.threshold,
            "label": pa.array(labels, from_pandas=True),
            "seen": seen,
            "threshold": np.full(rows, plan.threshold),
            "model_version": pa.repeat(plan.version, rows),
        }
    )


def describe_no_predictions(plan: ScanPlan) -> pd.DataFrame:
    """The same of no row, as a table of pandas."""
    none = np.empty(0)
    ids = pa.array([], type=pa.string())
    nothing: pd.DataFrame = describe_predictions(ids, none, none, none, none.astype(bool), plan).to_pandas()
    return nothing


def read_arrow_labels(chunk: Chunk, schema: TableSchema) -> np.ndarray:
    """``float64[n]``: 1.0 for who left, 0.0 for who stayed, NaN where it is not known or there is no target."""
    if schema.target not in chunk.column_names:
        return np.full(chunk.num_rows, np.nan)
    told = read_arrow_codes(chunk.column(schema.target))
    # A missing value is coded -1, which takes the last entry.
    labels = read_labels(pd.Series([*told.levels, None], dtype="str"), schema).to_numpy(float)
    return np.asarray(labels[told.codes])


def _read(chunk: Chunk, plan: ScanPlan, places: np.ndarray | None) -> _Read:
    columns = read_columns(chunk, plan.reference)
    ids = read_arrow_texts(chunk.column(plan.schema.id))
    return _Read(
        chunk=chunk,
        columns=columns,
        ids=ids,
        known=np.asarray(ids.is_valid().to_numpy(zero_copy_only=False)),
        id_hashes=fingerprint_ids(ids),
        row_hashes=columns.fingerprint(),
        labels=read_arrow_labels(chunk, plan.schema),
        places=places,
    )


def _draw(
    read: _Read, scores: np.ndarray, plan: ScanPlan, limit: np.uint64 | None, date: str | None = None
) -> RowSample:
    """The rows of the smallest keys; who has no id is known by the features."""
    keys = np.where(read.known, read.id_hashes, read.row_hashes)
    most = plan.engine.sample_rows
    chosen = choose_rows(keys, most, limit)
    places: Any = slice(None) if chosen is None else chosen
    columns = read.columns
    own = {KEY: keys[places], LABEL: read.labels[places], SCORE: scores[places]}
    if read.places is not None:
        own[PLACE] = read.places[places]
    rows: dict[str, Any] = {plan.schema.id: read.ids if chosen is None else read.ids.take(chosen)}
    if date is not None:
        rows[date] = pa.array(read_dates(read.chunk.column(date).to_pandas().iloc[places])[0])
    rows |= {name: values[places] for name, values in columns.numbers.items()}
    for name, codes in columns.codes.items():
        spelt = spell_codes(codes)
        rows[name] = spelt if chosen is None else spelt.take(chosen)
    raw = {name: _read_raw(read, name, chosen) for name in columns.numbers}
    return draw_sample(own, rows, raw, most)


def _read_raw(read: _Read, name: str, chosen: np.ndarray | None) -> pa.Array:
    """The texts of a number that could not be read, of the chosen rows."""
    values = read.columns.numbers[name]
    rows = values.size if chosen is None else chosen.size
    if not read.columns.unparseable[name]:
        return pa.nulls(rows)
    delivered = read.chunk.column(name).to_pandas()
    if chosen is not None:
        values, delivered = values[chosen], delivered.iloc[chosen]
    texts = delivered.astype(str)
    unread = np.isnan(values) & delivered.notna().to_numpy() & (texts.str.strip() != "").to_numpy(bool)
    return pa.array(texts.to_numpy(object), mask=~unread, type=pa.string())
