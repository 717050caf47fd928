"""Production batches and label files as they lie in their folders.

A delivery is described without being read; one corrupt file never hinders the others. A batch id or a label
file's name that is an ISO date is its date: a label file is not known before its own date.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset, DatasetError

from churn_monitoring.core.dates import parse_date
from churn_monitoring.core.errors import DataError
from churn_monitoring.datasets.files import read_parts, read_table
from churn_monitoring.datasets.part_file import PartFile
from churn_monitoring.engines.local_scan import draw_rows, scan_chunks
from churn_monitoring.engines.progress import Progress
from churn_monitoring.scanning import BatchScan, DrawnRows, ScanPlan

SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivered file, not yet read."""

    batch_id: str
    batch_date: date | None
    path: Path
    predictions: Path

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size

    @property
    def modified_ns(self) -> int:
        """Time of the last change, nanoseconds since 1970."""
        return self.path.stat().st_mtime_ns

    @property
    def modified_date(self) -> date:
        """UTC date of the last change."""
        return datetime.fromtimestamp(self.path.stat().st_mtime, tz=UTC).date()

    def fingerprint(self) -> str:
        """SHA-256 of the file's bytes, hexadecimal."""
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def scan(self, plan: ScanPlan) -> BatchScan:
        """Read the file once, chunk by chunk.

        Raises:
            UnusableBatch: a column of the schema is missing, or there is no row.
            DataError: the file cannot be read to its end; nothing is left of the predictions then.
        """
        parts = read_parts(self.path, plan.columns, plan.texts, plan.engine.chunk_rows)
        plan.check_columns(parts.names)
        predictions = PartFile(self.predictions, self.batch_id)
        try:
            total = scan_chunks(parts, plan, predictions.write, Progress(self.path.name, parts.total))
        except BaseException:
            predictions.discard()
            raise
        return total.finish(predictions)

    def draw(self, plan: ScanPlan) -> DrawnRows:
        """Rows to learn from, ``engine.sample_rows`` of the plan at most.

        Raises:
            UnusableBatch: a column of the schema is missing, or there is no row.
            DataError: the file cannot be read to its end.
        """
        parts = read_parts(self.path, plan.dated_columns, plan.texts, plan.engine.chunk_rows)
        plan.check_columns(parts.names)
        return draw_rows(parts, plan, Progress(self.path.name, parts.total))


class DeliveriesDataset(AbstractDataset[Any, dict[str, Delivery]]):
    """The batches of a folder by id, oldest first; ``.part`` and hidden files are not batches.

    Args:
        path: the folder.
        predictions: folder where their predictions will have their place, and grow out of sight before.
        metadata: for kedro-viz.
    """

    def __init__(self, *, path: str, predictions: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self._predictions = Path(predictions)
        self.metadata = metadata

    def load(self) -> dict[str, Delivery]:
        """Describe every batch of the folder; an absent folder holds none.

        Raises:
            DataError: the same batch id is there as CSV and as Parquet.
        """
        found: dict[str, Delivery] = {}
        for path in sorted(self._path.glob("*")):
            if path.suffix not in SUFFIXES or path.name.startswith(".") or not path.is_file():
                continue
            if path.stem in found:
                raise DataError(f"{found[path.stem].path} and {path} have the same batch id: remove one of them.")
            found[path.stem] = Delivery(path.stem, parse_date(path.stem), path, self._predictions)
        in_order = sorted(found.values(), key=lambda one: (one.batch_date or one.modified_date, one.batch_id))
        return {one.batch_id: one for one in in_order}

    def save(self, data: Any) -> None:  # noqa: ARG002
        """Refused: batches are delivered, not produced."""
        raise DatasetError("Production batches are only read; simulation writes them through its own entry.")

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


class LabelFilesDataset(AbstractDataset[Any, dict[str, Callable[[], pd.DataFrame]]]):
    """The label files of a folder by name, in the order of their names, none of them read."""

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> dict[str, Callable[[], pd.DataFrame]]:
        """One callable per file, which raises :class:`DataError` if it cannot be read; an absent folder holds none."""
        paths = [path for path in sorted(self._path.glob("*.csv")) if not path.name.startswith(".")]
        return {path.stem: partial(read_table, path) for path in paths}

    def save(self, data: Any) -> None:  # noqa: ARG002
        """Refused: labels are delivered, not produced."""
        raise DatasetError("Label files are only read; simulation writes them through its own entry.")

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
