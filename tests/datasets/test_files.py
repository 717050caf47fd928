"""Files replaced whole or not at all, and tables that can or cannot be read."""

import json
import math
import os
import random
import re
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io import DatasetError

from churn_monitoring.core.errors import DataError
from churn_monitoring.core.options import TableSchema
from churn_monitoring.datasets.files import (
    AtomicCSVDataset,
    AtomicFigureDataset,
    AtomicFileDataset,
    AtomicJSONDataset,
    AtomicParquetDataset,
    AtomicTextDataset,
    read_parts,
    read_table,
    show_path,
    write_atomically,
)
from churn_monitoring.tables import coerce_rows

TABLE = pd.DataFrame({"id": ["007", "008"], "age": ["41", None]}, dtype="str")
DATASETS: list[tuple[type[AtomicFileDataset], str, Any]] = [
    (AtomicJSONDataset, "a.json", {"b": [1, 2.5, None], "a": "zwölf €"}),
    (AtomicTextDataset, "a.html", "<p>zwölf €</p>\n"),
    (AtomicCSVDataset, "a.csv", TABLE),
    (AtomicParquetDataset, "a.parquet", TABLE),
]
UNSAVABLE: list[tuple[type[AtomicFileDataset], str, Any]] = [
    (AtomicJSONDataset, "a.json", {"b": math.nan}),
    (AtomicJSONDataset, "a.json", {"b": {1, 2}}),
    (AtomicTextDataset, "a.html", "\ud800"),
    (AtomicCSVDataset, "a.csv", None),
    (AtomicParquetDataset, "a.parquet", pd.DataFrame({"mixed": [1, "a", 2.5, b"b"]})),
]


def same(found: Any, expected: Any) -> bool:
    return bool(found.equals(expected)) if isinstance(expected, pd.DataFrame) else bool(found == expected)


def fail_after_some_bytes(stream: IO[bytes]) -> None:
    stream.write(b"half of it")
    stream.flush()
    raise OSError(28, "No space left on device")


def interrupt(stream: IO[bytes]) -> None:
    stream.write(b"half of it")
    raise KeyboardInterrupt


@pytest.mark.parametrize(("kind", "name", "data"), DATASETS)
def test_what_is_saved_is_loaded_again(kind: type[AtomicFileDataset], name: str, data: Any, tmp_path: Path) -> None:
    dataset = kind(filepath=str(tmp_path / "new" / "folder" / name))
    assert not dataset.exists()
    dataset.save(data)
    assert dataset.exists()
    assert same(dataset.load(), data)
    assert os.listdir(tmp_path / "new" / "folder") == [name]


@pytest.mark.parametrize(("kind", "name", "data"), DATASETS)
def test_the_same_data_gives_the_same_bytes(
    kind: type[AtomicFileDataset], name: str, data: Any, tmp_path: Path
) -> None:
    for folder in ("first", "second"):
        kind(filepath=str(tmp_path / folder / name)).save(data)
    assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


@pytest.mark.parametrize(("kind", "name", "bad"), UNSAVABLE)
def test_a_failed_save_keeps_the_old_file_and_leaves_nothing_else(
    kind: type[AtomicFileDataset], name: str, bad: Any, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(b"the last good file")
    with pytest.raises(DatasetError):
        kind(filepath=str(tmp_path / name)).save(bad)
    assert (tmp_path / name).read_bytes() == b"the last good file"
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize(("write", "error"), [(fail_after_some_bytes, OSError), (interrupt, KeyboardInterrupt)])
def test_a_full_disk_or_an_interrupt_leaves_the_old_file_alone(
    write: Any, error: type[BaseException], tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    write_atomically(path, lambda stream: stream.write(b"old"))
    with pytest.raises(error):
        write_atomically(path, write)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["report.json"]


def test_a_failed_rename_leaves_no_part_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, target: Path) -> None:
        raise PermissionError(target)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError):
        write_atomically(tmp_path / "report.json", lambda stream: stream.write(b"new"))
    assert os.listdir(tmp_path) == []


def test_until_it_is_whole_a_file_is_hidden_and_no_reader_sees_it(tmp_path: Path) -> None:
    seen: list[str] = []

    def look(stream: IO[bytes]) -> None:
        stream.write(b"half")
        seen.extend(os.listdir(tmp_path))

    write_atomically(tmp_path / "2026-01-05.csv", look)
    assert len(seen) == 1
    assert seen[0].startswith(".")
    assert seen[0].endswith(".part")


