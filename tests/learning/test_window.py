"""Rows to learn from and rows to compare on: no customer in both, the newest kept for comparison."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.core.options import TableSchema
from churn_monitoring.learning.window import Window, find_shortage, split_window

SCHEMA = TableSchema(
    id="customer", target="left", positive="yes", date=None, numeric=["age"], categorical=[], ignored=[]
)
NOBODY = pd.Series([], dtype="str")


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


def split(batches: list[pd.DataFrame], seen: pd.Series = NOBODY, share: float = 0.5, seed: int = 3) -> Window:
    return split_window({f"week {number}": rows for number, rows in enumerate(batches)}, SCHEMA, seen, share, seed)


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
    window = split(batches, pd.Series(names("seen", 10)), share)
    assert (len(window.comparison), len(window.learning)) == (compared, 40 - compared)


def test_of_a_returning_customer_only_the_newest_row_is_used() -> None:
    older, newer = deliver("x", *names("a", 5), labels=[0.0] * 6), deliver("x", *names("b", 5), labels=[1.0] * 6)
    window = split([older, newer])
    rows = pd.concat([window.learning, window.comparison])
    assert rows.loc[rows["customer"] == "x", "label"].tolist() == [1.0]
    assert window.facts == {"rows": 12, "returning": 1, "seen": 0}


def test_a_customer_the_champion_was_fitted_on_is_in_neither_part() -> None:
    window = split([deliver(*names("a", 10)), deliver(*names("b", 10))], pd.Series(["a1", "b2", "z"]))
    rows = pd.concat([window.learning, window.comparison])
    assert not set(rows["customer"]) & {"a1", "b2"}
    assert window.facts == {"rows": 20, "returning": 0, "seen": 2}


def test_rows_without_an_id_are_customers_of_their_own_even_when_the_champion_saw_such_rows() -> None:
    window = split([deliver(None, None, "a", "b")], pd.Series([None, "q"], dtype=object))
    assert len(window.learning) + len(window.comparison) == 4


def test_a_window_without_batches_is_empty_and_says_so() -> None:
    window = split([])
    assert (window.batches, len(window.learning), len(window.comparison)) == ((), 0, 0)
    assert list(window.learning.columns) == ["customer", "age", "label"]
    assert window.facts == {"rows": 0, "returning": 0, "seen": 0}
    assert find_shortage(window, 1, 1) is not None


def test_a_window_of_seen_customers_only_is_empty() -> None:
    window = split([deliver("a", "b")], pd.Series(["a", "b"]))
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
    window = split(batches, pd.Series(sorted(seen), dtype=object), share, seed)
    used = [*window.learning["customer"].dropna(), *window.comparison["customer"].dropna()]
    assert len(used) == len(set(used))
    assert set(used) == {who for ids in weeks for who in ids if who is not None} - seen
    assert len(window.comparison) == round(share * (len(window.learning) + len(window.comparison)))
    for rows, kept in zip(batches, before, strict=True):
        pd.testing.assert_frame_equal(rows, kept)


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
