"""Scans of the parts of a batch added up where chunks do not come in the order of the rows, as on a cluster.

chunk, file, first row ─ PartTotal.add ─┐
PartSummary of other parts ─ .merge ────┴─ PartTotal ─ summarize ─ PartSummary
                                                     └ finish ─ BatchScan, its sample in the order of files and rows
"""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute

from churn_monitoring.scanning.batch import BatchScan
from churn_monitoring.scanning.chunk import describe_predictions, scan_chunk
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

    @property
    def rows(self) -> int:
        """Rows added so far."""
        return 0 if self._counts is None else self._counts.rows

    def add(self, chunk: pa.Table, file: str, first_row: int) -> pa.Table:
        """Scan a chunk and add it; returns the predictions of its rows.

        Args:
            chunk: rows of one file that follow each other.
            file: its name.
            first_row: number of the chunk's first row in it.
        """
        places = np.arange(first_row, first_row + chunk.num_rows)
        scan = scan_chunk(chunk, self._plan, self._limit, places=places)
        sample = scan.sample.table
        name = pa.DictionaryArray.from_arrays(np.zeros(sample.num_rows, dtype=np.int32), pa.array([file]))
        self.merge(PartSummary(scan.counts, sample.append_column(_FILE, name)))  # type: ignore[arg-type]
        return scan.predictions

    def merge(self, part: PartSummary) -> None:
        """Add what another total has summarized."""
        self._counts = part.counts if self._counts is None else add_counts(self._counts, part.counts)
        self._sample = part.sample if self._sample is None else self._choose([self._sample, part.sample])

    def summarize(self) -> PartSummary | None:
        """What has been added; None if nothing was."""
        if self._counts is None or self._sample is None:
            return None
        return PartSummary(self._counts, self._sample)

    def finish(self, predictions: Any) -> BatchScan | None:
        """The scan of the batch, as it is of chunks in order; None if nothing was added."""
        if self._counts is None or self._sample is None:
            return None
        table = self._order(self._sample, _IN_ORDER).drop_columns([_FILE, PLACE])
        whole = self._counts.rows == table.num_rows
        unparseable = dict(self._counts.table.unparseable)
        return BatchScan(
            RowSample(table, self._plan.engine.sample_rows), None if whole else self._counts, unparseable, predictions
        )

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
        return self._order(table, [(KEY, "ascending"), *_IN_ORDER]).slice(0, most)

    def _order(self, table: pa.Table, by: list[tuple[str, str]]) -> pa.Table:
        # Dictionaries of different chunks have the same level under different codes.
        whole = table.unify_dictionaries()
        keys = whole.select([name for name, _ in by])
        place = keys.column_names.index(_FILE)
        keys = keys.set_column(place, _FILE, keys.column(_FILE).cast(pa.string()))
        return whole.take(compute.sort_indices(keys, sort_keys=by))


def predict_sample(sample: RowSample, plan: ScanPlan) -> pd.DataFrame:
    """The predictions of the sampled rows, as they are kept."""
    ids = pa.array(sample.rows[plan.schema.id], type=pa.string(), from_pandas=True)
    probabilities = plan.calibration.apply(sample.scores)
    seen = compute.is_in(ids, value_set=plan.seen_ids).to_numpy(zero_copy_only=False)
    table = describe_predictions(ids, sample.labels, sample.scores, probabilities, seen, plan)
    predictions: pd.DataFrame = table.to_pandas()
    return predictions
