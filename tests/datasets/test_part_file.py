"""Predictions grow out of sight and are put in place whole, or not at all."""

import gc
import os
from pathlib import Path

import pandas as pd
import pyarrow as pa

from churn_monitoring.datasets.part_file import PartFile, PlacedParquetDataset

FIRST, SECOND = pa.table({"id": ["a", "b"]}), pa.table({"id": ["c"]})


def write(folder: Path) -> PartFile:
    part = PartFile(folder, "2026-01-05")
    part.write(FIRST)
    part.write(SECOND)
    return part


def test_until_it_is_placed_a_file_is_hidden_and_then_it_replaces_the_old_one(tmp_path: Path) -> None:
    dataset = PlacedParquetDataset(filepath=str(tmp_path / "2026-01-05.parquet"))
    dataset.save(pd.DataFrame({"id": ["old"]}))
    part = write(tmp_path)
    (hidden,) = (name for name in os.listdir(tmp_path) if name != "2026-01-05.parquet")
    assert hidden.startswith(".")
    assert hidden.endswith(".part")
    assert dataset.load()["id"].tolist() == ["old"]
    dataset.save(part)
    assert dataset.load()["id"].tolist() == ["a", "b", "c"]
    assert os.listdir(tmp_path) == ["2026-01-05.parquet"]
    assert (tmp_path / "2026-01-05.parquet").stat().st_mode & 0o777 == 0o644


def test_a_file_that_is_discarded_or_forgotten_leaves_nothing_behind(tmp_path: Path) -> None:
    write(tmp_path).discard()
    assert os.listdir(tmp_path) == []
    part = write(tmp_path)
    assert len(os.listdir(tmp_path)) == 1
    del part
    gc.collect()
    assert os.listdir(tmp_path) == []


def test_a_table_given_whole_is_written_as_ever(tmp_path: Path) -> None:
    dataset = PlacedParquetDataset(filepath=str(tmp_path / "a.parquet"))
    dataset.save(FIRST.to_pandas())
    assert dataset.load()["id"].tolist() == ["a", "b"]
