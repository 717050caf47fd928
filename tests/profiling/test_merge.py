from functools import reduce

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from churn_monitoring.core.options import TableSchema
from churn_monitoring.profiling import (
    CategoryProfile,
    NumericProfile,
    build_grid,
    fit_reference_profile,
    merge_profiles,
    profile_numbers,
    profile_rows,
)
from churn_monitoring.profiling.numbers import EXACT_STEPS

values = st.one_of(st.floats(-5, 5), st.integers(-3, 3).map(float), st.just(np.nan))
chunks = arrays(np.float64, st.integers(0, 15), elements=values)
categories = st.builds(
    CategoryProfile, st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9)), missing=st.integers(0, 9)
)
GRID = build_grid(np.array([-4.0, -1.0, 0.0, 0.5, 2.0, 4.0]), max_points=10)


def _assert_same(first: NumericProfile, second: NumericProfile) -> None:
    """Exactly, but for the rounding of sums."""
    for name in ("grid", "count", "missing", "minimum", "maximum"):
        assert getattr(first, name) == getattr(second, name)
    for name in ("at_or_below", "below", "outside"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    for name in ("inside",):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), rtol=1e-12, atol=1e-12)


@settings(max_examples=150, deadline=None)
@given(first=chunks, second=chunks)
def test_merged_chunks_equal_the_whole_and_the_order_does_not_matter(first: np.ndarray, second: np.ndarray) -> None:
    left, right = profile_numbers(first, GRID), profile_numbers(second, GRID)
    whole = profile_numbers(np.concatenate([first, second]), GRID)
    _assert_same(merge_profiles(left, right), whole)
    assert merge_profiles(left, right) == merge_profiles(right, left)


@settings(max_examples=100, deadline=None)
@given(first=chunks, second=chunks, third=chunks)
def test_merging_numbers_is_associative(first: np.ndarray, second: np.ndarray, third: np.ndarray) -> None:
    a, b, c = (profile_numbers(chunk, GRID) for chunk in (first, second, third))
    _assert_same(merge_profiles(merge_profiles(a, b), c), merge_profiles(a, merge_profiles(b, c)))


@settings(max_examples=100, deadline=None)
@given(a=categories, b=categories, c=categories)
def test_merging_categories_is_associative_and_commutative(
    a: CategoryProfile, b: CategoryProfile, c: CategoryProfile
) -> None:
    assert merge_profiles(a, b) == merge_profiles(b, a)
    assert merge_profiles(merge_profiles(a, b), c) == merge_profiles(a, merge_profiles(b, c))
    assert merge_profiles(a, CategoryProfile({}, missing=0)) == a


def test_a_table_read_in_chunks_gives_the_profile_of_the_table() -> None:
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({"a": rng.integers(0, 9, 1_000).astype(float), "c": rng.choice(["x", "y"], 1_000)})
    schema = TableSchema(id="id", target="y", positive="yes", date=None, numeric=("a",), categorical=("c",), ignored=())
    reference = fit_reference_profile(rows, schema, max_points=100)
    merged = profile_rows(rows.iloc[:0], reference)
    for start in range(0, 1_000, 137):
        merged = merge_profiles(merged, profile_rows(rows.iloc[start : start + 137], reference))
    assert merged == reference


def test_profiles_on_different_grids_are_refused() -> None:
    other = build_grid(np.array([1.0]), max_points=10)
    with pytest.raises(ValueError, match="different grids"):
        merge_profiles(profile_numbers(np.array([1.0]), GRID), profile_numbers(np.array([1.0]), other))


def test_profiles_of_different_columns_are_refused() -> None:
    rows = pd.DataFrame({"a": [1.0], "b": [1.0]})
    schemas = [
        TableSchema(id="id", target="y", positive=1, date=None, numeric=(name,), categorical=(), ignored=())
        for name in "ab"
    ]
    first, second = (fit_reference_profile(rows, schema, max_points=10) for schema in schemas)
    with pytest.raises(ValueError, match="different columns"):
        merge_profiles(first, second)


def test_profiles_of_different_kinds_are_refused() -> None:
    with pytest.raises(TypeError, match="cannot merge"):
        merge_profiles(profile_numbers(np.array([1.0]), GRID), CategoryProfile({}, missing=0))  # type: ignore[type-var]
    with pytest.raises(TypeError, match="cannot merge str"):
        merge_profiles("a", "b")  # type: ignore[type-var]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 300), max_size=4))
def test_additive_profiles_add_up_to_the_last_bit_and_are_nearly_those_of_floating_point(
    seed: int, cuts: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    grid, values = build_grid(rng.normal(size=40), max_points=100), rng.normal(size=300)
    whole = profile_numbers(values, grid, additive=True)
    parts = [profile_numbers(part, grid, additive=True) for part in np.split(values, sorted(cuts))]
    assert reduce(merge_profiles, parts) == whole
    assert reduce(merge_profiles, parts[::-1]) == whole
    plainly = profile_numbers(values, grid)
    np.testing.assert_allclose(whole.inside, plainly.inside, atol=300 / EXACT_STEPS)
    np.testing.assert_array_equal(whole.at_or_below, plainly.at_or_below)


def test_merging_changes_neither_part() -> None:
    first, second = profile_numbers(np.array([1.0]), GRID), CategoryProfile({"a": 1}, missing=0)
    merge_profiles(first, first)
    merge_profiles(second, second)
    assert first == profile_numbers(np.array([1.0]), GRID)
    assert second == CategoryProfile({"a": 1}, missing=0)
