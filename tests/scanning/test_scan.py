"""However a batch is divided, and by however many threads, one and the same comes of it."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from churn_monitoring.core.errors import DataError, UnusableBatch
from churn_monitoring.core.options import EngineOptions
from churn_monitoring.datasets.deliveries import Delivery
from churn_monitoring.datasets.part_file import PlacedParquetDataset
from churn_monitoring.engines.local_scan import scan_chunks
from churn_monitoring.engines.progress import Progress
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.profiling import profile_numbers, profile_rows
from churn_monitoring.scanning import BatchScan, ScanPlan, ScanTotal, scan_chunk
from churn_monitoring.scanning.sample import choose_rows
from churn_monitoring.tables import coerce_rows, read_labels

from .conftest import SCHEMA, draw_delivery

MakePlan = Callable[..., ScanPlan]
TABLE = pa.Table.from_pandas(draw_delivery(400, 2))


def cut(table: pa.Table, cuts: Sequence[int]) -> Iterator[pa.Table]:
    for start, end in pairwise([0, *sorted(cuts), table.num_rows]):
        yield table.slice(start, end - start)


def scan(plan: ScanPlan, cuts: Sequence[int] = (), table: pa.Table = TABLE) -> BatchScan:
    written: list[pa.Table] = []
    total = scan_chunks(cut(table, cuts), plan, written.append, Progress("b", None))
    return total.finish(pa.concat_tables(written).to_pandas())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 400), max_size=6), threads=st.sampled_from([1, 2, 4]))
def test_counts_sample_and_predictions_do_not_depend_on_chunks_or_threads(
    make_plan: MakePlan, cuts: list[int], threads: int
) -> None:
    whole, parts = scan(make_plan(150)), scan(make_plan(150, threads), cuts)
    assert whole.counts is not None
    assert parts.counts is not None
    for name in ("scores", "unseen_scores", "on_anchor", "repeated_rows", "repeated_ids", "rows"):
        assert getattr(whole.counts, name) == getattr(parts.counts, name)
    assert whole.counts.table.profile == parts.counts.table.profile
    assert whole.unparseable == parts.unparseable
    pd.testing.assert_frame_equal(whole.sample.rows, parts.sample.rows)
    pd.testing.assert_frame_equal(whole.sample.raw, parts.sample.raw)
    np.testing.assert_array_equal(whole.sample.labels, parts.sample.labels)
    np.testing.assert_array_equal(whole.sample.scores, parts.sample.scores)
    pd.testing.assert_frame_equal(whole.predictions, parts.predictions)


def test_counts_are_those_of_all_rows_read_by_pandas(
    champion: ChampionPackage, make_plan: MakePlan, delivery: pd.DataFrame
) -> None:
    found = scan(make_plan(150), [100, 250])
    coerced = coerce_rows(delivery, SCHEMA)
    expected = profile_rows(coerced.rows, champion.profile)
    assert found.counts is not None
    assert found.counts.table.profile.categorical == expected.categorical
    for name, number in expected.numeric.items():
        np.testing.assert_array_equal(found.counts.table.profile.numeric[name].at_or_below, number.at_or_below)
        assert found.counts.table.profile.numeric[name].missing == number.missing
    assert found.unparseable == coerced.unparseable
    seen = champion.has_seen(coerced.rows["customer"])
    assert 0 < seen.sum() < 200
    unseen = profile_numbers(champion.score(coerced.rows)[~seen], champion.score_profile.grid, additive=True)
    assert found.counts.forecasts == unseen
    assert found.counts.repeated_ids == coerced.rows["customer"].dropna().duplicated().sum() > 0


@pytest.mark.parametrize("cuts", [[], [100, 250]])
def test_a_sample_with_room_for_all_rows_is_the_batch_as_pandas_reads_it(
    make_plan: MakePlan, delivery: pd.DataFrame, cuts: list[int]
) -> None:
    found = scan(make_plan(400), cuts)
    coerced = coerce_rows(delivery, SCHEMA)
    assert found.counts is None
    pd.testing.assert_frame_equal(found.sample.rows, coerced.rows.drop(columns="left"))
    np.testing.assert_array_equal(found.sample.labels, read_labels(coerced.rows["left"], SCHEMA))
    raw = found.sample.raw
    assert raw is not None
    assert list(raw) == ["fee"]
    assert raw["fee"].dropna().unique().tolist() == ["n/a"]
    np.testing.assert_array_equal(raw["fee"].notna(), delivery["fee"] == "n/a")


def test_predictions_are_of_every_row_as_the_champion_gives_them(
    champion: ChampionPackage, make_plan: MakePlan, delivery: pd.DataFrame
) -> None:
    found, rows = scan(make_plan(150), [7]).predictions, coerce_rows(delivery, SCHEMA).rows
    np.testing.assert_array_equal(found["score"], champion.score(rows))
    np.testing.assert_array_equal(found["probability"], champion.calibration.apply(champion.score(rows)))
    np.testing.assert_array_equal(found["predicted"], found["probability"] >= 0.4)
    np.testing.assert_array_equal(found["seen"], champion.has_seen(rows["customer"]))
    np.testing.assert_array_equal(found["label"], read_labels(rows["left"], SCHEMA))
    pd.testing.assert_series_equal(found["id"], rows["customer"], check_names=False)
    assert (set(found["threshold"]), set(found["model_version"])) == ({0.4}, {"3"})


def test_the_samples_of_two_batches_hold_the_same_returning_customers(
    make_plan: MakePlan, delivery: pd.DataFrame
) -> None:
    other = pd.concat([draw_delivery(400, 5), delivery.head(200)], ignore_index=True)
    samples = [scan(make_plan(200), table=pa.Table.from_pandas(frame)).sample for frame in (delivery, other)]
    returning = set(delivery["customer"].head(200).dropna().str.strip())
    limit = min(sample.keys.max() for sample in samples)
    kept = [set(sample.rows["customer"][sample.keys < limit]) & returning for sample in samples]
    assert kept[0] == kept[1]
    assert len(kept[0]) > 20


def test_without_a_target_no_label_is_known_and_without_an_anchor_nothing_is_counted_on_it(
    make_plan: MakePlan,
) -> None:
    found = scan(replace(make_plan(150), anchor=None), [200], TABLE.drop_columns("left"))
    assert found.counts is not None
    assert found.counts.on_anchor is None
    assert np.isnan(found.sample.labels).all()
    assert found.predictions["label"].isna().all()


def test_a_limit_saves_rows_of_a_chunk_and_none_that_belongs_to_the_sample(make_plan: MakePlan) -> None:
    plan = make_plan(100)
    total = ScanTotal()
    first = scan_chunk(TABLE.slice(0, 300), plan)
    total.add(first)
    second = scan_chunk(TABLE.slice(300), plan, total.limit)
    assert first.sample.table.num_rows == 100
    assert 0 < second.sample.table.num_rows < 60


def test_of_equal_keys_the_first_rows_are_chosen_and_all_of_few() -> None:
    keys = np.array([5, 5, 1, 5, 9], dtype=np.uint64)
    assert choose_rows(keys, 3).tolist() == [0, 1, 2]
    assert choose_rows(keys, 5) is None
    assert choose_rows(keys, 5, np.uint64(1)).tolist() == [2]


def test_a_batch_without_rows_and_one_without_a_column_are_refused(make_plan: MakePlan) -> None:
    with pytest.raises(UnusableBatch, match="no rows") as empty:
        scan(make_plan(100), [0], TABLE.slice(0, 0))
    with pytest.raises(UnusableBatch, match="lacks column fee ") as lacking:
        make_plan(100).check_columns(["customer", "age", "plan"])
    assert (empty.value.check, lacking.value.check, lacking.value.column) == ("empty_batch", "missing_column", "fee")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_delivered_file_is_scanned_as_its_rows_are_and_its_predictions_wait_out_of_sight(
    make_plan: MakePlan, tmp_path: Path, suffix: str
) -> None:
    path, out = tmp_path / f"2026-01-05.{suffix}", tmp_path / "out"
    frame = draw_delivery(400, 2)
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path, row_group_size=90)
    plan = replace(make_plan(150), engine=EngineOptions.model_construct(chunk_rows=64, threads=2, sample_rows=150))
    found, expected = Delivery("2026-01-05", None, path, out).scan(plan), scan(make_plan(150))
    assert found.counts is not None
    assert expected.counts is not None
    assert found.counts.table.profile == expected.counts.table.profile
    assert found.counts.scores == expected.counts.scores
    pd.testing.assert_frame_equal(found.sample.rows, expected.sample.rows)
    assert [name.endswith(".part") for name in os.listdir(out)] == [True]
    PlacedParquetDataset(filepath=str(out / "2026-01-05.parquet")).save(found.predictions)
    pd.testing.assert_frame_equal(pd.read_parquet(out / "2026-01-05.parquet"), expected.predictions)


def test_a_file_that_turns_out_to_be_unreadable_half_way_leaves_no_predictions(
    make_plan: MakePlan, tmp_path: Path
) -> None:
    path, out = tmp_path / "2026-01-05.csv", tmp_path / "out"
    text = draw_delivery(400, 2).to_csv(index=False)
    path.write_text(text + "one,two,3,4,5,6,7\n", encoding="utf-8")
    plan = replace(make_plan(150), engine=EngineOptions.model_construct(chunk_rows=64, threads=2, sample_rows=150))
    with pytest.raises(DataError, match="Expected 6 fields in line 402, saw 7"):
        Delivery("2026-01-05", None, path, out).scan(plan)
    assert os.listdir(out) == []
