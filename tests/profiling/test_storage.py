import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_monitoring.core.options import TableSchema
from churn_monitoring.profiling import (
    CategoryProfile,
    TableProfile,
    fit_reference_profile,
    profile_from_arrays,
    profile_rows,
    profile_to_arrays,
)


def _round_trip(profile: TableProfile) -> TableProfile:
    file = io.BytesIO()
    np.savez_compressed(file, **profile_to_arrays(profile))
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        return profile_from_arrays(arrays)


def _fit(rows: pd.DataFrame) -> TableProfile:
    schema = TableSchema(
        id="id", target="y", positive=1, date=None, numeric=("a/b", "é"), categorical=("c",), ignored=()
    )
    return fit_reference_profile(rows, schema, max_points=50)


def test_a_profile_survives_a_file_without_loss() -> None:
    rng = np.random.default_rng(6)
    rows = pd.DataFrame({"a/b": rng.normal(size=300), "é": rng.integers(0, 5, 300), "c": rng.choice(["x", "y"], 300)})
    profile = _fit(rows)
    assert _round_trip(profile) == profile
    batch = profile_rows(rows.iloc[:7], profile)
    assert _round_trip(batch) == batch


def test_an_empty_profile_survives() -> None:
    empty = _fit(pd.DataFrame({"a/b": [np.nan], "é": [1e200], "c": [None]}))
    assert _round_trip(empty) == empty


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(), st.integers(1, 2**62), max_size=5), st.text())
def test_any_text_is_a_level_or_a_name(counts: dict[str, int], name: str) -> None:
    profile = TableProfile(rows=1, numeric={}, categorical={name: CategoryProfile(counts, missing=0)})
    assert _round_trip(profile) == profile


def test_levels_that_end_in_nul_and_lone_surrogates_survive() -> None:
    profile = TableProfile(1, {}, {"c": CategoryProfile({"a": 1, "a\x00": 2, "\ud800": 3}, missing=0)})
    assert _round_trip(profile) == profile


def test_another_format_is_refused() -> None:
    arrays = profile_to_arrays(TableProfile(0, {}, {}))
    header = arrays["header"].tobytes().replace(b'"format": 1', b'"format": 9')
    with pytest.raises(ValueError, match="format 9"):
        profile_from_arrays({"header": np.frombuffer(header, dtype=np.uint8)})
