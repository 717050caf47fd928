"""The scan of a batch on Spark: per partition on the executors, of which only summaries come back.

frame ─ mapInArrow(scan_partition) ─ rows of kind "prediction", and one of kind "summary" per partition
      └ written by Spark, a folder per kind ─ summaries, one at a time ─ PartTotal on the driver

Spark's writer puts a task's rows in place once, however often the task was started: a summary is there if and only if
the predictions it counts are.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from churn_monitoring.engines.spark_files import SparkFiles
from churn_monitoring.engines.spark_session import without_pandas_warning
from churn_monitoring.scanning import ScanPlan
from churn_monitoring.scanning.chunk import describe_predictions
from churn_monitoring.scanning.parts import PartTotal
from churn_monitoring.scanning.storage import summary_from_bytes, summary_to_bytes

KIND, PREDICTION, SUMMARY = "kind", "prediction", "summary"
_FILE, _ROW = "file of the row", "number of the row"  # no table has columns of these names
_AT_A_TIME = "16m"  # bytes of summaries that the driver fetches at once, where one of them is smaller


def scan_frame(frame: Any, plan: ScanPlan, folder: str) -> PartTotal:
    """Scan every row of ``frame`` and leave the predictions in ``folder``.

    Args:
        frame: of Spark, read from files; the plan's columns, as far as it has them, and no others are read.
        plan: of the scan.
        folder: address of a new one; gets a subfolder per kind of rows.

    Returns:
        What the summaries of all partitions add up to.
    """
    return _map_partitions(frame, plan, folder, plan.columns, scan_partition)


def draw_frame(frame: Any, plan: ScanPlan, folder: str) -> PartTotal:
    """As :func:`scan_frame` of rows that are wanted only; ``folder`` gets summaries alone."""
    return _map_partitions(frame, plan, folder, plan.dated_columns, draw_partition)


def scan_partition(batches: Iterator[pa.RecordBatch], plan: ScanPlan) -> Iterator[pa.RecordBatch]:
    """Scan the rows of one partition, on an executor; the last row is the summary of all."""
    schema, total = _describe_rows(plan), PartTotal(plan)
    for chunk, file, first_row in gather_chunks(batches, plan.engine.chunk_rows):
        predictions = total.add(chunk, file, first_row)
        yield from _fill(predictions, PREDICTION, schema).to_batches()
    yield from _summarize(total, schema)


def draw_partition(batches: Iterator[pa.RecordBatch], plan: ScanPlan) -> Iterator[pa.RecordBatch]:
    """Draw from the rows of one partition, on an executor; the only row is the summary."""
    total = PartTotal(plan)
    for chunk, file, first_row in gather_chunks(batches, plan.engine.chunk_rows):
        total.draw(chunk, file, first_row)
    yield from _summarize(total, _describe_rows(plan))


def gather_chunks(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[tuple[pa.Table, str, int]]:
    """Chunks of ``rows`` rows and a batch at most, each of one file, with its name and the number of the first row.

    Spark hands on small batches, in which one file may end and another begin.
    """
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        for part in _divide(batch):
            if waiting and (_file_of(part) != _file_of(waiting[0]) or sum(map(len, waiting)) >= rows):
                yield _join(waiting)
                waiting = []
            waiting.append(part)
    if waiting:
        yield _join(waiting)


def _divide(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The batch cut wherever a file ends."""
    codes = batch.column(_FILE).dictionary_encode().indices.to_numpy()
    cuts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), batch.num_rows]
    return (batch.slice(start, end - start) for start, end in pairwise(cuts) if end > start)


def _file_of(batch: pa.RecordBatch) -> str:
    return str(batch.column(_FILE)[0].as_py())


def _join(batches: list[pa.RecordBatch]) -> tuple[pa.Table, str, int]:
    table = pa.Table.from_batches(batches)
    return table.drop_columns([_FILE, _ROW]), _file_of(batches[0]), table.column(_ROW)[0].as_py()


def _map_partitions(frame: Any, plan: ScanPlan, folder: str, columns: Sequence[str], function: Any) -> PartTotal:
    from pyspark.sql import functions
    from pyspark.sql.pandas.types import from_arrow_schema

    wanted = [functions.col(f"`{name}`") for name in frame.columns if name in columns]
    file, row = functions.col("_metadata.file_path"), functions.col("_metadata.row_index")
    with without_pandas_warning():
        mapped = frame.select(*wanted, file.alias(_FILE), row.alias(_ROW)).mapInArrow(
            partial(function, plan=plan), from_arrow_schema(_describe_rows(plan))
        )
        mapped.write.partitionBy(KIND).parquet(folder)
    return _add_summaries(frame.sparkSession, f"{folder}/{KIND}={SUMMARY}", plan)


def _summarize(total: PartTotal, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    summary = total.summarize()
    if summary is not None:
        content = pa.table({SUMMARY: pa.array([summary_to_bytes(summary)], type=pa.binary())})
        yield from _fill(content, SUMMARY, schema).to_batches()


def _describe_rows(plan: ScanPlan) -> pa.Schema:
    none = np.empty(0)
    predictions = describe_predictions(pa.array([], type=pa.string()), none, none, none, none.astype(bool), plan)
    return predictions.schema.append(pa.field(SUMMARY, pa.binary())).append(pa.field(KIND, pa.string()))


def _fill(table: pa.Table, kind: str, schema: pa.Schema) -> pa.Table:
    """The table with the columns of both kinds, null where it has none."""
    columns = [
        table.column(name) if name in table.column_names else pa.nulls(table.num_rows, schema.field(name).type)
        for name in schema.names
        if name != KIND
    ]
    kinds = pa.array([kind] * table.num_rows, type=pa.string())
    return pa.table([*columns, kinds], schema=schema)


def _add_summaries(spark: Any, folder: str, plan: ScanPlan) -> PartTotal:
    """Fetch one summary after the other, so that the driver holds two and what Spark fetches at once."""
    from pyspark.sql import types

    total = PartTotal(plan)
    if not SparkFiles(spark).exists(folder):
        return total  # there was no row
    fetching = spark.newSession()  # settings of its own
    fetching.conf.set("spark.sql.files.maxPartitionBytes", _AT_A_TIME)
    schema = types.StructType([types.StructField(SUMMARY, types.BinaryType())])
    for row in fetching.read.schema(schema).parquet(folder).toLocalIterator():
        total.merge(summary_from_bytes(bytes(row[SUMMARY]), plan))
    return total
