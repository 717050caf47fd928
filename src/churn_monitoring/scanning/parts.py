"""Scans of the parts of a batch added up where chunks do not come in the order of the rows, as on a cluster.

chunk, file, first row ─ PartTotal.add ─┐
PartSummary of other parts ─ .merge ────┴─ PartTotal ─ summarize ─ PartSummary
                                                     └ finish ─ BatchScan, its sample in the order of files and rows

The same of rows that are only drawn, by ``draw`` and ``finish_drawing``.
"""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute

from churn_monitoring.scanning.batch import BatchScan, DrawnRows
from churn_monitoring.scanning.chunk import describe_predictions, draw_chunk, scan_chunk
from churn_monitoring.scanning.counts import BatchCounts, add_counts
from churn_monitoring.scanning.plan import ScanPlan
from churn_monitoring.scanning.sample import KEY, PLACE, RowSample
from churn_monitoring.scanning.storage import PartSummary

_FILE = "file"
_IN_ORDER = [(_FILE, "ascending"), (PLACE, "ascending")]


class PartTotal:
    """Adds up chunks and parts, to the same whatever their order.

    Args:
        plan: of the scan.
    """

    def __init__(self, plan: ScanPlan) -> None:
        self._plan = plan
        self._counts: BatchCounts | None = None
        self._sample: pa.Table | None = None
        self.rows = 0

    def add(self, chunk: pa.Table, file: str, first_row: int) -> pa.Table:
        """Scan a chunk and add it; returns the predictions of its rows.

        Args:
            chunk: rows of one file that follow each other.
            file: its name.
            first_row: number of the chunk's first row in it.
        """
        scan = scan_chunk(chunk, self._plan, self._limit, places=_number(chunk, first_row))
        self.merge(PartSummary(chunk.num_rows, _name_file(scan.sample.table, file), scan.counts))
        return scan.predictions

    def draw(self, chunk: pa.Table, file: str, first_row: int) -> None:
        """As :meth:`add` of rows that are wanted only, neither scored nor counted."""
        sample = draw_chunk(chunk, self._plan, self._limit, places=_number(chunk, first_row))
        self.merge(PartSummary(chunk.num_rows, _name_file(sample.table, file)))

    def merge(self, part: PartSummary) -> None:
        """Add what another total has summarized."""
        self.rows += part.rows
        if part.counts is not None:
            self._counts = part.counts if self._counts is None else add_counts(self._counts, part.counts)
        self._sample = part.sample if self._sample is None else self._choose([self._sample, part.sample])

    def summarize(self) -> PartSummary | None:
        """What has been added; None if nothing was."""
        return None if self._sample is None else PartSummary(self.rows, self._sample, self._counts)

    def finish(self, predictions: Any) -> BatchScan | None:
        """The scan of the batch, as it is of chunks in order; None if nothing was added."""
        drawn = self.finish_drawing()
        if drawn is None or self._counts is None:
            return None
        whole = drawn.sample.table.num_rows == self.rows
        unparseable = dict(self._counts.table.unparseable)
        return BatchScan(drawn.sample, None if whole else self._counts, unparseable, predictions)

    def finish_drawing(self) -> DrawnRows | None:
        """The rows drawn, in the order of files and rows; None if nothing was added."""
        if self._sample is None:
            return None
        table = _order(self._sample, _IN_ORDER).drop_columns([_FILE, PLACE])
        return DrawnRows(RowSample(table, self._plan.engine.sample_rows), self.rows)

    @property
    def _limit(self) -> np.uint64 | None:
        full = self._sample is not None and self._sample.num_rows == self._plan.engine.sample_rows
        return self._sample.column(KEY).to_numpy().max() if full and self._sample is not None else None

    def _choose(self, samples: list[pa.Table]) -> pa.Table:
        """Of all rows those with the smallest keys, of equal ones those that come first in the batch."""
        table = pa.concat_tables(samples, promote_options="default")
        most = self._plan.engine.sample_rows
        if table.num_rows <= most:
            return table
        return _order(table, [(KEY, "ascending"), *_IN_ORDER]).slice(0, most)


def _number(chunk: pa.Table, first_row: int) -> np.ndarray:
    return np.arange(first_row, first_row + chunk.num_rows)


def _name_file(sample: pa.Table, file: str) -> pa.Table:
    name = pa.DictionaryArray.from_arrays(np.zeros(sample.num_rows, dtype=np.int32), pa.array([file]))
    return sample.append_column(_FILE, name)


def _order(table: pa.Table, by: list[tuple[str, str]]) -> pa.Table:
    # Dictionaries of different chunks have the same level under different codes.
    whole = table.unify_dictionaries()
    keys = whole.select([name for name, _ in by])
    keys = keys.set_column(keys.column_names.index(_FILE), _FILE, keys.column(_FILE).cast(pa.string()))
    return whole.take(compute.sort_indices(keys, sort_keys=by))


def predict_sample(sample: RowSample, plan: ScanPlan) -> pd.DataFrame:
    """The predictions of the sampled rows, as they are kept."""
    ids = pa.array(sample.rows[plan.schema.id], type=pa.string(), from_pandas=True)
    probabilities = plan.calibration.apply(sample.scores)
    seen = compute.is_in(ids, value_set=plan.seen_ids).to_numpy(zero_copy_only=False)
    table = describe_predictions(ids, sample.labels, sample.scores, probabilities, seen, plan)
    predictions: pd.DataFrame = table.to_pandas()
    return predictions
