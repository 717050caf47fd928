"""Arrow columns are read as pandas columns are, whatever their type and chunks."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_monitoring.tables.arrow import read_arrow_codes, read_arrow_numbers
from churn_monitoring.tables.columns import read_numbers, read_text

TEXTS = st.one_of(
    st.none(), st.sampled_from(["a", " a", "a ", "", "  ", "1", "1.0", "1,5", "x", "007", "True"]), st.text(max_size=3)
)
COLUMNS = [
    pa.chunked_array([[1.5, None, float("inf")], [float("nan"), -0.0]]),
    pa.chunked_array([[1, 2, None], [3]]),
    pa.chunked_array([[True, None], [False]]),
    pa.chunked_array([[Decimal("1.50"), None]]),
    pa.chunked_array([pa.array([1.5, 2.5, None], type=pa.float32())]),
    pa.chunked_array([pa.array(["b", None, "a", "b"]).dictionary_encode(), pa.array(["c", "a"]).dictionary_encode()]),
    pa.chunked_array([[date(2026, 1, 5), None]]),
    pa.chunked_array([[datetime(2026, 1, 5, 3), None]]),
    pa.chunked_array([pa.array([None, None], type=pa.null())]),
    pa.chunked_array([], type=pa.string()),
    pa.chunked_array([], type=pa.float64()),
]


def texts_of(column: pa.ChunkedArray) -> list[Any]:
    found = read_arrow_codes(column)
    return [None if code < 0 else found.levels[code] for code in found.codes]


def plain(texts: pd.Series) -> list[Any]:
    return [None if pd.isna(text) else text for text in texts]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: str(column.type))
def test_every_type_gives_the_numbers_and_texts_that_pandas_gives(column: pa.ChunkedArray) -> None:
    numbers, unparseable = read_arrow_numbers(column)
    expected, left_out = read_numbers(column.to_pandas())
    np.testing.assert_array_equal(numbers, expected.to_numpy(float))
    assert numbers.dtype == np.float64
    assert unparseable == left_out
    assert texts_of(column) == plain(read_text(column.to_pandas()))


@settings(deadline=None, max_examples=150)
@given(st.lists(TEXTS, max_size=12), st.integers(0, 12))
def test_any_text_is_read_as_pandas_reads_it_wherever_a_chunk_ends(values: list[str | None], cut: int) -> None:
    column = pa.chunked_array([values[:cut], values[cut:]], type=pa.string())
    series = pd.Series(values, dtype=object)
    assert texts_of(column) == plain(read_text(series))
    numbers, unparseable = read_arrow_numbers(column)
    expected, left_out = read_numbers(series)
    np.testing.assert_array_equal(numbers, expected.to_numpy(float))
    assert unparseable == left_out


def test_levels_are_counted_and_unused_ones_are_not_there() -> None:
    column = pa.chunked_array([pa.DictionaryArray.from_arrays(pa.array([0, 0, None]), pa.array(["a", "b"]))])
    assert read_arrow_codes(column).count() == {"a": 2}


def test_values_are_not_changed() -> None:
    values = np.array([1.0, np.inf])
    column = pa.chunked_array([pa.array(values)])
    read_arrow_numbers(column)
    np.testing.assert_array_equal(values, [1.0, np.inf])
