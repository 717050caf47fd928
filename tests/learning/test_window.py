"""Rows to learn from and rows to compare on: no customer in both, the newest kept for comparison."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_monitoring.core.options import TableSchema
from churn_monitoring.learning.leaks import KnownRows
from churn_monitoring.learning.window import Window, find_shortage, split_window

SCHEMA = TableSchema(
    id="customer", target="left", positive="yes", date=None, numeric=["age"], categorical=[], ignored=[]
)
NOTHING = {
    "rows": 0, "returning": 0, "seen": 0, "twins": 0,
    "calibrated": 0, "repeated": 0, "used": 0, "fresh": 0, "fresh_positives": 0,
}  # fmt: skip


def deliver(*ids: str | None, labels: list[float] | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer": pd.Series(list(ids), dtype=object),
            "age": np.arange(len(ids), dtype=float),
            "label": labels or [0.0] * len(ids),
        }
    )


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def split(
    batches: list[pd.DataFrame], seen: Sequence[str | None] = (), share: float = 0.5, seed: int = 3, **known: Any
) -> Window:
    """Ages are the same in every batch, so that equal features tell nothing unless a test is about them."""
    fitted = pd.DataFrame({"customer": pd.Series(list(seen), dtype=object)})
    told = KnownRows(**{"fitted": fitted, "distinctive": False, **known})
    return split_window({f"week {number}": rows for number, rows in enumerate(batches)}, SCHEMA, told, share, seed)


def test_the_newest_rows_are_compared_on_and_the_older_ones_learned_from() -> None:
    window = split([deliver(*names("a", 10)), deliver(*names("b", 10)), deliver(*names("c", 20))])
    assert set(window.comparison["customer"]) == set(names("c", 20))
    assert set(window.learning["customer"]) == {*names("a", 10), *names("b", 10)}
    assert window.batches == ("week 0", "week 1", "week 2")


def test_the_batch_at_the_border_is_divided_at_random_and_the_same_way_again() -> None:
    batches = [deliver(*names("a", 40))]
    drawn = [split(batches, seed=seed).comparison["customer"].tolist() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert sorted(drawn[0]) != names("a", 40)[20:]


@pytest.mark.parametrize(("share", "compared"), [(0.25, 10), (0.5, 20), (0.9, 36)])
def test_the_share_is_of_the_rows_that_are_left(share: float, compared: int) -> None:
    batches = [deliver(*names("a", 30)), deliver(*names("b", 10), *names("seen", 10))]
    window = split(batches, names("seen", 10), share)
    assert (len(window.comparison), len(window.learning)) == (compared, 40 - compared)


def test_of_a_returning_customer_only_the_newest_row_is_used() -> None:
    older, newer = deliver("x", *names("a", 5), labels=[0.0] * 6), deliver("x", *names("b", 5), labels=[1.0] * 6)
    window = split([older, newer])
    rows = pd.concat([window.learning, window.comparison])
    assert rows.loc[rows["customer"] == "x", "label"].tolist() == [1.0]
    assert window.facts == {**NOTHING, "rows": 12, "returning": 1, "fresh": 11, "fresh_positives": 6}


def test_a_customer_the_champion_was_fitted_on_is_in_neither_part() -> None:
    window = split([deliver(*names("a", 10)), deliver(*names("b", 10))], ["a1", "b2", "z"])
    rows = pd.concat([window.learning, window.comparison])
    assert not set(rows["customer"]) & {"a1", "b2"}
    assert window.facts == {**NOTHING, "rows": 20, "seen": 2, "fresh": 18}


def test_rows_without_an_id_are_customers_of_their_own_even_when_the_champion_saw_such_rows() -> None:
    window = split([deliver(None, None, "a", "b")], [None, "q"])
    assert len(window.learning) + len(window.comparison) == 4


def test_a_window_without_batches_is_empty_and_says_so() -> None:
    window = split([])
    assert (window.batches, len(window.learning), len(window.comparison)) == ((), 0, 0)
    assert list(window.learning.columns) == ["customer", "age", "label"]
    assert window.facts == NOTHING
    assert find_shortage(window, 1, 1) is not None


def test_a_window_of_seen_customers_only_is_empty() -> None:
    window = split([deliver("a", "b")], ["a", "b"])
    assert (len(window.learning), len(window.comparison)) == (0, 0)


CUSTOMERS = st.lists(st.one_of(st.none(), st.sampled_from("abcdefghij")), max_size=12)


@given(
    st.lists(CUSTOMERS, max_size=4), st.sets(st.sampled_from("abcdefghij")), st.floats(0.05, 0.95), st.integers(0, 9)
)
def test_no_customer_is_ever_on_both_sides_or_twice_on_one(
    weeks: list[list[str | None]], seen: set[str], share: float, seed: int
) -> None:
    batches = [deliver(*ids) for ids in weeks]
    before = [rows.copy() for rows in batches]
    window = split(batches, sorted(seen), share, seed)
    used = [*window.learning["customer"].dropna(), *window.comparison["customer"].dropna()]
    assert len(used) == len(set(used))
    assert set(used) == {who for ids in weeks for who in ids if who is not None} - seen
    assert len(window.comparison) == round(share * (len(window.learning) + len(window.comparison)))
    for rows, kept in zip(batches, before, strict=True):
        pd.testing.assert_frame_equal(rows, kept)


# --- Fresh rows ------------------------------------------------------------------------------------------


def at_ages(rows: pd.DataFrame, *ages: float) -> pd.DataFrame:
    return rows.assign(age=list(ages))


def pair(batch: str, *ids: str | None) -> pd.DataFrame:
    return pd.DataFrame({"batch": [batch] * len(ids), "id": list(ids)}, dtype=object)


def test_rows_that_an_earlier_attempt_was_compared_on_are_learned_from_and_not_compared_on_again() -> None:
    batches = [deliver(*names("a", 10)), deliver(*names("b", 10))]
    first = split(batches)
    second = split(batches, used=first.compared)
    assert set(second.comparison["customer"]) < set(first.learning["customer"])
    assert set(first.comparison["customer"]) < set(second.learning["customer"])
    assert (second.facts["used"], second.facts["fresh"], len(second.comparison)) == (10, 10, 5)


def test_the_newest_fresh_rows_are_compared_on_even_where_older_rows_served_before() -> None:
    batches = [deliver(*names(week, 10)) for week in "abc"]
    window = split(batches, used=pair("week 1", *names("b", 10)))
    assert set(window.comparison["customer"]) == set(names("c", 10))
    assert set(window.learning["customer"]) == {*names("a", 10), *names("b", 10)}


def test_a_customer_who_comes_back_after_an_attempt_has_a_fresh_row_and_another_batch_of_that_name_has_not() -> None:
    returning = split([deliver("x", "y"), deliver("x", "z")], used=pair("week 0", "x", "y"))
    assert (returning.facts["used"], returning.facts["fresh"]) == (1, 2)
    assert split([deliver("x", "y")], used=pair("week 0", "x", "gone")).facts["used"] == 1


def test_rows_without_an_id_are_used_together_with_all_such_rows_of_their_batch() -> None:
    window = split([deliver(None, None, "a"), deliver(None, "b", "c")], used=pair("week 0", None))
    assert window.facts["used"] == 2


def test_what_was_compared_on_is_named_by_batch_and_customer_in_the_order_of_its_rows() -> None:
    window = split([deliver(*names("a", 3)), deliver(*names("b", 6), None)], share=0.8)
    assert window.compared["id"].tolist() == window.comparison["customer"].tolist()
    assert set(window.compared["batch"]) == {"week 0", "week 1"}
    assert list(window.comparison.columns) == ["customer", "age", "label"]


def test_rows_the_champion_was_calibrated_on_are_learned_from_only() -> None:
    window = split([deliver(*names("a", 10))], calibrated=deliver("a3", "a4"), share=0.9)
    assert {"a3", "a4"} <= set(window.learning["customer"])
    assert (window.facts["calibrated"], len(window.comparison)) == (2, 7)


def test_a_row_equal_to_one_the_champion_was_fitted_on_is_left_out_whatever_its_id() -> None:
    batch, fitted = at_ages(deliver("a", "b", "c"), 1.0, 2.0, 3.0), at_ages(deliver("t1", "t2"), 2.0, 9.0)
    window = split([batch], fitted=fitted, distinctive=True)
    assert window.facts["twins"] == 1
    assert {*window.learning["customer"], *window.comparison["customer"]} == {"a", "c"}
    assert split([batch], fitted=fitted, distinctive=False).facts["twins"] == 0


def test_equal_rows_of_the_window_are_learned_from_together() -> None:
    older, newer = at_ages(deliver("a", "b"), 1.0, 2.0), at_ages(deliver("c", "d"), 2.0, 4.0)
    window = split([older, newer], share=0.9, distinctive=True)
    assert window.facts["repeated"] == 2
    assert set(window.learning["customer"]) == {"b", "c"}
    assert set(window.comparison["customer"]) == {"a", "d"}


@settings(max_examples=40, deadline=None)
@given(st.lists(CUSTOMERS, max_size=4), st.floats(0.05, 0.95), st.integers(0, 9))
def test_no_row_is_ever_compared_on_twice_however_many_attempts_there_are(
    weeks: list[list[str | None]], share: float, seed: int
) -> None:
    batches = [deliver(*ids) for ids in weeks]
    used = pair("", *())
    for _ in range(4):
        window = split(batches, share=share, seed=seed, used=used)
        again = window.compared.dropna().merge(used.dropna(), on=["batch", "id"])
        assert again.empty
        assert len(window.comparison) == round(share * window.facts["fresh"])
        used = pd.concat([used, window.compared], ignore_index=True)


def build_window(learning: tuple[int, int], comparison: tuple[int, int]) -> Window:
    first, second = (
        pd.DataFrame({"label": [1.0] * positives + [0.0] * others}) for positives, others in (learning, comparison)
    )
    return Window(("week 0", "week 1"), first, second)


@pytest.mark.parametrize(("learning", "comparison"), [((50, 50), (50, 50)), ((900, 60), (70, 800))])
def test_enough_of_both_classes_on_both_sides_is_no_shortage(
    learning: tuple[int, int], comparison: tuple[int, int]
) -> None:
    assert find_shortage(build_window(learning, comparison), 50, 50) is None


@pytest.mark.parametrize(
    ("learning", "comparison", "sentence"),
    [
        ((99, 99), (49, 60), "There are 49 churners and 60 others to compare on in 2 matured batches; 50 and 50 are "),
        ((99, 99), (60, 49), "There are 60 churners and 49 others to compare on in 2 matured batches; 50 and 50 are "),
        ((3, 80), (60, 60), "There are 3 churners and 80 others to learn from in 2 matured batches; 50 and 50 are "),
        ((0, 0), (0, 0), "There are 0 churners and 0 others to compare on in 2 matured batches; 50 and 50 are "),
    ],
)
def test_a_shortage_is_a_sentence_with_both_counts_and_what_to_do(
    learning: tuple[int, int], comparison: tuple[int, int], sentence: str
) -> None:
    found = find_shortage(build_window(learning, comparison), 50, 50)
    assert found == f"{sentence}needed: wait for more labels."


def test_a_shortage_after_earlier_attempts_says_how_many_rows_are_fresh() -> None:
    facts = {"used": 700, "fresh": 400, "fresh_positives": 80}
    window = replace(build_window((300, 900), (40, 160)), facts=facts)
    assert find_shortage(window, 50, 50) == (
        "There are 40 churners and 160 others to compare on (of 80 and 320 fresh ones: 700 rows served earlier "
        "attempts) in 2 matured batches; 50 and 50 are needed: wait for more labels."
    )
