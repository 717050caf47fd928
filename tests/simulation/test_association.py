"""How a labelled table orders its values and picks its strongest column."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from churn_monitoring.core.options import TableSchema
from churn_monitoring.simulation.association import KnownTable, measure_separation


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_separation_is_the_distance_of_the_roc_auc_from_chance(pairs: list[tuple[bool, int]]) -> None:
    labels = np.array([float(label) for label, _ in pairs])
    position = np.array([float(value) for _, value in pairs])
    expected = abs(roc_auc_score(labels, position) - 0.5) if 0 < labels.sum() < len(labels) else 0.0
    assert measure_separation(labels, position) == pytest.approx(expected, abs=1e-12)


def test_numbers_stand_at_their_value_and_missing_ones_at_the_median(
    small_table: pd.DataFrame, small_schema: TableSchema
) -> None:
    known = KnownTable(small_table, small_schema)
    rows = pd.DataFrame({"size": ["61.5", " ", None, "abc"]})
    median = pd.to_numeric(small_table["size"], errors="coerce").median()
    assert known.measure_position(rows, "size").tolist() == [61.5, median, median, median]


def test_categories_stand_at_the_churn_rate_of_their_level(
    small_table: pd.DataFrame, small_schema: TableSchema
) -> None:
    known = KnownTable(small_table, small_schema)
    left = small_table["left"] == "1"
    expected = [left[small_table["plan"] == "pro"].mean(), left.mean(), left.mean()]
    position = known.measure_position(pd.DataFrame({"plan": ["pro", "unheard of", None]}), "plan")
    np.testing.assert_allclose(position, expected)


def test_the_strongest_column_is_the_one_the_labels_depend_on(
    small_table: pd.DataFrame, small_schema: TableSchema
) -> None:
    known = KnownTable(small_table, small_schema)
    assert known.find_strongest(small_schema.features) == "size"
    assert known.find_strongest(small_schema.categorical) == "plan"


def test_the_commonest_value_keeps_its_spelling() -> None:
    schema = TableSchema(id="k", target="y", positive=1, date=None, numeric=(), categorical=("c", "e"), ignored=())
    rows = pd.DataFrame({"c": ["a ", "b", "a "], "e": [None, None, None], "y": [1, 0, 1]})
    assert KnownTable(rows, schema).find_commonest("c") == "a "
    assert KnownTable(rows, schema).find_commonest("e") is None


def test_an_empty_number_column_stands_at_zero() -> None:
    schema = TableSchema(id="k", target="y", positive=1, date=None, numeric=("x",), categorical=(), ignored=())
    rows = pd.DataFrame({"x": [np.nan, np.nan], "y": [1, 0]})
    assert KnownTable(rows, schema).measure_position(rows, "x").tolist() == [0.0, 0.0]
