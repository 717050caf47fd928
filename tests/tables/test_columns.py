import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.tables.columns import canonical_text, read_dates, read_numbers, read_text

ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([1]), st.just(pd.NA)
)
ODD_COLUMNS = [
    pd.Series([], dtype=object),
    pd.Series([None, None]),
    pd.Series([True, False]),
    pd.Series([True, None], dtype="boolean"),
    pd.Series([1, None], dtype="Int64"),
    pd.Series([1, None], dtype="int64[pyarrow]"),
    pd.Series(["a", None], dtype="string"),
    pd.Series(["a", None], dtype="category"),
    pd.Series([1 + 2j]),
    pd.Series([pd.Timedelta(1, "D")]),
    pd.Series(pd.to_datetime(["2025-01-01", None])),
    pd.Series(pd.to_datetime(["2025-01-01"]).tz_localize("Asia/Tokyo")),
    pd.Series([Decimal("1.5"), [1], {"a": 1}, 1, True, "x"], dtype=object),
]


def test_one_value_has_one_spelling_whatever_type_the_file_gave_it():
    for ones in ([1, 1], [1.0, np.nan], ["1", None], [" 1 ", ""], ["1.0", "x"]):
        assert read_text(pd.Series(ones)).iloc[0] == "1"


def test_one_and_true_stay_apart_as_text_even_in_one_column():
    assert read_text(pd.Series([1, True, "1", "True"], dtype=object)).tolist() == ["1", "True", "1", "True"]


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, pd.NaT, "", "  ", "\t\n"])
def test_null_and_blank_text_are_missing_and_are_not_counted_as_unreadable(nothing):
    values = pd.Series(["1", nothing], dtype=object)
    assert read_text(values).isna().tolist() == [False, True]
    numbers, unparseable = read_numbers(values)
    assert (numbers.isna().tolist(), unparseable) == ([False, True], 0)


def test_large_identifiers_survive_a_float_column():
    assert read_text(pd.Series([15634602.0, np.nan])).iloc[0] == "15634602"
    assert canonical_text(1e300) == "1e+300"


def test_text_that_is_no_number_and_infinity_become_missing_and_are_counted():
    numbers, unparseable = read_numbers(pd.Series(["1", "1e2", "1,5", "ten", "inf", "nan", None, " "]))
    assert numbers.tolist()[:2] == [1.0, 100.0]
    assert numbers.isna().sum() == 6
    assert unparseable == 4
    numbers, unparseable = read_numbers(pd.Series([1.0, np.inf, -np.inf, np.nan]))
    assert (int(numbers.isna().sum()), unparseable) == (3, 2)


def test_truth_values_are_numbers_where_a_number_is_asked_for():
    assert read_numbers(pd.Series([True, False, None], dtype=object))[0].tolist()[:2] == [1.0, 0.0]
    assert read_numbers(pd.Series([True, False]))[0].tolist() == [1.0, 0.0]


def test_dates_are_no_numbers():
    numbers, unparseable = read_numbers(pd.Series(pd.to_datetime(["2025-01-01", None])))
    assert numbers.isna().all()
    assert unparseable == 1


def test_dates_are_read_from_text_dates_and_compact_integers():
    expected = pd.Timestamp("2025-01-06")
    for first in ("2025-01-06", datetime.date(2025, 1, 6), 20250106, "2025-01-06T00:00:00+00:00", expected):
        dates, unparseable = read_dates(pd.Series([first, None], dtype=object))
        assert dates.iloc[0] == expected
        assert dates.isna().tolist() == [False, True]
        assert unparseable == 0
    assert read_dates(pd.Series(["soon", "2025-01-06"]))[1] == 1


@pytest.mark.parametrize("column", ODD_COLUMNS, ids=lambda column: str(column.dtype))
def test_no_column_type_is_refused_and_none_is_changed(column):
    before = column.copy(deep=True)
    assert str(read_text(column).dtype) == "str"
    assert read_numbers(column)[0].dtype == np.float64
    assert read_dates(column)[0].dtype.kind == "M"
    pd.testing.assert_series_equal(column, before)


@given(st.lists(ANYTHING, max_size=8))
def test_reading_twice_is_reading_once(values):
    column = pd.Series(values, dtype=object, index=range(10, 10 + len(values)), name="x")
    text, (numbers, _) = read_text(column), read_numbers(column)
    pd.testing.assert_series_equal(read_text(text), text)
    again, unparseable = read_numbers(numbers)
    pd.testing.assert_series_equal(again, numbers)
    assert unparseable == 0
    assert np.isfinite(numbers.dropna()).all()


@given(st.lists(ANYTHING, max_size=8))
def test_a_value_reads_the_same_alone_and_among_others(values):
    together = read_text(pd.Series(values, dtype=object))
    alone = [read_text(pd.Series([value], dtype=object)).iloc[0] for value in values]
    assert together.fillna("missing").tolist() == pd.Series(alone, dtype="str").fillna("missing").tolist()
