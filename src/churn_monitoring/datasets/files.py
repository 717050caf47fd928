"""Files that are replaced whole or not at all.

Kedro's own datasets truncate the target before they write, so a full disk or a kill destroys the last good
file. These write beside the target and rename, which POSIX and Windows both do atomically.
"""

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pandas as pd
from kedro.io import AbstractDataset

from churn_monitoring.core.errors import DataError
from churn_monitoring.tables import find_separator


def write_atomically(path: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then put it in its place.

    Raises:
        OSError: the folder is read-only or the disk is full; ``path`` is then what it was before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


class AtomicFileDataset(AbstractDataset[Any, Any]):
    """Base of the atomic file datasets; a subclass says how bytes become data and back."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> Any:
        """The file's content.

        Raises:
            DataError: there is no such file, or it cannot be read.
        """
        if not self._filepath.is_file():
            raise DataError(
                f"{show_path(self._filepath)} does not exist: put it there (plain `kedro run` simulates a business "
                "where nothing is given)."
            )
        try:
            return self._read(self._filepath)
        except (ValueError, OSError) as error:
            raise DataError(
                f"{show_path(self._filepath)} cannot be read ({_first_line(error)}): remove it, and run again what "
                "wrote it."
            ) from error

    def save(self, data: Any) -> None:
        """Replace the file by ``data``, whole or not at all."""
        write_atomically(self._filepath, lambda stream: self._write(stream, data))

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}

    def _read(self, path: Path) -> Any:
        raise NotImplementedError

    def _write(self, stream: IO[bytes], data: Any) -> None:
        raise NotImplementedError


class AtomicJSONDataset(AtomicFileDataset):
    """A JSON document, indented, keys in the order given, no NaN."""

    def _read(self, path: Path) -> Any:
        return json.loads(path.read_text(encoding="utf-8"))

    def _write(self, stream: IO[bytes], data: Any) -> None:
        stream.write((json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


class AtomicTextDataset(AtomicFileDataset):
    """A UTF-8 text, such as an HTML page."""

    def _read(self, path: Path) -> str:
        return path.read_text(encoding="utf-8")

    def _write(self, stream: IO[bytes], data: str) -> None:
        stream.write(data.encode())


class AtomicParquetDataset(AtomicFileDataset):
    """A table in Parquet, without its index."""

    def _read(self, path: Path) -> pd.DataFrame:
        return pd.read_parquet(path)

    def _write(self, stream: IO[bytes], data: pd.DataFrame) -> None:
        data.to_parquet(stream, index=False)


class AtomicCSVDataset(AtomicFileDataset):
    """A table in CSV; every value is read as the text it is written as, blank means missing.

    Columns are given their meaning by the schema, not by guessing: an identifier keeps its leading zeros.
    """

    def _read(self, path: Path) -> pd.DataFrame:
        return read_table(path)

    def _write(self, stream: IO[bytes], data: pd.DataFrame) -> None:
        data.to_csv(stream, index=False, lineterminator="\n")


class AtomicFigureDataset(AtomicFileDataset):
    """A matplotlib figure as SVG or PNG, by the file's suffix."""

    def _write(self, stream: IO[bytes], data: Any) -> None:
        data.savefig(stream, format=self._filepath.suffix.lstrip("."), metadata={"Date": None})


def show_path(path: Path) -> str:
    """The path as a person standing in the project writes it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV (all text) or Parquet file.

    Raises:
        DataError: the file is empty, not UTF-8, not what its suffix says, or has rows longer than its header.
    """
    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    except (ValueError, OSError, KeyError, TypeError) as error:  # the last two: damaged metadata of a Parquet file
        kind = "Parquet" if path.suffix == ".parquet" else "UTF-8 CSV"
        raise DataError(
            f"{show_path(path)} cannot be read as {kind} ({_first_line(error)}): deliver the file again, whole and "
            "with a header line."
        ) from error


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    except pd.errors.ParserError as error:
        raise ValueError(f"{_first_line(error)}{_explain_fields(path)}") from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes the surplus for row names, and every column shifts
        surplus = f"its rows have more fields than the {table.shape[1]} of its header"
        raise ValueError(f"{surplus}{_explain_fields(path)}")
    return table


def _explain_fields(path: Path) -> str:
    """What rows longer than the header most likely are, as the end of a sentence: commas that separate nothing."""
    header = path.read_text(encoding="utf-8-sig").partition("\n")[0]
    separator = find_separator([header]) if "," not in header else None
    if separator is not None:
        return f"; it is separated by {separator!r}, where commas are expected"
    return "; are there decimal commas or texts with commas without quotes?"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no data in it"])[0].rstrip(".")
