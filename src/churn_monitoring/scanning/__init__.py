"""A batch read once: chunk by chunk in memory that does not grow with it.

    champion, options ─ plan_scan ─ ScanPlan ─┐
    chunk of a file or a partition ───────────┴─ scan_chunk ─ predictions   written at once, one per row
                                                            ├ BatchCounts   add_counts: exact over all rows
                                                            └ RowSample     add_samples: a bounded number of customers

Knows neither files nor threads nor a cluster: engines map it over chunks and add up what comes back.
"""

from churn_monitoring.scanning.batch import BatchScan, DrawnRows, SampleTotal, ScanTotal
from churn_monitoring.scanning.chunk import ChunkScan, draw_chunk, scan_chunk
from churn_monitoring.scanning.counts import BatchCounts, add_counts
from churn_monitoring.scanning.plan import ScanPlan, plan_scan
from churn_monitoring.scanning.sample import RowSample, add_samples

__all__ = [
    "BatchCounts",
    "BatchScan",
    "ChunkScan",
    "DrawnRows",
    "RowSample",
    "SampleTotal",
    "ScanPlan",
    "ScanTotal",
    "add_counts",
    "add_samples",
    "draw_chunk",
    "plan_scan",
    "scan_chunk",
]
