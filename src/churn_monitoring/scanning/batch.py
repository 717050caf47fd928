"""The scans of chunks put together, in their order."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from churn_monitoring.scanning.chunk import ChunkScan
from churn_monitoring.scanning.counts import BatchCounts, add_counts
from churn_monitoring.scanning.sample import RowSample, add_samples


@dataclass(frozen=True, eq=False)
class BatchScan:
    """What is left of a batch once it has been read.

    Attributes:
        sample: of its rows.
        counts: of all its rows; None where the sample holds every row, from which all is counted then.
        unparseable: of all its rows, per numeric column the values that are no number.
        predictions: of all its rows, as the engine has put them down; the dataset ``predictions`` puts them in place.
    """

    sample: RowSample
    counts: BatchCounts | None
    unparseable: dict[str, int]
    predictions: Any


@dataclass(frozen=True, eq=False)
class DrawnRows:
    """Rows to learn from: a ``sample`` of ``total``."""

    sample: RowSample
    total: int


class SampleTotal:
    """Adds up samples, which come in the order of the rows; few are put together at a time, for that copies them."""

    def __init__(self) -> None:
        self._parts: list[RowSample] = []
        self._limit: np.uint64 | None = None

    @property
    def limit(self) -> np.uint64 | None:
        """For the samples to come: no row with a larger key can come into this one."""
        return self._limit

    def add(self, sample: RowSample) -> None:
        """Add the next one."""
        self._parts.append(sample)
        keys = np.concatenate([part.keys for part in self._parts])
        if keys.size >= sample.most:
            self._limit = np.partition(keys, sample.most - 1)[sample.most - 1]
        if keys.size > 2 * sample.most:
            self._parts = [add_samples(self._parts)]

    def finish(self) -> RowSample:
        """All of them together.

        Raises:
            ValueError: no sample was added.
        """
        return add_samples(self._parts)


class ScanTotal:
    """Adds up the scans of chunks, which come in the order of the rows."""

    def __init__(self) -> None:
        self._samples = SampleTotal()
        self._counts: BatchCounts | None = None
        self._unparseable: Counter[str] = Counter()

    @property
    def limit(self) -> np.uint64 | None:
        """For the scans to come: no row with a larger key can come into the sample."""
        return self._samples.limit

    def add(self, scan: ChunkScan) -> None:
        """Add the next one."""
        self._unparseable.update(scan.unparseable)
        self._samples.add(scan.sample)
        if scan.counts is not None:
            self._counts = scan.counts if self._counts is None else add_counts(self._counts, scan.counts)

    def finish(self, predictions: Any) -> BatchScan:
        """The batch's scan.

        Raises:
            ValueError: no chunk was added.
        """
        sample = self._samples.finish()
        whole = self._counts is not None and self._counts.rows == sample.table.num_rows
        return BatchScan(sample, None if whole else self._counts, dict(self._unparseable), predictions)
