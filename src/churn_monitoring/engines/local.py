"""A file in chunks, and a function over them on all cores, in memory that does not grow with the file."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property, partial, reduce
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

Result = TypeVar("Result")

_READ_AHEAD = 1 << 20  # bytes of each column


class ParquetChunk:
    """Some row groups of a Parquet file, of which a column is read when it is asked for, and not kept.

    It has a handle of its own on the file, so that chunks can be read by several threads, one each.

    Attributes:
        num_rows: rows of these groups.
        column_names: of the file.
    """

    def __init__(self, open_file: Callable[[], Any], groups: Sequence[int], num_rows: int, names: list[str]) -> None:
        self._open_file = open_file
        self._groups = list(groups)
        self.num_rows = num_rows
        self.column_names = names

    @cached_property
    def _file(self) -> Any:
        return self._open_file()

    def column(self, name: str) -> pa.ChunkedArray:
        """One column of the rows."""
        return self._file.read_row_groups(self._groups, columns=[name], use_threads=False).column(0)


def read_chunks(path: Path, text: Sequence[str], rows: int) -> Iterator[ParquetChunk]:
    """The row groups of a Parquet file, as many together as have ``rows`` rows at most, and one at least.

    Args:
        path: of the file.
        text: columns of few distinct values, which are read as codes where the file has them so.
        rows: of a chunk.
    """
    from pyarrow import parquet

    metadata = parquet.read_metadata(path)
    names = metadata.schema.to_arrow_schema().names
    sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    # Names of columns that the file lacks are passed over by the reader.
    open_file = partial(parquet.ParquetFile, path, metadata=metadata, read_dictionary=list(text))
    for groups in _put_together(sizes, rows):
        yield ParquetChunk(open_file, groups, sum(sizes[group] for group in groups), names)


def read_batches(
    path: Path, columns: Sequence[str], texts: Sequence[str], rows: int
) -> tuple[list[str], int, Iterator[pa.Table]]:
    """A Parquet file in tables of a fixed number of rows, whatever the sizes of its row groups.

    Args:
        path: of the file.
        columns: to read, as far as the file has them; others are not decoded.
        texts: columns of few distinct values, which are read as codes where the file has them so.
        rows: of every table but the last.

    Returns:
        Names of all columns of the file, its rows, and the tables.
    """
    from pyarrow import parquet

    metadata = parquet.read_metadata(path)
    names = metadata.schema.to_arrow_schema().names
    wanted, coded = ([name for name in names if name in some] for some in (columns, texts))
    # Decoded page by page: a whole row group may be a million rows.
    file = parquet.ParquetFile(
        path, metadata=metadata, read_dictionary=coded, pre_buffer=False, buffer_size=_READ_AHEAD
    )
    batches = file.iter_batches(batch_size=rows, columns=wanted, use_threads=False)
    return names, metadata.num_rows, _fill(batches, rows)


def _fill(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """Tables of ``rows`` rows: codes change at the border of a row group, where the reader divides a batch."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(one.num_rows for one in waiting) >= rows:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


def _put_together(sizes: Sequence[int], rows: int) -> Iterator[list[int]]:
    groups: list[int] = []
    for group, size in enumerate(sizes):
        if groups and sum(sizes[one] for one in groups) + size > rows:
            yield groups
            groups = []
        groups.append(group)
    if groups:
        yield groups


def map_chunks(function: Callable[[pa.Table], Result], chunks: Iterable[pa.Table], threads: int) -> Iterator[Result]:
    """Results in the order of the chunks, of which at most one more than ``threads`` are in memory."""
    if threads == 1:
        yield from map(function, chunks)
        return
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for chunk in chunks:
            waiting.append(pool.submit(function, chunk))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def fold_chunks(
    function: Callable[[pa.Table], Result],
    add: Callable[[Result, Result], Result],
    chunks: Iterable[pa.Table],
    threads: int,
) -> Result:
    """The results of all chunks, added up in their order.

    Raises:
        TypeError: there is no chunk.
    """
    return reduce(add, map_chunks(function, chunks, threads))
