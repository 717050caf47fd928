"""A Parquet file that grows table by table out of sight and is put in its place when it is whole."""

import os
import tempfile
import weakref
from pathlib import Path
from typing import Any

import pyarrow as pa

from churn_monitoring.datasets.files import AtomicParquetDataset


class PartFile:
    """A hidden ``.part`` file in the folder of its later place; it is gone where it never gets there.

    Args:
        folder: of the later place: renaming is atomic within one file system.
        name: part of the hidden file's name.
    """

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, path = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=".part")
        self._path = Path(path)
        self._stream = os.fdopen(descriptor, "wb")
        self._open: list[Any] = [self._stream]  # what has to be closed, the last opened last
        self._discard = weakref.finalize(self, _discard, self._open, self._path)

    def write(self, table: pa.Table) -> None:
        """Append the rows; the first table gives the columns."""
        if len(self._open) == 1:
            self._open.append(_open_writer(self._stream, table))
        self._open[-1].write_table(table)

    def place(self, target: Path) -> None:
        """Finish the file and put it in place of ``target``.

        Raises:
            OSError: the disk is full; ``target`` is then what it was before.
        """
        self._open.pop().close()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        os.chmod(self._path, 0o644)
        os.replace(self._path, target)

    def discard(self) -> None:
        """Remove what was written, if it has not been put in place."""
        self._discard()


class PlacedParquetDataset(AtomicParquetDataset):
    """A table in Parquet, given whole or as a :class:`PartFile`."""

    def save(self, data: Any) -> None:
        """Replace the file by ``data``, whole or not at all."""
        if isinstance(data, PartFile):
            data.place(self._filepath)
        else:
            super().save(data)


def _open_writer(stream: Any, table: pa.Table) -> Any:
    from pyarrow import parquet

    # Of columns with many values a dictionary is given up once it is full, having cost time.
    constant = [name for name in table.column_names if name in ("threshold", "model_version")]
    return parquet.ParquetWriter(stream, table.schema, use_dictionary=constant)


def _discard(opened: list[Any], path: Path) -> None:
    while opened:
        opened.pop().close()
    path.unlink(missing_ok=True)
