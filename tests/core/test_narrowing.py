"""Fewer features where work grows faster than the number of columns."""

import pytest

from churn_monitoring.core.narrowing import narrow_schema
from churn_monitoring.core.options import TableSchema

TABLE = TableSchema(
    id="id", target="y", positive=1, date="day", numeric=("a", "b", "c"), categorical=("d", "e"), ignored=("f",)
)


@pytest.mark.parametrize("most", [5, 6])
def test_a_table_with_no_more_features_stays_as_it_is(most: int) -> None:
    assert narrow_schema(TABLE, {"a": 1.0}, most) is TABLE


def test_the_highest_ranked_are_kept_in_the_order_of_the_schema_with_all_other_roles() -> None:
    found = narrow_schema(TABLE, {"e": 0.9, "c": 0.5, "a": 0.1, "b": 0.0, "d": 0.2}, 3)
    assert (found.numeric, found.categorical) == (("c",), ("d", "e"))
    assert found == TABLE.model_copy(update={"numeric": ("c",), "categorical": ("d", "e")})


def test_of_equals_the_first_of_the_schema_are_kept_and_the_unranked_come_last() -> None:
    assert narrow_schema(TABLE, {"c": 0.0, "d": 0.0, "e": 0.0}, 2).features == ("c", "d")
    assert narrow_schema(TABLE, {"e": (0.0, 0.2), "d": (0.1, 0.0)}, 3).features == ("a", "d", "e")
    assert narrow_schema(TABLE, {}, 1).features == ("a",)
