"""A large table in Parquet, of which a sample is loaded: what training learns from where Spark is."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset, DatasetError

from churn_monitoring.core.errors import DataError
from churn_monitoring.engines.spark_files import SparkFiles, absolute
from churn_monitoring.engines.spark_sample import collect_sample
from churn_monitoring.engines.spark_session import open_spark


class SparkTableDataset(AbstractDataset[Any, pd.DataFrame]):
    """A Parquet file or a folder of them; loads at most ``sample_rows`` rows, chosen on the executors.

    Args:
        path: of the file or folder, of this machine or an address.
        key: column of the customers' ids, by whose hash rows are chosen.
        sample_rows: rows at most.
        settings: of Spark.
        metadata: for kedro-viz.
    """

    def __init__(
        self,
        *,
        path: str,
        key: str,
        sample_rows: int,
        settings: Mapping[str, Any],
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path = absolute(path)
        self._shown = path
        self._key, self._sample_rows = key, sample_rows
        self._settings = settings
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """The rows, or a sample of them; ``attrs["notes"]`` then says of how many.

        Raises:
            DataError: there is no Parquet file, or no column ``key`` in it.
        """
        spark = open_spark(self._settings)
        if not SparkFiles(spark).find_files(self._path):
            raise DataError(f"{self._shown} holds no Parquet file: put the training table there, or change spark.yml.")
        frame = spark.read.parquet(self._path)
        if self._key not in frame.columns:
            raise DataError(f"{self._shown} has no column '{self._key}': name the one of the ids in spark.yml.")
        return collect_sample(frame, self._key, self._sample_rows, self._shown)

    def save(self, data: Any) -> None:  # noqa: ARG002
        """Refused: the table is delivered."""
        raise DatasetError("The training table is only read here; simulation writes one through its own entry.")

    def _exists(self) -> bool:
        return bool(SparkFiles(open_spark(self._settings)).find_files(self._path))

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path, "sample_rows": self._sample_rows}
