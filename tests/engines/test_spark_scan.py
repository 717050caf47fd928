"""A batch scanned by Spark in local mode against the same rows scanned on this machine."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from churn_monitoring.core.options import EngineOptions, TableSchema
from churn_monitoring.engines.local_scan import scan_chunks
from churn_monitoring.engines.progress import Progress
from churn_monitoring.engines.spark_files import SparkFiles
from churn_monitoring.engines.spark_sample import collect_sample
from churn_monitoring.engines.spark_scan import gather_chunks, scan_frame
from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.profiling import build_grid, fit_reference_profile, repeats
from churn_monitoring.scanning import BatchScan, ScanPlan

SCHEMA = TableSchema(
    id="customer", target="left", positive="yes", date=None, numeric=("age", "fee"), categorical=("plan",), ignored=()
)
PARTS = 7
FINGERPRINTS = 1000


class ScoresByAge:
    """Any scorer: the older, the likelier to leave.

    Where it scores it also lets no more than 1,000 fingerprints be kept: a million of them would ask for a test of
    millions of rows.
    """

    def score(self, numbers: Any, *_others: Any) -> np.ndarray:
        from churn_monitoring.profiling import repeats

        repeats.sketch_repeats.__defaults__ = repeats.add_sketches.__defaults__ = (FINGERPRINTS,)
        return 1 / (1 + np.exp(-(np.nan_to_num(numbers["age"], nan=40.0) - 50) / 8))


@pytest.fixture(autouse=True)
def _few_fingerprints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats.sketch_repeats, "__defaults__", (FINGERPRINTS,))
    monkeypatch.setattr(repeats.add_sketches, "__defaults__", (FINGERPRINTS,))


def draw_rows(count: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "customer": [f"c{number}" for number in rng.integers(0, 3 * count, count)],
            "left": rng.choice(["yes", "no", None], count),
            "age": np.where(rng.random(count) < 0.1, np.nan, rng.normal(44, 9, count)),
            "fee": rng.choice(["9.5", "12", "n/a", None], count),
            "plan": rng.choice(["basic", " pro", None], count),
            "unneeded": rng.normal(size=count),
        }
    )


@pytest.fixture(scope="session")
def make_plan() -> Callable[[int], ScanPlan]:
    reference = draw_rows(2000, 1)
    rows = reference.assign(fee=pd.to_numeric(reference["fee"], errors="coerce"), plan=reference["plan"].str.strip())
    profile = fit_reference_profile(rows, SCHEMA, 500)
    scores = ScoresByAge().score({"age": rows["age"].to_numpy()})

    def make(sample_rows: int) -> ScanPlan:
        return ScanPlan(
            schema=SCHEMA,
            reference=profile,
            anchor=profile,
            score_grid=build_grid(scores, 500),
            scorer=ScoresByAge(),  # type: ignore[arg-type]
            calibration=PlattCalibration(0.1, 1.2),
            threshold=0.4,
            version="3",
            seen_ids=pa.array([f"c{number}" for number in range(500)]),
            engine=EngineOptions.model_construct(chunk_rows=1000, threads=1, sample_rows=sample_rows),
        )

    return make


@dataclass
class Delivered:
    rows: pd.DataFrame
    address: str


@pytest.fixture
def deliver(tmp_path: Path) -> Callable[[int], Delivered]:
    """So many rows in seven files of different sizes."""

    def make(count: int) -> Delivered:
        rows, folder = draw_rows(count, 2), tmp_path / f"{count}.parquet"
        folder.mkdir()
        cuts = [0, *sorted(np.random.default_rng(3).integers(1, count, PARTS - 1)), count]
        for number in range(PARTS):
            part = pa.Table.from_pandas(rows.iloc[cuts[number] : cuts[number + 1]], preserve_index=False)
            parquet.write_table(part, folder / f"part-{number:05d}.parquet", row_group_size=700)
        return Delivered(rows, folder.as_uri())

    return make


def scan_here(rows: pd.DataFrame, plan: ScanPlan) -> tuple[BatchScan, pd.DataFrame]:
    table, written = pa.Table.from_pandas(rows, preserve_index=False), []
    chunks = (table.slice(start, 1000) for start in range(0, len(rows), 1000))
    scan = scan_chunks(chunks, plan, written.append, Progress("all", None)).finish(None)
    return scan, pa.concat_tables(written).to_pandas()


def read_sorted(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values(["id", "score", "label"], ignore_index=True)


def test_profiles_sample_and_predictions_are_those_of_one_machine(
    spark: Any, make_plan: Callable[[int], ScanPlan], deliver: Callable[[int], Delivered], tmp_path: Path
) -> None:
    plan, delivered = make_plan(800), deliver(5000)
    expected, predictions = scan_here(delivered.rows, plan)
    folder = tmp_path / "predictions"
    found = scan_frame(spark.read.parquet(delivered.address), plan, folder.as_uri()).finish(None)
    assert found is not None
    assert found.counts is not None
    assert expected.counts is not None
    assert found.counts.table.profile == expected.counts.table.profile
    assert found.counts.scores == expected.counts.scores
    assert found.counts.unseen_scores == expected.counts.unseen_scores
    assert found.counts.on_anchor == expected.counts.on_anchor
    assert found.counts.repeated_ids == expected.counts.repeated_ids > 0
    assert found.counts.repeated_rows == expected.counts.repeated_rows
    assert found.unparseable == expected.unparseable
    pd.testing.assert_frame_equal(found.sample.rows, expected.sample.rows)
    np.testing.assert_array_equal(found.sample.scores, expected.sample.scores)
    written = pd.read_parquet(folder / "kind=prediction", columns=list(predictions))
    pd.testing.assert_frame_equal(read_sorted(written), read_sorted(predictions))


class Collected:
    """What came to the driver: columns and rows of every collection, bytes of all results of Spark's tasks."""

    def __init__(self, spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        from pyspark.sql.classic.dataframe import DataFrame

        self._spark = spark
        self.found: list[tuple[list[str], int]] = []
        for name in ("collect", "toPandas", "toArrow", "toLocalIterator", "take", "tail", "head", "first"):
            monkeypatch.setattr(DataFrame, name, self._spy(getattr(DataFrame, name)))
        self._known = set(self._stages())

    def _spy(self, original: Any) -> Any:
        def call(frame: Any, *arguments: Any, **named: Any) -> Any:
            result = original(frame, *arguments, **named)
            if isinstance(result, Iterator):
                result = list(result)
                self.found.append((frame.columns, len(result)))
                return iter(result)
            self.found.append((frame.columns, len(result)))
            return result

        return call

    def _stages(self) -> dict[int, int]:
        context = self._spark.sparkContext
        context._jsc.sc().listenerBus().waitUntilEmpty()
        store, gateway = context._jsc.sc().statusStore(), context._gateway
        none = gateway.new_array(gateway.jvm.double, 0)
        stages = store.stageList(None, False, False, none, None)
        return {stages.apply(place).stageId(): stages.apply(place).resultSize() for place in range(stages.size())}

    @property
    def result_bytes(self) -> int:
        return sum(size for stage, size in self._stages().items() if stage not in self._known)


def test_the_driver_gets_a_summary_per_partition_and_no_more_of_ten_times_the_rows(
    spark: Any,
    make_plan: Callable[[int], ScanPlan],
    deliver: Callable[[int], Delivered],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan, sizes = make_plan(100), []
    for rows in (5_000, 50_000):
        delivered = deliver(rows)
        with monkeypatch.context() as patched:
            collected = Collected(spark, patched)
            total = scan_frame(spark.read.parquet(delivered.address), plan, (tmp_path / f"p{rows}").as_uri())
            assert total.rows == rows
            assert [columns for columns, _ in collected.found] == [["summary"]]
            assert collected.found[0][1] <= PARTS
            sizes.append((collected.found[0][1], collected.result_bytes))
    (parts, small), (more_parts, large) = sizes
    assert small / parts > 10_000
    assert large / more_parts < 1.25 * small / parts  # counts of more rows have more digits


def test_no_row_is_an_empty_total(spark: Any, make_plan: Callable[[int], ScanPlan], tmp_path: Path) -> None:
    parquet.write_table(pa.Table.from_pandas(draw_rows(10, 1).head(0)), tmp_path / "empty.parquet")
    frame = spark.read.parquet((tmp_path / "empty.parquet").as_uri())
    assert scan_frame(frame, make_plan(100), (tmp_path / "out").as_uri()).finish(None) is None


def test_chunks_end_where_a_file_ends_and_know_their_first_row() -> None:
    def batch(files: list[str], rows: list[int]) -> pa.RecordBatch:
        return pa.RecordBatch.from_pydict({"x": rows, "file of the row": files, "number of the row": rows})

    batches = [batch(["a", "a"], [0, 1]), batch(["a", "b", "b"], [2, 5, 6]), batch(["b"], [7]), batch(["b"], [8])]
    found = [(file, first, chunk.column("x").to_pylist()) for chunk, file, first in gather_chunks(iter(batches), 3)]
    assert found == [("a", 0, [0, 1, 2]), ("b", 5, [5, 6, 7]), ("b", 8, [8])]
    assert chunk_names(batches) == {"x"}


def chunk_names(batches: list[pa.RecordBatch]) -> set[str]:
    return {name for chunk, _, _ in gather_chunks(iter(batches), 3) for name in chunk.column_names}


def test_a_sample_of_a_table_has_the_same_rows_however_it_is_divided(
    spark: Any, deliver: Callable[[int], Delivered], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    delivered = deliver(5000)
    parquet.write_table(pa.Table.from_pandas(delivered.rows, preserve_index=False), tmp_path / "one.parquet")
    with caplog.at_level("INFO"):
        parts = collect_sample(spark.read.parquet(delivered.address), "customer", 500, "customers")
    whole = collect_sample(spark.read.parquet((tmp_path / "one.parquet").as_uri()), "customer", 500, "customers")
    assert "A sample of 500 of 5000 rows of customers was used." in caplog.text
    assert parts.attrs["notes"] == ["a sample of 500 of 5000 rows of customers was used"]
    assert len(parts) == 500
    pd.testing.assert_frame_equal(parts, whole)
    all_rows = collect_sample(spark.read.parquet(delivered.address), "customer", 5000, "customers")
    assert (len(all_rows), all_rows.attrs) == (5000, {})


def test_files_are_listed_moved_and_removed_and_markers_are_no_files(spark: Any, tmp_path: Path) -> None:
    files, folder = SparkFiles(spark), tmp_path / "a b"
    assert files.list_names(str(folder)) == []
    folder.mkdir()
    for name in ("_SUCCESS", ".hidden", "part-1.parquet", "part-0.parquet"):
        (folder / name).write_text(name)
    found = files.find_files(str(folder))
    assert [one.address.rpartition("/")[2] for one in found] == ["part-0.parquet", "part-1.parquet"]
    assert found[0].size == len("part-0.parquet")
    assert found[0].modified_ns == pytest.approx((folder / "part-0.parquet").stat().st_mtime_ns, abs=2_000_000)
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "old").write_text("old")
    files.move(str(folder), str(tmp_path / "target"))
    assert sorted(path.name for path in (tmp_path / "target").iterdir())[-1] == "part-1.parquet"
    assert not (tmp_path / "target" / "old").exists()
    files.remove(str(tmp_path / "target"))
    assert not files.exists(str(tmp_path / "target"))
