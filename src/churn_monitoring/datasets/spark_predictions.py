"""Predictions of every row of a batch: a folder that Spark has written, or one small file."""

from collections.abc import Mapping
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from churn_monitoring.datasets.folder import FolderDataset
from churn_monitoring.engines.spark_files import SparkFiles, absolute
from churn_monitoring.engines.spark_scan import KIND, PREDICTION
from churn_monitoring.engines.spark_session import open_spark


class SparkPredictions:
    """A hidden folder that Spark writes beside its later place; it is removed where it never gets there."""

    def __init__(self, folder: str, files: SparkFiles) -> None:
        self.folder = folder
        self._files = files

    def place(self, target: str) -> None:
        """Put the predictions in place of ``target``, and remove what else was written.

        Raises:
            OSError: they could not be moved.
        """
        self._files.move(f"{self.folder}/{KIND}={PREDICTION}", target)
        self.discard()

    def discard(self) -> None:
        """Remove what has not been put in place."""
        self._files.remove(self.folder)


class SparkPredictionsDataset(AbstractDataset[dict[str, Any], Any]):
    """Saves the predictions of a batch where they belong, by batch id.

    Args:
        path: folder of this machine for those of batches that are looked at as a whole.
        large: folder, of this machine or an address, for those that Spark writes.
        dataset, suffix: of the files in ``path``, as of :class:`~churn_monitoring.datasets.folder.FolderDataset`.
        settings: of Spark.
        metadata: for kedro-viz.
    """

    def __init__(
        self,
        *,
        path: str,
        large: str,
        dataset: str,
        suffix: str,
        settings: Mapping[str, Any],
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._small = FolderDataset(path=path, dataset=dataset, suffix=suffix)
        self._large = absolute(large)
        self._settings = settings
        self.metadata = metadata

    def save(self, data: dict[str, Any]) -> None:
        """Put those of every batch in place, and remove those of an earlier delivery that was of the other size."""
        for name, content in data.items():
            folder = f"{self._large}/{name}"
            if isinstance(content, SparkPredictions):
                content.place(folder)
                self._small.save({name: None})
            else:
                self._small.save({name: content})
                SparkFiles(open_spark(self._settings)).remove(folder)

    def load(self) -> Any:
        """Refused: what is needed of them is kept apart."""
        raise DatasetError("Predictions are only written; earlier ones are read through their own entry.")

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._large)}