def test_a_saved_file_can_be_read_by_others(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.txt", lambda stream: stream.write(b"x"))
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o644


def test_json_keeps_the_order_of_its_keys_and_refuses_nan(tmp_path: Path) -> None:
    dataset = AtomicJSONDataset(filepath=str(tmp_path / "a.json"))
    dataset.save({"b": 1, "a": 2})
    assert list(json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))) == ["b", "a"]
    with pytest.raises(DatasetError, match="not JSON compliant"):
        dataset.save({"b": math.inf})


def test_a_csv_is_read_as_text_so_that_codes_keep_their_zeros(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\ufeffid,age,plan\n007,41.50,\n008,,\n", encoding="utf-8")
    table = read_table(tmp_path / "a.csv")
    assert list(table.columns) == ["id", "age", "plan"]
    assert table["id"].tolist() == ["007", "008"]
    assert table["age"].tolist()[:1] == ["41.50"]
    assert table["plan"].isna().all()


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, name, _ in DATASETS])
def test_an_absent_file_is_a_data_error_that_names_it(kind: type[AtomicFileDataset], name: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=f"{name} does not exist: put it there") as caught:
        kind(filepath=str(tmp_path / name)).load()
    assert isinstance(caught.value.__cause__, DataError)


@pytest.mark.parametrize(
    ("kind", "name", "content"),
    [
        (AtomicJSONDataset, "a.json", b'{"schema_version": "1.0", "ba'),
        (AtomicJSONDataset, "a.json", b""),
        (AtomicTextDataset, "a.html", b"\xff\xfe\x00"),
        (AtomicParquetDataset, "a.parquet", b"PAR1"),
    ],
)
def test_a_damaged_file_of_ours_is_a_data_error_that_names_it(
    kind: type[AtomicFileDataset], name: str, content: bytes, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=rf"{name} cannot be read \(.+\): remove it") as caught:
        kind(filepath=str(tmp_path / name)).load()
    assert isinstance(caught.value.__cause__, DataError)


def write_parquet() -> bytes:
    stream = BytesIO()
    numbers = np.arange(300.0)
    pd.DataFrame({"id": [f"c{number}" for number in numbers], "x": numbers, "plan": ["a", "b"] * 150}).to_parquet(
        stream
    )
    return stream.getvalue()


def describe_wrongly(numpy_type: str = "object", columns: tuple[str, ...] | None = ()) -> bytes:
    """A Parquet file whose note for pandas is damaged: of a type nobody knows, or without a key."""
    labels = {"name": None, "field_name": None, "metadata": None, "pandas_type": "unicode", "numpy_type": numpy_type}
    note: dict[str, Any] = {"index_columns": [], "column_indexes": [labels], "pandas_version": "3.0.0"}
    if columns is not None:
        note["columns"] = columns
    stream = BytesIO()
    pq.write_table(pa.table({"id": ["1"]}).replace_schema_metadata({"pandas": json.dumps(note)}), stream)
    return stream.getvalue()


