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
from churn_monitoring.scanning.sample import KEY, LABEL, SCORE, RowSample, choose_rows, draw_sample
from churn_monitoring.tables import read_labels
from churn_monitoring.tables.arrow import read_arrow_codes, read_arrow_texts, spell_codes
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
class _Scored:
    """A chunk with what was found about its ``n`` rows: fingerprints of ids (0 without one) and of rows, scores."""

    chunk: Chunk
    columns: ChunkColumns
    ids: pa.Array
    known: np.ndarray
    id_hashes: np.ndarray
    row_hashes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray


def scan_chunk(chunk: Chunk, plan: ScanPlan, limit: np.uint64 | None = None, *, counted: bool = True) -> ChunkScan:
    """Scan one chunk; every row gets a prediction.

    Args:
        chunk: raw columns, the plan's among them; others are not touched.
        plan: of the scan.
        limit: of the sample of chunks before this one, beyond which no row can come into the batch's sample. It
            saves work and changes no result.
        counted: whether counts are wanted: not where the sample will hold every row.
    """
    scored = _score(chunk, plan)
    probabilities = plan.calibration.apply(scored.scores)
    seen = np.asarray(compute.is_in(scored.ids, value_set=plan.seen_ids).to_numpy(zero_copy_only=False))
    predictions = describe_predictions(scored.ids, scored.labels, scored.scores, probabilities, seen, plan)
    counts = None
    if counted:
        ids = scored.id_hashes[scored.known]
        counts = count_chunk(scored.columns, scored.scores, seen, scored.row_hashes, ids, plan)
    return ChunkScan(predictions, counts, _draw(scored, plan, limit), scored.columns.unparseable)


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
            "model_version": pa.array([plan.version] * rows, type=pa.string()),
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


def _score(chunk: Chunk, plan: ScanPlan) -> _Scored:
    columns = read_columns(chunk, plan.reference)
    ids = read_arrow_texts(chunk.column(plan.schema.id))
    return _Scored(
        chunk=chunk,
        columns=columns,
        ids=ids,
        known=np.asarray(ids.is_valid().to_numpy(zero_copy_only=False)),
        id_hashes=fingerprint_ids(ids),
        row_hashes=columns.fingerprint(),
        labels=read_arrow_labels(chunk, plan.schema),
        scores=plan.scorer.score(columns.numbers, columns.codes, columns.rows),
    )


def _draw(scored: _Scored, plan: ScanPlan, limit: np.uint64 | None) -> RowSample:
    """The rows of the smallest keys; who has no id is known by the features."""
    keys = np.where(scored.known, scored.id_hashes, scored.row_hashes)
    most = plan.engine.sample_rows
    chosen = choose_rows(keys, most, limit)
    places: Any = slice(None) if chosen is None else chosen
    columns = scored.columns
    own = {KEY: keys[places], LABEL: scored.labels[places], SCORE: scored.scores[places]}
    rows: dict[str, Any] = {plan.schema.id: scored.ids if chosen is None else scored.ids.take(chosen)}
    rows |= {name: values[places] for name, values in columns.numbers.items()}
    for name, codes in columns.codes.items():
        spelt = spell_codes(codes)
        rows[name] = spelt if chosen is None else spelt.take(chosen)
    raw = {name: _read_raw(scored, name, chosen) for name in columns.numbers}
    return draw_sample(own, rows, raw, most)


def _read_raw(scored: _Scored, name: str, chosen: np.ndarray | None) -> pa.Array:
    """The texts of a number that could not be read, of the chosen rows."""
    values = scored.columns.numbers[name]
    rows = values.size if chosen is None else chosen.size
    if not scored.columns.unparseable[name]:
        return pa.nulls(rows)
    delivered = scored.chunk.column(name).to_pandas()
    if chosen is not None:
        values, delivered = values[chosen], delivered.iloc[chosen]
    texts = delivered.astype(str)
    unread = np.isnan(values) & delivered.notna().to_numpy() & (texts.str.strip() != "").to_numpy(bool)
    return pa.array(texts.to_numpy(object), mask=~unread, type=pa.string())
