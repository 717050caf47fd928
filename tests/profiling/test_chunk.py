"""The chunks of a batch add up to what its rows give as a whole by the other way of reading them."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from churn_monitoring.core.options import TableSchema
from churn_monitoring.profiling import fit_reference_profile, profile_rows
from churn_monitoring.profiling.chunk import ChunkSummary, add_chunks, summarize_chunk
from churn_monitoring.profiling.numbers import EXACT_STEPS
from churn_monitoring.profiling.repeats import count_repeats, estimate_repeats
from churn_monitoring.tables import coerce_rows, fingerprint_rows

SCHEMA = TableSchema(
    id="id", target="left", positive="yes", date=None, numeric=("age", "fee"), categorical=("plan",), ignored=()
)


def draw_rows(seed: int, rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    fee = rng.normal(50.0, 9.0, rows).round(1).astype(object)
    fee[rng.random(rows) < 0.05] = "n/a"
    plan = rng.choice(["basic", " pro", "pro", None], rows)
    frame = pd.DataFrame({"id": [f"c{n}" for n in range(rows)], "age": rng.integers(18, 90, rows), "plan": plan})
    return frame.assign(fee=[None if value == "n/a" and n % 2 else str(value) for n, value in enumerate(fee)])


def summarize(frame: pd.DataFrame, cuts: list[int], reference: Any) -> ChunkSummary:
    table = pa.Table.from_pandas(frame)
    bounds = pairwise([0, *cuts, len(frame)])
    chunks = [table.slice(start, end - start) for start, end in bounds]
    found = [summarize_chunk(chunk, reference, "id") for chunk in chunks]
    for other in found[1:]:
        found[0] = add_chunks(found[0], other)
    return found[0]


@pytest.mark.parametrize("cuts", [[], [400], [0, 1, 399, 400]])
def test_profiles_and_counts_are_those_of_all_rows_read_by_pandas(cuts: list[int]) -> None:
    reference = fit_reference_profile(coerce_rows(draw_rows(1, 2000), SCHEMA).rows, SCHEMA, 65536)
    batch = draw_rows(2, 800)
    batch = pd.concat([batch, batch.head(40)], ignore_index=True)
    coerced = coerce_rows(batch, SCHEMA)
    found, expected = summarize(batch, cuts, reference), profile_rows(coerced.rows, reference)
    assert found.profile.rows == 840
    assert found.profile.categorical == expected.categorical
    for name, number in expected.numeric.items():
        np.testing.assert_array_equal(found.profile.numeric[name].at_or_below, number.at_or_below)
        np.testing.assert_array_equal(found.profile.numeric[name].below, number.below)
        np.testing.assert_allclose(found.profile.numeric[name].inside, number.inside, atol=840 / EXACT_STEPS)
        assert (found.profile.numeric[name].count, found.profile.numeric[name].missing) == (
            number.count,
            number.missing,
        )
    assert found.unparseable == coerced.unparseable
    assert estimate_repeats(found.rows) == count_repeats(fingerprint_rows(coerced.rows, SCHEMA.features))
    assert estimate_repeats(found.ids) == 40


def test_an_absent_column_is_missing_in_every_row_and_ids_may_be_absent() -> None:
    reference = fit_reference_profile(coerce_rows(draw_rows(1, 200), SCHEMA).rows, SCHEMA, 65536)
    found = summarize_chunk(pa.table({"age": [30, 40]}), reference, "id")
    assert found.profile.numeric["fee"].missing == 2
    assert found.profile.categorical["plan"].missing == 2
    assert estimate_repeats(found.ids) == 0
