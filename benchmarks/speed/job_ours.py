"""Our side: the reference as a stored profile; the batch read once, in chunks, then the tests and checks as shipped.

Which rows repeat is found as well, which no other job here does.
"""

import os
from functools import partial
from pathlib import Path

import numpy as np
import yaml
from clock import Job, main
from pyarrow import parquet

from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.drift import measure_features
from churn_monitoring.engines.local import fold_chunks, read_chunks
from churn_monitoring.profiling import TableProfile, fit_reference_profile, profile_from_arrays, profile_to_arrays
from churn_monitoring.profiling.chunk import add_chunks, summarize_chunk
from churn_monitoring.profiling.repeats import estimate_repeats
from churn_monitoring.quality import BatchFacts, RepeatedRows, measure_quality
from churn_monitoring.tables import coerce_rows

PARAMETERS = Path(__file__).resolve().parents[2] / "conf/base/parameters.yml"
POLICY = Parameters.model_validate(
    yaml.safe_load(PARAMETERS.read_text(encoding="utf-8")) | {"model_name": "bench", "customers": "none"}
)
CHUNK_ROWS = 1_048_576
THREADS = int(os.environ.get("SPEED_THREADS", "1"))


def prepare(folder: Path, kinds: dict[str, str]) -> None:
    numeric = tuple(name for name, kind in kinds.items() if kind != "text")
    text = tuple(name for name, kind in kinds.items() if kind == "text")
    schema = TableSchema(
        id="id", target="left", positive="yes", date=None, numeric=numeric, categorical=text, ignored=()
    )
    rows = coerce_rows(parquet.read_table(folder / "reference.parquet").to_pandas(), schema).rows
    profile = fit_reference_profile(rows, schema, POLICY.reference.grid_points)
    np.savez(folder / "profile.npz", **profile_to_arrays(profile))


def load(folder: Path, _kinds: dict[str, str]) -> TableProfile:
    with np.load(folder / "profile.npz") as arrays:
        return profile_from_arrays(arrays)


def run(reference: TableProfile, folder: Path, _kinds: dict[str, str]) -> list[str]:
    summarize = partial(summarize_chunk, reference=reference, id_column=None)
    chunks = read_chunks(folder / "batch.parquet", tuple(reference.categorical), CHUNK_ROWS)
    found = fold_chunks(summarize, add_chunks, chunks, THREADS)
    features = measure_features(reference, found.profile, POLICY.drift, POLICY.drift_threshold)
    facts = BatchFacts(found.unparseable, {}, RepeatedRows(estimate_repeats(found.rows)))
    measure_quality(reference, found.profile, facts, POLICY.quality)
    return [feature.feature for feature in features if feature.drifted]


if __name__ == "__main__":
    main(Job(load, run, prepare))
