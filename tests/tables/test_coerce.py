import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.errors import DataError
from churn_monitoring.core.options import TableSchema
from churn_monitoring.tables import coerce_rows, fingerprint_rows, missing_columns, read_labels


def make_schema(**changes) -> TableSchema:
    roles = {
        "id": "customer",
        "target": "left",
        "positive": "yes",
        "date": "day",
        "numeric": ["charges"],
        "categorical": ["contract"],
        "ignored": ["note"],
    }
    return TableSchema(**(roles | changes))


@pytest.fixture
def raw() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "note": ["a", "b", "c"],
            "contract": ["monthly ", None, "2.0"],
            "day": ["2025-01-06", "never", None],
            "charges": ["10.5", " ", "ten"],
            "left": ["Yes", "no", None],
            "customer": [7.0, 8.0, np.nan],
        },
        index=[5, 6, 7],
    )


def test_rows_have_the_columns_of_the_schema_in_its_order_and_the_index_of_the_table(raw):
    coerced = coerce_rows(raw, make_schema())
    assert list(coerced.rows) == ["customer", "left", "day", "charges", "contract"]
    assert coerced.rows.index.tolist() == [5, 6, 7]
    assert coerced.unparseable == {"day": 1, "charges": 1}
    assert coerced.rows["charges"].isna().tolist() == [False, True, True]
    assert coerced.rows["contract"].tolist()[::2] == ["monthly", "2"]
    assert coerced.rows["customer"].tolist()[:2] == ["7", "8"]


def test_the_raw_table_is_left_alone(raw):
    before = raw.copy(deep=True)
    coerce_rows(raw, make_schema())
    pd.testing.assert_frame_equal(raw, before)


def test_coerced_rows_coerce_to_themselves(raw):
    once = coerce_rows(raw, make_schema()).rows
    twice = coerce_rows(once, make_schema())
    pd.testing.assert_frame_equal(twice.rows, once)
    assert set(twice.unparseable.values()) == {0}


def test_an_empty_table_keeps_its_columns_and_types(raw):
    rows = coerce_rows(raw.iloc[:0], make_schema()).rows
    assert len(rows) == 0
    assert rows.dtypes.equals(coerce_rows(raw, make_schema()).rows.dtypes)


def test_absent_columns_are_named_not_invented(raw):
    schema = make_schema()
    partial = raw[["customer", "charges"]]
    assert list(coerce_rows(partial, schema).rows) == ["customer", "charges"]
    assert missing_columns(partial, schema, with_target=False) == ("contract",)
    assert missing_columns(partial, schema, with_target=True) == ("left", "day", "contract")
    assert missing_columns(raw, schema, with_target=True) == ()


def test_a_column_that_occurs_twice_is_an_error_that_names_it(raw):
    twice = pd.concat([raw, raw[["charges"]]], axis=1)
    with pytest.raises(DataError, match="'charges' occurs 2 times"):
        coerce_rows(twice, make_schema())


def test_a_missing_label_is_never_stayed():
    labels = read_labels(pd.Series(["Yes", " YES ", "No", "", None]), make_schema())
    assert labels.tolist()[:3] == [1.0, 1.0, 0.0]
    assert labels.isna().tolist() == [False, False, False, True, True]
    assert labels.dtype == np.float64


@pytest.mark.parametrize("positive", [1, True, "1", "true"])
@pytest.mark.parametrize("values", [[1, 0], [1.0, 0.0], [True, False], ["1", "0"], ["True", "False"]])
def test_a_target_of_ones_is_read_whatever_type_the_file_gave_it(positive, values):
    labels = read_labels(pd.Series(values), make_schema(positive=positive))
    assert labels.tolist() == [1.0, 0.0]


def test_a_positive_value_of_zero_or_false_turns_the_labels_round():
    assert read_labels(pd.Series([1, 0]), make_schema(positive=0)).tolist() == [0.0, 1.0]
    assert read_labels(pd.Series([True, False]), make_schema(positive=False)).tolist() == [0.0, 1.0]


def test_labels_are_the_same_before_and_after_coercion(raw):
    schema = make_schema()
    before = read_labels(raw["left"], schema)
    pd.testing.assert_series_equal(read_labels(coerce_rows(raw, schema).rows["left"], schema), before)


def test_fingerprints_tell_equal_rows_from_different_ones_whatever_the_index(raw):
    rows = coerce_rows(pd.concat([raw, raw]).reset_index(drop=True), make_schema()).rows
    prints = fingerprint_rows(rows, ["charges", "contract"])
    assert prints.dtype == np.uint64
    assert prints[:3].tolist() == prints[3:].tolist()
    assert len(set(prints.tolist())) == 3
    shuffled = rows.iloc[[2, 0, 1]]
    assert fingerprint_rows(shuffled, ["charges", "contract"]).tolist() == prints[[2, 0, 1]].tolist()


def test_fingerprints_do_not_depend_on_the_file_the_row_came_from():
    schema = make_schema(date=None)
    text = pd.DataFrame({"charges": ["1", ""], "contract": ["2", ""]})
    typed = pd.DataFrame({"charges": [1.0, np.nan], "contract": [2.0, np.nan]})
    first, second = (fingerprint_rows(coerce_rows(frame, schema).rows, schema.features) for frame in (text, typed))
    assert first.tolist() == second.tolist()
