"""Production batches that Spark reads: Parquet files, or folders of them, wherever it can reach.

A delivery is described without being read, as those of one machine are. Only summaries of its scan, and a bounded
sample of its rows, come to the driver.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from churn_monitoring.core.dates import parse_date
from churn_monitoring.core.errors import DataError, UnusableBatch
from churn_monitoring.datasets.spark_predictions import SparkPredictions
from churn_monitoring.engines.spark_files import FoundFile, SparkFiles, absolute
from churn_monitoring.engines.spark_scan import draw_frame, scan_frame
from churn_monitoring.engines.spark_session import open_spark
from churn_monitoring.scanning import BatchScan, DrawnRows, ScanPlan
from churn_monitoring.scanning.parts import predict_sample

SUFFIX = ".parquet"
_UNREADABLE = ("CANNOT_READ_FILE_FOOTER", "FAILED_READ_FILE", "UNABLE_TO_INFER_SCHEMA", "is not a Parquet file")


@dataclass(frozen=True)
class SparkDelivery:
    """One delivered Parquet file or folder, not yet read.

    ``address`` is where it is, ``predictions`` the folder where those of its rows will be.
    """

    batch_id: str
    batch_date: date | None
    address: str
    predictions: str
    spark: Any

    @property
    def path(self) -> Path:
        """As messages show it."""
        return Path(self.address.removeprefix("file:"))

    @cached_property
    def _files(self) -> list[FoundFile]:
        return SparkFiles(self.spark).find_files(self.address)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.size for one in self._files)

    @property
    def modified_ns(self) -> int:
        """Time of the last change of any file, nanoseconds since 1970."""
        return max((one.modified_ns for one in self._files), default=0)

    @property
    def modified_date(self) -> date:
        """UTC date of the last change."""
        return datetime.fromtimestamp(self.modified_ns / 1e9, tz=UTC).date()

    def fingerprint(self) -> str:
        """SHA-256 of names, sizes and times of the files, hexadecimal: their bytes are too many to be read for it."""
        told = "\n".join(f"{one.address} {one.size} {one.modified_ns}" for one in self._files)
        return hashlib.sha256(told.encode()).hexdigest()

    def scan(self, plan: ScanPlan) -> BatchScan:
        """Read the files once, on the executors.

        Raises:
            UnusableBatch: a column of the schema is missing, or there is no row.
            DataError: a file cannot be read; nothing is left of the predictions then.
        """
        predictions = self._open_hidden()
        try:
            with self._refuse_unreadable():
                scan = scan_frame(self._read(plan), plan, predictions.folder).finish(predictions)
            if scan is None:
                raise _refuse_empty()
        except BaseException:
            predictions.discard()
            raise
        if scan.counts is not None:
            return scan
        # A batch that is its own sample: its predictions are one small file, as on one machine.
        predictions.discard()
        return BatchScan(scan.sample, None, scan.unparseable, predict_sample(scan.sample, plan))

    def draw(self, plan: ScanPlan) -> DrawnRows:
        """Rows to learn from, ``engine.sample_rows`` of the plan at most, chosen on the executors.

        Raises:
            UnusableBatch: a column of the schema is missing, or there is no row.
            DataError: a file cannot be read.
        """
        summaries = self._open_hidden()
        try:
            with self._refuse_unreadable():
                drawn = draw_frame(self._read(plan), plan, summaries.folder).finish_drawing()
        finally:
            summaries.discard()
        if drawn is None:
            raise _refuse_empty()
        return drawn

    def _open_hidden(self) -> SparkPredictions:
        """A new hidden folder beside the predictions, those of killed runs gone."""
        files, hidden = SparkFiles(self.spark), f".{self.batch_id}."
        for left in files.list_names(self.predictions):
            if left.startswith(hidden):
                files.remove(f"{self.predictions}/{left}")
        return SparkPredictions(f"{self.predictions}/{hidden}{uuid.uuid4().hex}.part", files)

    def _read(self, plan: ScanPlan) -> Any:
        if not self._files:
            raise DataError(f"{self.path} holds no Parquet file: deliver it again with its files.")
        frame = self.spark.read.parquet(self.address)
        plan.check_columns(frame.columns)
        return frame

    @contextmanager
    def _refuse_unreadable(self) -> Iterator[None]:
        """What Spark raises about a damaged file becomes a :class:`DataError`; a failing cluster stays what it is."""
        from py4j.protocol import Py4JJavaError
        from pyspark.errors import PySparkException

        try:
            yield
        except (PySparkException, Py4JJavaError) as error:
            told = str(error)
            if not any(sign in told for sign in _UNREADABLE):
                raise
            raise DataError(
                f"{self.path} cannot be read as Parquet ({told.strip().splitlines()[0].rstrip('.')}): deliver the file "
                "again, whole and with a header line."
            ) from error


def _refuse_empty() -> UnusableBatch:
    return UnusableBatch("has a header and no rows: deliver it again with its rows.", "empty_batch")


class SparkDeliveriesDataset(AbstractDataset[Any, dict[str, SparkDelivery]]):
    """The batches of a folder by id, oldest first; hidden files are not batches.

    Args:
        path: the folder, of this machine or an address.
        predictions: folder where their predictions will have their place, and grow out of sight before.
        settings: of Spark.
        metadata: for kedro-viz.
    """

    def __init__(
        self,
        *,
        path: str,
        predictions: str,
        settings: Mapping[str, Any],
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path = absolute(path)
        self._predictions = absolute(predictions)
        self._settings = settings
        self.metadata = metadata

    def load(self) -> dict[str, SparkDelivery]:
        """Describe every batch of the folder; an absent folder holds none.

        Raises:
            DataError: a batch is no Parquet.
        """
        spark = open_spark(self._settings)
        names = [name for name in SparkFiles(spark).list_names(self._path) if not name.startswith((".", "_"))]
        other = [name for name in names if not name.endswith(SUFFIX)]
        if other:
            raise DataError(f"{self._path}/{other[0]} is no Parquet, and Spark reads nothing else here: convert it.")
        found = [self._describe_delivery(name, spark) for name in names]
        in_order = sorted(found, key=lambda one: (one.batch_date or one.modified_date, one.batch_id))
        return {one.batch_id: one for one in in_order}

    def save(self, data: Any) -> None:  # noqa: ARG002
        """Refused: batches are delivered, not produced."""
        raise DatasetError("Production batches are only read; simulation writes them through its own entry.")

    def _describe_delivery(self, name: str, spark: Any) -> SparkDelivery:
        batch_id = name.removesuffix(SUFFIX)
        return SparkDelivery(
            batch_id,
            parse_date(batch_id),
            f"{self._path}/{name}",
            self._predictions,
            spark,
        )

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path}
