"""Every row of any table is in exactly one readable part of every feature."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_monitoring.core.options import TableSchema
from churn_monitoring.performance.parts import FeatureParts, cut_parts

SCHEMA = TableSchema(
    id="id", target="left", positive="yes", date=None, numeric=("age",), categorical=("contract",), ignored=()
)


def cut_ages(reference: list[float], batch: list[float], bins: int = 5) -> FeatureParts:
    tables = [pd.DataFrame({"age": np.array(side, dtype=float)}) for side in (reference, batch)]
    return cut_parts(*tables, SCHEMA, bins)[0]


def cut_contracts(reference: list[str | None], batch: list[str | None]) -> FeatureParts:
    tables = [pd.DataFrame({"contract": pd.array(side, dtype="str")}) for side in (reference, batch)]
    return cut_parts(*tables, SCHEMA, 5)[0]


def names_of(cut: FeatureParts, side: np.ndarray) -> list[str]:
    return [cut.names[place] for place in side]


def test_numbers_are_cut_into_slices_of_equally_many_reference_rows() -> None:
    cut = cut_ages(list(range(100)), [-5.0, 20.0, 20.6, 1e9])
    np.testing.assert_array_equal(cut.count()[0], [21, 20, 20, 20, 19, 0])
    assert names_of(cut, cut.batch) == ["age up to 20", "age up to 20", "age 20 to 40", "age above 80"]


@pytest.mark.parametrize("nudge", [-0.02, 0.0, 0.02])
def test_the_slightest_move_of_a_count_does_not_change_its_slice(nudge: float) -> None:
    calls = [0.0] * 50 + [1.0] * 30 + [2.0] * 15 + [3.0] * 5
    cut = cut_ages(calls, [value + nudge for value in calls])
    np.testing.assert_array_equal(cut.reference, cut.batch)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_two_values_are_told_apart_however_often_each_occurs(share: float) -> None:
    cut = cut_ages([1.0] * int(share * 100) + [0.0] * (100 - int(share * 100)), [0.0, 1.0])
    assert cut.batch[0] != cut.batch[1]


@pytest.mark.parametrize("end", [0.0, 50.0])
def test_a_value_most_rows_share_is_a_part_of_its_own_at_either_end(end: float) -> None:
    values = [end] * 800 + list(range(1, 50)) * 4
    cut = cut_ages(values, [end])
    assert cut.count()[0][cut.batch[0]] == 800


def test_missing_and_never_seen_are_parts_of_their_own() -> None:
    cut = cut_contracts(["monthly", "yearly", None], ["yearly", "weekly", None])
    assert names_of(cut, cut.batch) == ["contract = yearly", "contract never seen before", "contract is missing"]
    ages = cut_ages([1.0, 2.0, np.nan], [np.nan, 1.0])
    assert names_of(ages, ages.batch)[0] == "age is missing"


def test_columns_without_a_value_or_of_one_value_are_one_part() -> None:
    assert cut_ages([np.nan] * 3, [np.nan, 4.0]).batch.tolist() == [1, 0]
    assert cut_ages([7.0] * 3, [7.0, 9.0]).batch.tolist() == [0, 0]
    assert cut_contracts([None, None], [None, "monthly"]).names == ("contract never seen before", "contract is missing")


def test_a_column_that_a_table_lacks_is_no_feature() -> None:
    assert cut_parts(pd.DataFrame({"age": [1.0]}), pd.DataFrame({"contract": ["monthly"]}), SCHEMA, 5) == ()


NUMBERS = st.lists(
    st.one_of(st.just(np.nan), st.sampled_from([-1.7e308, 0.0, 1.0, np.nextafter(1.0, 2.0), 7.0, 1.7e308])), max_size=30
)


@settings(deadline=None, max_examples=80)
@given(NUMBERS, NUMBERS)
def test_any_columns_of_numbers_are_cut_completely(reference: list[float], batch: list[float]) -> None:
    cut = cut_ages(reference, batch)
    sizes = cut.count()
    assert (sizes[0].sum(), sizes[1].sum()) == (len(reference), len(batch))
    indicators = cut.indicate(np.arange(len(cut.names)))
    assert all((side.sum(axis=0) == 1.0).all() for side in indicators)
