"""Parts of a batch, in any order and by way of bytes, against the same rows scanned in their order."""

import io
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from churn_monitoring.engines.local_scan import draw_rows, scan_chunks
from churn_monitoring.engines.progress import Progress
from churn_monitoring.profiling.repeats import RepeatSketch
from churn_monitoring.scanning import BatchCounts, BatchScan, ScanPlan
from churn_monitoring.scanning.parts import PartTotal, predict_sample
from churn_monitoring.scanning.storage import summary_from_bytes, summary_to_bytes

ROWS = 400


def scan_in_order(delivery: pd.DataFrame, plan: ScanPlan) -> tuple[BatchScan, pd.DataFrame]:
    table, written = pa.Table.from_pandas(delivery, preserve_index=False), []
    scan = scan_chunks([table], plan, written.append, Progress("all", None)).finish(None)
    return scan, pa.concat_tables(written).to_pandas()


def scan_in_parts(delivery: pd.DataFrame, plan: ScanPlan, files: list[int], partitions: list[int]) -> BatchScan:
    """``files`` has the row at which each file after the first begins, ``partitions`` the one that takes each file."""
    bounds = [0, *sorted(files), ROWS]
    totals = {number: PartTotal(plan) for number in range(max(partitions) + 1)}
    for number in reversed(range(len(bounds) - 1)):  # the last file first
        start, end = bounds[number], bounds[number + 1]
        half = (start + end) // 2
        for first, last in ((half, end), (start, half)):
            if last > first:
                rows = pa.Table.from_pandas(delivery.iloc[first:last], preserve_index=False)
                totals[partitions[number]].add(rows, f"part-{number}", first - start)
    whole = PartTotal(plan)
    for total in totals.values():
        summary = total.summarize()
        if summary is not None:
            whole.merge(summary_from_bytes(summary_to_bytes(summary), plan))
    scan = whole.finish("handle")
    assert scan is not None
    return scan


def assert_same_counts(found: BatchCounts | None, expected: BatchCounts | None) -> None:
    assert (found is None) == (expected is None)
    if found is None or expected is None:
        return
    assert found.table.profile == expected.table.profile
    assert found.table.unparseable == expected.table.unparseable
    assert (found.scores, found.unseen_scores) == (expected.scores, expected.unseen_scores)
    assert found.on_anchor == expected.on_anchor
    for name in ("rows", "ids"):
        one, other = getattr(found.table, name), getattr(expected.table, name)
        assert isinstance(one, RepeatSketch)
        assert (one.bits, one.rows, sorted(one.kept)) == (other.bits, other.rows, sorted(other.kept))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(st.integers(0, ROWS), min_size=6, max_size=6),
    partitions=st.lists(st.integers(0, 3), min_size=7, max_size=7),
    sample_rows=st.sampled_from([37, ROWS - 1, ROWS]),
)
def test_parts_in_any_order_give_counts_and_sample_of_the_rows_in_order(
    files: list[int],
    partitions: list[int],
    sample_rows: int,
    delivery: pd.DataFrame,
    make_plan: Callable[[int], ScanPlan],
) -> None:
    plan = make_plan(sample_rows)
    expected, _ = scan_in_order(delivery, plan)
    found = scan_in_parts(delivery, plan, files, partitions)
    assert_same_counts(found.counts, expected.counts)
    assert found.unparseable == expected.unparseable
    assert found.predictions == "handle"
    pd.testing.assert_frame_equal(found.sample.rows, expected.sample.rows)
    np.testing.assert_array_equal(found.sample.labels, expected.sample.labels)
    np.testing.assert_array_equal(found.sample.scores, expected.sample.scores)
    assert (found.sample.raw is None) == (expected.sample.raw is None)
    if found.sample.raw is not None and expected.sample.raw is not None:
        pd.testing.assert_frame_equal(found.sample.raw, expected.sample.raw)


def test_rows_of_one_customer_at_the_border_of_the_sample_are_those_that_come_first(
    delivery: pd.DataFrame, make_plan: Callable[[int], ScanPlan]
) -> None:
    same, plan = delivery.assign(customer="one"), make_plan(50)
    found = scan_in_parts(same, plan, [100, 150, 200, 250, 300, 350], [2, 0, 1, 2, 0, 1, 2])
    np.testing.assert_array_equal(found.sample.rows["age"], same["age"].head(50))


def test_predictions_of_a_sample_of_all_rows_are_those_written_chunk_by_chunk(
    delivery: pd.DataFrame, make_plan: Callable[[int], ScanPlan]
) -> None:
    plan = make_plan(ROWS)
    scan, written = scan_in_order(delivery, plan)
    pd.testing.assert_frame_equal(predict_sample(scan.sample, plan), written)


def test_nothing_added_is_no_scan(make_plan: Callable[[int], ScanPlan]) -> None:
    nothing = PartTotal(make_plan(10))
    assert (nothing.rows, nothing.summarize(), nothing.finish(None)) == (0, None, None)
    assert nothing.finish_drawing() is None


def test_rows_drawn_in_parts_are_those_drawn_in_order(
    delivery: pd.DataFrame, make_plan: Callable[[int], ScanPlan]
) -> None:
    plan, whole = make_plan(90), PartTotal(make_plan(90))
    expected = draw_rows([pa.Table.from_pandas(delivery, preserve_index=False)], plan, Progress("all", None))
    for start in (300, 0, 200, 100):
        part = PartTotal(plan)
        part.draw(pa.Table.from_pandas(delivery.iloc[start : start + 100], preserve_index=False), "one", start)
        summary = part.summarize()
        assert summary is not None
        whole.merge(summary_from_bytes(summary_to_bytes(summary), plan))
    found = whole.finish_drawing()
    assert found is not None
    assert found.total == expected.total == ROWS
    pd.testing.assert_frame_equal(found.sample.rows, expected.sample.rows)
    assert whole.finish(None) is None


def test_a_summary_holds_no_grid_and_no_object(delivery: pd.DataFrame, make_plan: Callable[[int], ScanPlan]) -> None:
    total = PartTotal(make_plan(10))
    total.add(pa.Table.from_pandas(delivery, preserve_index=False), "one", 0)
    summary = total.summarize()
    assert summary is not None
    content = summary_to_bytes(summary)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        assert not [name for name in arrays.files if name.endswith("points")]
        assert all(arrays[name].dtype.kind in "iuf" for name in arrays.files)
