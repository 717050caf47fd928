"""A file is read in chunks, only the columns that are asked for, and the threads change nothing."""

from operator import add
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from churn_monitoring.engines.local import ParquetChunk, fold_chunks, map_chunks, read_batches, read_chunks


@pytest.fixture
def path(tmp_path: Path) -> Path:
    table = pa.table({"age": list(range(10)), "plan": ["a", "b"] * 5})
    parquet.write_table(table, tmp_path / "b.parquet", row_group_size=3)
    return tmp_path / "b.parquet"


@pytest.mark.parametrize(("rows", "sizes"), [(1, [3, 3, 3, 1]), (6, [6, 4]), (7, [6, 4]), (100, [10])])
def test_row_groups_are_put_together_up_to_the_rows_of_a_chunk(path: Path, rows: int, sizes: list[int]) -> None:
    assert [chunk.num_rows for chunk in read_chunks(path, (), rows)] == sizes


def test_a_column_has_the_values_of_its_rows_and_text_comes_as_codes(path: Path) -> None:
    first, second = read_chunks(path, ("plan",), 6)
    assert first.column("age").to_pylist() == [0, 1, 2, 3, 4, 5]
    assert second.column("age").to_pylist() == [6, 7, 8, 9]
    assert pa.types.is_dictionary(second.column("plan").type)
    assert first.column_names == ["age", "plan"]


def test_a_file_without_rows_has_no_chunk(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"age": pa.array([], type=pa.int64())}), tmp_path / "e.parquet")
    assert sum(chunk.num_rows for chunk in read_chunks(tmp_path / "e.parquet", (), 5)) == 0


def test_tables_have_a_number_of_rows_of_their_own_and_the_columns_that_are_wanted(path: Path) -> None:
    names, total, tables = read_batches(path, ("plan", "absent"), ("plan", "absent"), 4)
    found = list(tables)
    assert (names, total) == (["age", "plan"], 10)
    assert [table.num_rows for table in found] == [4, 4, 2]
    assert [table.column_names for table in found] == [["plan"]] * 3
    assert pa.types.is_dictionary(found[0].column("plan").type)
    assert [value for table in found for value in table.column("plan").to_pylist()] == ["a", "b"] * 5


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_the_order_of_the_chunks_whatever_the_threads(path: Path, threads: int) -> None:
    chunks = read_chunks(path, (), 1)
    assert list(map_chunks(lambda chunk: chunk.column("age")[0].as_py(), chunks, threads)) == [0, 3, 6, 9]
    assert fold_chunks(lambda chunk: chunk.num_rows, add, read_chunks(path, (), 1), threads) == 10


def test_only_a_few_chunks_are_waiting_at_a_time() -> None:
    given, taken = [], []

    def give() -> Any:
        for number in range(20):
            given.append(number)
            yield number

    for number in map_chunks(lambda chunk: chunk, give(), threads=2):
        taken.append(number)
        assert len(given) - len(taken) <= 3
    assert taken == list(range(20))


def test_an_error_in_a_chunk_is_the_caller_s(path: Path) -> None:
    def fail(chunk: ParquetChunk) -> int:
        raise ValueError(f"bad chunk of {chunk.num_rows}")

    with pytest.raises(ValueError, match="bad chunk of 3"):
        fold_chunks(fail, add, read_chunks(path, (), 1), threads=2)