UNREADABLE = {
    "empty.csv": b"",
    "blank.csv": b"\n\n",
    "latin.csv": "id,plan\n1,zwölf\n".encode("latin-1"),
    "ragged.csv": b"id,age\n1,2\n3,4,5\n",
    "wide.csv": b"id,age\n1,2,3\n4,5,6\n",
    "trailing.csv": b"id,age\n1,2,\n3,4,\n",
    "quote.csv": b'id,age\n1,"2\n3,4\n',
    "empty.parquet": b"",
    "csv.parquet": b"id,age\n1,2\n",
    "cut.parquet": write_parquet()[:-200],
    "key.parquet": describe_wrongly(columns=None),
    "type.parquet": describe_wrongly(numpy_type="oat64"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_table_that_cannot_be_read_is_a_data_error_that_names_the_file_and_the_remedy(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(UNREADABLE[name])
    kind = "Parquet" if name.endswith("parquet") else "UTF-8 CSV"
    with pytest.raises(DataError, match=rf"{name} cannot be read as {kind} \(.+\): deliver the file again") as caught:
        read_table(tmp_path / name)
    assert "\n" not in str(caught.value)


IN_PARTS = [name for name in UNREADABLE if name not in ("key.parquet", "type.parquet")]  # notes only pandas reads


@pytest.mark.parametrize("name", IN_PARTS)
@pytest.mark.parametrize("rows", [1, 1000])
def test_a_table_that_cannot_be_read_is_refused_in_parts_by_the_same_sentence(
    name: str, rows: int, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(UNREADABLE[name])
    with pytest.raises(DataError) as whole:
        read_table(tmp_path / name)
    with pytest.raises(DataError) as parts:
        list(read_parts(tmp_path / name, ["id", "age"], [], rows))
    if not name.endswith("parquet"):  # of which there are two readers, each with its own words for damage
        assert str(parts.value) == str(whole.value)
    assert f"{name} cannot be read as" in str(parts.value)


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_table_in_parts_is_the_table_without_the_columns_nobody_wants(name: str, tmp_path: Path) -> None:
    path, table = tmp_path / name, pd.DataFrame({"id": ["007", "8", "9"], "x": ["1", None, "3"], "y": ["a", "b", "c"]})
    table.to_csv(path, index=False) if name.endswith("csv") else table.to_parquet(path)
    parts = read_parts(path, ["y", "id", "absent"], ["y"], 2)
    tables = list(parts)
    assert parts.names == ["id", "x", "y"]
    assert parts.total == (None if name.endswith("csv") else 3)
    assert [one.num_rows for one in tables] == [2, 1]
    assert pa.concat_tables(tables).cast(pa.schema({"id": pa.string(), "y": pa.string()})).to_pydict() == {
        "id": ["007", "8", "9"],
        "y": ["a", "b", "c"],
    }


def test_a_csv_with_a_header_alone_has_names_and_no_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,age\n", encoding="utf-8")
    parts = read_parts(tmp_path / "a.csv", ["id", "age"], [], 10)
    assert parts.names == ["id", "age"]
    assert sum(table.num_rows for table in parts) == 0


NUMBERS = pd.DataFrame({"id": ["a", "b", "c"], "x": [1.5, 2.0, 3.25], "y": [1.0, 2.5, 4.0], "plan": ["p", "q", "p"]})


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_another_separator_with_decimal_commas_is_named(separator: str, tmp_path: Path) -> None:
    NUMBERS.to_csv(tmp_path / "a.csv", sep=separator, decimal=",", index=False)
    with pytest.raises(DataError, match=re.escape(f"it is separated by {separator!r}, where commas are expected")):
        read_table(tmp_path / "a.csv")


@pytest.mark.parametrize(
    "rows",
    [
        ["a,1,5,p", "b,2,0,p", "c,3,25,q"],  # in every row
        ["a,1,5,p", "b,2,p", "c,3,q"],  # in the first alone, which would shift all columns
        ["a,1,p", "b,2,p", "c,3,25,q"],  # in the last alone
        ["a,1,889,50,p", "b,2,p"],  # thousands as well
    ],
)
def test_decimal_commas_without_quotes_are_refused_and_the_sentence_says_so(rows: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join(["id,x,plan", *rows]) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="are there decimal commas or texts with commas without quotes"):
        read_table(tmp_path / "a.csv")


@pytest.mark.parametrize("texts", [["1,5", "2,25"], ["1,889.50", "12,034"], ["1.889,50", "2,0"], ["1 889.50", "2 000"]])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_quoted_commas_and_thousands_are_counted_as_unreadable(texts: list[str], suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    table = pd.DataFrame({"id": ["a", "b"], "x": texts, "plan": ["p", "q"]})
    if suffix == "csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path)
    schema = TableSchema(id="id", target="y", positive=1, date=None, numeric=("x",), categorical=("plan",), ignored=())
    assert coerce_rows(read_table(path), schema).unparseable == {"x": 2}


def test_a_folder_in_place_of_a_file_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(DataError, match=r"a\.csv cannot be read"):
        read_table(tmp_path / "a.csv")


def test_a_parquet_damaged_anywhere_is_a_data_error_or_a_table_and_nothing_else(tmp_path: Path) -> None:
    whole, chance, path = write_parquet(), random.Random(1), tmp_path / "a.parquet"
    refused = 0
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(3):
            damaged[len(whole) - 1 - chance.randrange(1800)] = chance.randrange(256)
        path.write_bytes(damaged)
        try:
            assert isinstance(read_table(path), pd.DataFrame)
        except DataError:
            refused += 1
    assert refused > 100


@given(st.binary(max_size=60))
def test_a_csv_of_any_bytes_is_a_data_error_or_a_table(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    try:
        table = read_table(path)
    except DataError:
        return
    assert isinstance(table.index, pd.RangeIndex)


def test_a_path_is_shown_as_seen_from_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert show_path(tmp_path / "data" / "a.csv") == str(Path("data") / "a.csv")
    assert show_path(tmp_path.parent / "a.csv") == str(tmp_path.parent / "a.csv")


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_a_figure_is_saved_in_the_format_of_its_suffix(suffix: str, tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1))
    AtomicFigureDataset(filepath=str(tmp_path / f"a.{suffix}")).save(figure)
    assert {"svg": b"<svg", "png": b"\x89PNG"}[suffix] in (tmp_path / f"a.{suffix}").read_bytes()
