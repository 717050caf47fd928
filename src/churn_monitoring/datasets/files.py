"""Files that are replaced whole or not at all.

Kedro's own datasets truncate the target before they write, so a full disk or a kill destroys the last good
file. These write beside the target and rename, which POSIX and Windows both do atomically.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any

import pandas as pd
import pyarrow as pa
from kedro.io import AbstractDataset

from churn_monitoring.core.errors import DataError
from churn_monitoring.engines.local import read_batches
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
    with refuse_unreadable(path):
        return pd.read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)


def read_parts(path: Path, columns: Sequence[str], texts: Sequence[str], rows: int) -> "Parts":
    """Open a CSV (all text) or Parquet file to be read in parts; what is wrong with it may show at any of them.

    Args:
        path: of the file.
        columns: wanted, as far as the file has them. A CSV is read whole line by line, to see lines that are too long.
        texts: columns of few distinct values, read as codes where the file has them so.
        rows: of a part, at most.

    Raises:
        DataError: as :func:`read_table`.
    """
    with refuse_unreadable(path):
        if path.suffix == ".parquet":
            names, total, tables = read_batches(path, columns, texts, rows)
            return Parts(path, names, total, tables)
        frames = _read_csv_parts(path, rows)
        first = next(frames)
        names = list(map(str, first.columns))
        wanted = [name for name in names if name in columns]
        tables = (pa.Table.from_pandas(part[wanted], preserve_index=False) for part in chain([first], frames))
        return Parts(path, names, None, tables)


@dataclass
class Parts:
    """A file as tables, each read when asked for; ``names`` of all its columns, ``total`` rows where that is known."""

    path: Path
    names: list[str]
    total: int | None
    tables: Iterator[pa.Table]

    def __iter__(self) -> Iterator[pa.Table]:
        """The tables in order.

        Raises:
            DataError: the next one cannot be read.
        """
        while True:
            with refuse_unreadable(self.path):
                table = next(self.tables, None)
            if table is None:
                return
            yield table


@contextmanager
def refuse_unreadable(path: Path) -> Iterator[None]:
    """Whatever a reader raises about a damaged file becomes a :class:`DataError` with the remedy."""
    try:
        yield
    except pd.errors.ParserError as error:
        raise _refuse(path, f"{_first_line(error)}{_explain_fields(path)}") from error
    except (ValueError, OSError, KeyError, TypeError) as error:  # the last two: damaged metadata of a Parquet file
        raise _refuse(path, _first_line(error)) from error


def _refuse(path: Path, why: str) -> DataError:
    kind = "Parquet" if path.suffix == ".parquet" else "UTF-8 CSV"
    return DataError(
        f"{show_path(path)} cannot be read as {kind} ({why}): deliver the file again, whole and with a header line."
    )


def _read_csv(path: Path) -> pd.DataFrame:
    return _check_fields(path, pd.read_csv(path, dtype=str, encoding="utf-8-sig"))


def _read_csv_parts(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    """At least one, which has no rows where there is a header alone."""
    with pd.read_csv(path, dtype=str, encoding="utf-8-sig", chunksize=rows) as frames:
        for frame in frames:
            yield _check_fields(path, frame)


def _check_fields(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Refuse a table whose rows are all longer than its header.

    Raises:
        ValueError: pandas took the surplus for row names, and every column shifted.
    """
    if isinstance(table.index, pd.RangeIndex):
        return table
    surplus = f"its rows have more fields than the {table.shape[1]} of its header"
    raise ValueError(f"{surplus}{_explain_fields(path)}")


def _explain_fields(path: Path) -> str:
    """What rows longer than the header most likely are, as the end of a sentence: commas that separate nothing."""
    header = path.read_text(encoding="utf-8-sig").partition("\n")[0]
    separator = find_separator([header]) if "," not in header else None
    if separator is not None:
        return f"; it is separated by {separator!r}, where commas are expected"
    return "; are there decimal commas or texts with commas without quotes?"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no data in it"])[0].rstrip(".")
