import numpy as np
import pandas as pd
import pytest

from churn_monitoring.profiling import CategoryProfile, profile_categories


@pytest.mark.parametrize("dtype", ["object", "str", "category"])
def test_levels_are_counted_and_none_and_nan_are_missing(dtype: str) -> None:
    values = pd.Series(["b", "a", None, "b", np.nan], dtype=dtype)
    assert profile_categories(values) == CategoryProfile({"a": 1, "b": 2}, missing=2)


def test_levels_are_sorted_whatever_the_order_of_the_rows() -> None:
    values = pd.Series(list("cabbage"))
    assert list(profile_categories(values).counts) == sorted(set("cabbage"))


@pytest.mark.parametrize("values", [pd.Series([], dtype="object"), np.array([], dtype=object)])
def test_no_rows_are_an_empty_profile(values: pd.Series) -> None:
    profile = profile_categories(values)
    assert (profile.counts, profile.missing, profile.count) == ({}, 0, 0)


def test_a_column_of_missing_values_has_no_level() -> None:
    assert profile_categories(pd.Series([None, None], dtype="object")) == CategoryProfile({}, missing=2)


def test_values_that_are_no_text_are_counted_under_their_text() -> None:
    profile = profile_categories(pd.Series([1, "1", 2], dtype="object"))
    assert profile == CategoryProfile({"1": 2, "2": 1}, missing=0)


def test_an_unused_level_of_a_pandas_category_is_no_level() -> None:
    values = pd.Series(pd.Categorical(["a"], categories=["a", "b"]))
    assert profile_categories(values).counts == {"a": 1}
