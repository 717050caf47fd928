"""The scan of a batch on one machine: chunks by threads, their results added up in the order of the chunks.

chunks ─ scan_chunk (threads) ─┬─ predictions ─ write (this thread, in order)
                               └─ counts, sample ─ ScanTotal
"""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import pyarrow as pa

from churn_monitoring.core.errors import UnusableBatch
from churn_monitoring.engines.local import map_chunks
from churn_monitoring.engines.progress import Progress
from churn_monitoring.scanning import (
    ChunkScan,
    DrawnRows,
    RowSample,
    SampleTotal,
    ScanPlan,
    ScanTotal,
    draw_chunk,
    scan_chunk,
)


def scan_chunks(
    chunks: Iterable[pa.Table],
    plan: ScanPlan,
    write: Callable[[pa.Table], None],
    progress: Progress,
) -> ScanTotal:
    """Scan all chunks of a batch; a few are in memory at a time.

    Args:
        chunks: of at most ``engine.chunk_rows`` rows.
        plan: of the scan.
        write: takes the predictions of each chunk, in order.
        progress: is told the rows that are done.

    Returns:
        Sample and counts; no counts where the first chunk is the only one and the sample holds all of it.

    Raises:
        UnusableBatch: there is no row.
        DataError: a chunk could not be read; predictions of earlier ones have been written by then.
    """
    waiting = _without_empty(chunks)
    first, second = next(waiting, None), next(waiting, None)
    if first is None:
        raise _refuse_empty()
    whole = second is None and first.num_rows <= plan.engine.sample_rows
    total = ScanTotal()

    def scan(chunk: pa.Table) -> ChunkScan:
        return scan_chunk(chunk, plan, total.limit, counted=not whole)

    chunks = chain([first], [] if second is None else [second], waiting)
    threads = 1 if second is None else _count_threads(plan)
    del first, second
    with progress:
        for found in map_chunks(scan, chunks, threads):
            write(found.predictions)
            total.add(found)
            progress.advance(found.predictions.num_rows)
    return total


def draw_rows(chunks: Iterable[pa.Table], plan: ScanPlan, progress: Progress) -> DrawnRows:
    """Draw a sample of at most ``engine.sample_rows`` rows, none of them scored.

    Raises:
        UnusableBatch: there is no row.
        DataError: a chunk could not be read.
    """
    total = SampleTotal()
    rows = 0

    def draw(chunk: pa.Table) -> tuple[RowSample, int]:
        return draw_chunk(chunk, plan, total.limit), chunk.num_rows

    with progress:
        for sample, count in map_chunks(draw, _without_empty(chunks), _count_threads(plan)):
            total.add(sample)
            rows += count
            progress.advance(count)
    if not rows:
        raise _refuse_empty()
    return DrawnRows(total.finish(), rows)


def _refuse_empty() -> UnusableBatch:
    return UnusableBatch("has a header and no rows: deliver it again with its rows.", "empty_batch")


def _count_threads(plan: ScanPlan) -> int:
    return plan.engine.threads or os.cpu_count() or 1


def _without_empty(chunks: Iterable[pa.Table]) -> Iterator[pa.Table]:
    return (chunk for chunk in chunks if chunk.num_rows)
