"""Deliveries, predictions and the training table where Spark reads and writes them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from kedro.io import DatasetError
from pyarrow import parquet

from churn_monitoring.core.errors import DataError, UnusableBatch
from churn_monitoring.core.options import EngineOptions
from churn_monitoring.datasets.spark_deliveries import SparkDeliveriesDataset, SparkDelivery
from churn_monitoring.datasets.spark_predictions import SparkPredictions, SparkPredictionsDataset
from churn_monitoring.datasets.spark_table import SparkTableDataset
from churn_monitoring.engines.local_scan import draw_rows as draw_rows_here
from churn_monitoring.engines.progress import Progress
from churn_monitoring.engines.spark_files import SparkFiles
from churn_monitoring.scanning import ScanPlan, plan_scan

ROWS = 60


def draw_rows(count: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    ids = [f"c{number}" for number in range(count)]
    return pd.DataFrame({"customer": ids, "age": rng.normal(40, 9, count), "plan": rng.choice(["a", "b"], count)})


@pytest.fixture
def plan(package: Any) -> ScanPlan:
    return plan_scan(package, EngineOptions.model_construct(chunk_rows=1000, threads=1, sample_rows=ROWS - 20))


@pytest.fixture
def delivered(spark: Any, tmp_path: Path) -> Callable[..., dict[str, SparkDelivery]]:
    """Files of the production folder by name; returns the deliveries."""
    production = tmp_path / "production"
    production.mkdir()

    def make(files: dict[str, pd.DataFrame | bytes]) -> dict[str, SparkDelivery]:
        for name, content in files.items():
            if isinstance(content, bytes):
                (production / name).write_bytes(content)
            else:
                parquet.write_table(pa.Table.from_pandas(content, preserve_index=False), production / name)
        predictions = str(tmp_path / "large")
        return SparkDeliveriesDataset(path=str(production), predictions=predictions, settings={}).load()

    return make


def open_predictions(tmp_path: Path) -> SparkPredictionsDataset:
    return SparkPredictionsDataset(
        path=str(tmp_path / "small"),
        large=str(tmp_path / "large"),
        dataset="churn_monitoring.datasets.part_file.PlacedParquetDataset",
        suffix=".parquet",
        settings={},
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_batches_come_oldest_first_and_know_their_files(delivered: Callable[..., Any], tmp_path: Path) -> None:
    found = delivered({"2026-02-02.parquet": draw_rows(5), "2026-01-05.parquet": draw_rows(6), ".hidden": b""})
    assert list(found) == ["2026-01-05", "2026-02-02"]
    oldest, path = found["2026-01-05"], tmp_path / "production" / "2026-01-05.parquet"
    assert oldest.path == path
    assert oldest.size == path.stat().st_size
    before = oldest.fingerprint()
    assert len(before) == 64
    assert delivered({"2026-01-05.parquet": draw_rows(7)})["2026-01-05"].fingerprint() != before


def test_what_is_no_parquet_is_refused(delivered: Callable[..., Any]) -> None:
    with pytest.raises(DatasetError, match=r"a\.csv is no Parquet") as refused:
        delivered({"a.csv": b"x\n1\n"})
    assert isinstance(refused.value.__cause__, DataError)


def test_predictions_of_a_large_batch_are_put_in_place_once_and_replace_those_of_a_small_one(
    delivered: Callable[..., Any], plan: ScanPlan, tmp_path: Path
) -> None:
    dataset = open_predictions(tmp_path)
    dataset.save({"b": pd.DataFrame({"id": ["old"]})})
    left = tmp_path / "large" / ".b.killed.part"
    left.mkdir(parents=True)
    scan = delivered({"b.parquet": draw_rows(ROWS)})["b"].scan(plan)
    assert not left.exists()
    assert isinstance(scan.predictions, SparkPredictions)
    assert scan.counts is not None
    assert scan.counts.rows == ROWS
    dataset.save({"b": scan.predictions})
    assert (names(tmp_path / "large"), names(tmp_path / "small")) == (["b"], [])
    assert sorted(pd.read_parquet(tmp_path / "large" / "b")["id"]) == sorted(draw_rows(ROWS)["customer"])
    dataset.save({"b": pd.DataFrame({"id": ["new"]})})
    assert (names(tmp_path / "large"), names(tmp_path / "small")) == ([], ["b.parquet"])
    with pytest.raises(DatasetError, match="only written"):
        dataset.load()


def test_predictions_of_a_batch_that_is_its_own_sample_are_a_table(
    delivered: Callable[..., Any], plan: ScanPlan, tmp_path: Path
) -> None:
    rows = draw_rows(30)
    scan = delivered({"b.parquet": rows})["b"].scan(plan)
    assert scan.counts is None
    assert scan.predictions["id"].tolist() == rows["customer"].tolist()
    assert names(tmp_path / "large") == []


def test_rows_to_learn_from_are_those_with_the_smallest_hash_and_leave_nothing(
    delivered: Callable[..., Any], plan: ScanPlan, tmp_path: Path
) -> None:
    rows = draw_rows(ROWS)
    table = pa.Table.from_pandas(rows, preserve_index=False)
    expected = draw_rows_here([table], plan, Progress("b", ROWS))
    drawn = delivered({"b.parquet": rows})["b"].draw(plan)
    assert (drawn.total, expected.total) == (ROWS, ROWS)
    pd.testing.assert_frame_equal(drawn.sample.rows, expected.sample.rows)
    np.testing.assert_array_equal(drawn.sample.keys, expected.sample.keys)
    assert names(tmp_path / "large") == []


def test_unusable_files_say_why_and_leave_nothing(
    delivered: Callable[..., Any], plan: ScanPlan, tmp_path: Path
) -> None:
    found = delivered(
        {
            "empty.parquet": draw_rows(5).head(0),
            "lacking.parquet": draw_rows(5).drop(columns="plan"),
            "broken.parquet": b"PAR1",
        }
    )
    with pytest.raises(UnusableBatch, match="no rows") as empty:
        found["empty"].scan(plan)
    assert empty.value.check == "empty_batch"
    with pytest.raises(UnusableBatch, match="plan"):
        found["lacking"].scan(plan)
    with pytest.raises(DataError, match=r"broken\.parquet cannot be read as Parquet"):
        found["broken"].scan(plan)
    with pytest.raises(DataError, match=r"broken\.parquet cannot be read as Parquet"):
        found["broken"].draw(plan)
    assert names(tmp_path / "large") == []


def test_a_file_damaged_behind_its_header_is_a_rejection_and_leaves_nothing(
    delivered: Callable[..., Any], plan: ScanPlan, tmp_path: Path
) -> None:
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_pandas(draw_rows(ROWS)), sink, compression="snappy")
    content = bytearray(sink.getvalue().to_pybytes())
    content[4:200] = bytes(196)
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        delivered({"b.parquet": bytes(content)})["b"].scan(plan)
    assert names(tmp_path / "large") == []


def test_the_training_table_is_a_sample_of_stated_size(spark: Any, tmp_path: Path) -> None:
    parquet.write_table(pa.Table.from_pandas(draw_rows(ROWS), preserve_index=False), tmp_path / "t.parquet")

    def open_table(name: str, key: str) -> SparkTableDataset:
        return SparkTableDataset(path=str(tmp_path / name), key=key, sample_rows=25, settings={})

    rows = open_table("t.parquet", "customer").load()
    assert len(rows) == 25
    assert rows.attrs["notes"][0].startswith("a sample of 25 of 60 rows of ")
    assert open_table("t.parquet", "customer").exists()
    assert not open_table("none.parquet", "customer").exists()
    with pytest.raises(DatasetError, match="holds no Parquet file"):
        open_table("none.parquet", "customer").load()
    with pytest.raises(DatasetError, match="has no column 'id'"):
        open_table("t.parquet", "id").load()
    assert SparkFiles(spark).exists(str(tmp_path / "t.parquet"))
