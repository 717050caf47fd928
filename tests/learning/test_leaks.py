"""Rows compared on that champion or challenger know: by customer, and by equal features where those tell."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.core.options import TableSchema
from churn_monitoring.learning.leaks import LeakCheck, are_known, check_leaks

SCHEMA = TableSchema(
    id="customer", target="left", positive="yes", date=None, numeric=["age"], categorical=["plan"], ignored=[]
)


def build(*ids: str | None, ages: list[float] | None = None, plan: str = "basic") -> pd.DataFrame:
    told = {"customer": pd.Series(list(ids), dtype="str"), "age": ages or np.arange(len(ids), dtype=float)}
    return pd.DataFrame({**told, "plan": pd.Series([plan] * len(ids), dtype="str")})


def test_rows_nobody_knows_are_no_leak_and_the_check_says_what_it_looked_at() -> None:
    known = {"training": build("t", "u", plan="pro"), "learning": build("l", plan="other")}
    found = check_leaks(build("a", "b", "c"), known, SCHEMA, distinctive=True)
    assert found == LeakCheck(rows=3, distinctive=True, against={"training": 2, "learning": 1}, leaks=0)


def test_a_known_customer_is_a_leak_whatever_the_features_have_become() -> None:
    known = {"training": build("t", "b", ages=[70.0, 71.0])}
    for distinctive in (True, False):
        found = check_leaks(build("a", "b", "c"), known, SCHEMA, distinctive=distinctive)
        assert (found.leaks, found.examples) == (1, ("b",))


def test_equal_features_under_another_id_are_a_leak_where_rows_are_distinctive() -> None:
    comparison, known = build("a", "b", ages=[30.0, 40.5]), {"training": build("t", ages=[40.5])}
    assert check_leaks(comparison, known, SCHEMA, distinctive=True).examples == ("b",)
    assert check_leaks(comparison, known, SCHEMA, distinctive=False).leaks == 0


def test_a_row_known_from_two_sides_counts_once_and_three_examples_are_shown() -> None:
    comparison = build("a", "b", "c", "d", None)
    found = check_leaks(comparison, {"training": comparison, "learning": comparison}, SCHEMA, distinctive=True)
    assert (found.leaks, found.examples) == (5, ("a", "b", "c"))


def test_rows_without_an_id_are_told_by_their_features_alone() -> None:
    comparison = build(None, None, ages=[30.0, 31.0])
    found = check_leaks(comparison, {"training": build(None, ages=[31.0])}, SCHEMA, distinctive=True)
    assert (found.leaks, found.examples) == (1, ("without an id",))
    assert check_leaks(comparison, {"training": build(None, ages=[31.0])}, SCHEMA, distinctive=False).leaks == 0


@pytest.mark.parametrize("ages", [[np.nan, 1.0], [1.0, np.nan]])
def test_missing_values_are_equal_to_each_other(ages: list[float]) -> None:
    assert (
        check_leaks(build("a", "b", ages=ages), {"training": build("t", ages=[np.nan])}, SCHEMA, distinctive=True).leaks
        == 1
    )


def test_known_rows_of_which_only_ids_were_loaded_are_told_by_these() -> None:
    ids = pd.DataFrame({"customer": ["b"]})
    assert are_known(build("a", "b"), ids, SCHEMA, distinctive=True).tolist() == [False, True]


def test_nothing_is_known_without_rows_on_either_side() -> None:
    assert are_known(build(), build("a"), SCHEMA, distinctive=True).size == 0
    assert not are_known(build("a"), pd.DataFrame(), SCHEMA, distinctive=True).any()


ROWS = st.lists(st.tuples(st.sampled_from([*"abcdef", None]), st.integers(0, 5)), max_size=10)


@given(ROWS, ROWS)
def test_a_leak_is_what_comparing_every_pair_of_rows_finds(
    first: list[tuple[str | None, int]], second: list[tuple[str | None, int]]
) -> None:
    comparison, known = (
        build(*(who for who, _ in rows), ages=[float(age) for _, age in rows]) for rows in (first, second)
    )
    pairs = [any((who is not None and who == other) or age == years for other, years in second) for who, age in first]
    before = comparison.copy()
    assert check_leaks(comparison, {"training": known}, SCHEMA, distinctive=True).leaks == sum(pairs)
    pd.testing.assert_frame_equal(comparison, before)
