"""Rows that agree share a fingerprint, others do not, and chunks do not matter."""

import numpy as np
import pyarrow as pa
import pytest

from churn_monitoring.tables.arrow import Codes, read_arrow_codes
from churn_monitoring.tables.hashing import fingerprint_columns, fingerprint_ids


def code(values: list[str | None]) -> Codes:
    return read_arrow_codes(pa.chunked_array([values], type=pa.string()))


def test_equal_rows_share_a_fingerprint_and_missing_equals_missing() -> None:
    numbers = np.array([1.0, 1.0, np.nan, np.nan, 0.0, -0.0])
    texts = code(["a", "a", None, None, "b", "b"])
    first, second = fingerprint_columns([numbers, texts], 6).reshape(3, 2).T
    np.testing.assert_array_equal(first, second)
    assert np.unique(first).size == 3


@pytest.mark.parametrize("other", [1.0 + 1e-15, 2.0, -1.0, np.nan, 1e300])
def test_the_slightest_difference_of_one_number_gives_another(other: float) -> None:
    found = fingerprint_columns([np.array([1.0, other]), np.array([3.0, 3.0])], 2)
    assert found[0] != found[1]


def test_whole_numbers_and_their_exchange_between_columns_do_not_collide() -> None:
    first, second = (side.ravel().astype(float) for side in np.meshgrid(np.arange(300), np.arange(300)))
    assert np.unique(fingerprint_columns([first, second], first.size)).size == first.size


def test_the_fingerprint_of_a_text_does_not_depend_on_its_code() -> None:
    here, there = code(["a", "b"]), code(["c", "b", "a"])
    assert fingerprint_columns([here], 2).tolist() == fingerprint_columns([there], 3)[[2, 1]].tolist()


def test_fingerprints_are_evenly_spread() -> None:
    top = fingerprint_columns([np.arange(64_000.0)], 64_000) >> np.uint64(58)
    counts = np.bincount(top.astype(int), minlength=64)
    assert 4.0 * np.sqrt(1_000) > np.abs(counts - 1_000).max()


def test_no_columns_make_all_rows_alike_and_no_rows_none() -> None:
    assert np.unique(fingerprint_columns([], 3)).size == 1
    assert fingerprint_columns([np.empty(0)], 0).shape == (0,)


def test_ids_that_are_there_have_a_fingerprint_each_and_those_that_are_not_none() -> None:
    found = fingerprint_ids(pa.array(["c1", None, "c2", "c1"]))
    assert found[0] == found[3] != found[2]
    assert found[1] == 0
    assert fingerprint_ids(pa.array([], type=pa.string())).shape == (0,)


def test_numbers_are_not_changed() -> None:
    numbers = np.array([1.0, np.nan])
    fingerprint_columns([numbers], 2)
    np.testing.assert_array_equal(numbers, [1.0, np.nan])
