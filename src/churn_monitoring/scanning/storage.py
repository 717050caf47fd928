"""What scanning a part of a batch gave, as bytes that travel from where it was scanned to where it is added up.

One ``.npz`` file, read with ``allow_pickle=False``: arrays of the profiles without the grids, which the plan has, the
sketches, and the sampled rows as an Arrow stream.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from churn_monitoring.profiling import TableProfile, profile_from_arrays, profile_numbers, profile_to_arrays
from churn_monitoring.profiling.chunk import ChunkSummary
from churn_monitoring.profiling.repeats import RepeatSketch
from churn_monitoring.scanning.counts import BatchCounts
from churn_monitoring.scanning.plan import ScanPlan

_POINTS = "_points"
_ALL, _UNSEEN = "all", "unseen"


@dataclass(frozen=True, eq=False)
class PartSummary:
    """Of a part of a batch: how many rows, those that may be in its sample, and counts if any were made."""

    rows: int
    sample: pa.Table
    counts: BatchCounts | None = None


def summary_to_bytes(summary: PartSummary) -> bytes:
    """Write a summary, without loss but for the grids."""
    arrays = {"total": np.array(summary.rows), "sample": np.frombuffer(_write_table(summary.sample), dtype=np.uint8)}
    if summary.counts is not None:
        arrays |= _write_counts(summary.counts)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def summary_from_bytes(content: bytes, plan: ScanPlan) -> PartSummary:
    """Read a summary that :func:`summary_to_bytes` wrote under the same plan."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = dict(file)
    with pa.ipc.open_stream(arrays["sample"].tobytes()) as stream:
        sample = stream.read_all()
    counts = _read_counts(arrays, plan) if "unparseable" in arrays else None
    return PartSummary(int(arrays["total"]), sample, counts)


def _write_counts(counts: BatchCounts) -> dict[str, np.ndarray]:
    scores = TableProfile(counts.rows, {_ALL: counts.scores, _UNSEEN: counts.unseen_scores}, {})
    arrays = _prefix("features/", _without_grids(counts.table.profile)) | _prefix("scores/", _without_grids(scores))
    if counts.on_anchor is not None:
        arrays |= _prefix("anchor/", _without_grids(counts.on_anchor))
    for name, sketch in (("rows", counts.table.rows), ("ids", counts.table.ids)):
        arrays[f"{name}/kept"] = sketch.kept
        arrays[f"{name}/facts"] = np.array([sketch.bits, sketch.rows], dtype=np.int64)
    arrays["unparseable"] = np.frombuffer(json.dumps(counts.table.unparseable).encode(), dtype=np.uint8)
    return arrays


def _read_counts(arrays: Mapping[str, np.ndarray], plan: ScanPlan) -> BatchCounts:
    nothing = profile_numbers(np.empty(0), plan.score_grid)
    scores = _read_profile(arrays, "scores/", TableProfile(0, {_ALL: nothing, _UNSEEN: nothing}, {}))
    table = ChunkSummary(
        _read_profile(arrays, "features/", plan.reference),
        json.loads(arrays["unparseable"].tobytes()),
        _read_sketch(arrays, "rows"),
        _read_sketch(arrays, "ids"),
    )
    on_anchor = _read_profile(arrays, "anchor/", plan.anchor) if plan.anchor is not None else None
    return BatchCounts(table, scores.numeric[_ALL], scores.numeric[_UNSEEN], on_anchor)


def _without_grids(profile: TableProfile) -> dict[str, np.ndarray]:
    arrays = profile_to_arrays(profile)
    return {name: values for name, values in arrays.items() if not name.endswith(_POINTS)}


def _read_profile(arrays: Mapping[str, np.ndarray], prefix: str, like: TableProfile) -> TableProfile:
    grids = {name: values for name, values in profile_to_arrays(like).items() if name.endswith(_POINTS)}
    own = {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
    return profile_from_arrays(grids | own)


def _read_sketch(arrays: Mapping[str, np.ndarray], name: str) -> RepeatSketch:
    bits, rows = arrays[f"{name}/facts"].tolist()
    return RepeatSketch(arrays[f"{name}/kept"], bits, rows)


def _write_table(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    # One dictionary per column: rows of different chunks have their own.
    whole = table.unify_dictionaries().combine_chunks()
    with pa.ipc.new_stream(sink, whole.schema) as stream:
        stream.write_table(whole)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _prefix(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {prefix + name: values for name, values in arrays.items()}
