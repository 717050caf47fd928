"""Regions of customers: the end that churns, the middle third, and who is inside."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import TableSchema
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.region import find_middle, find_region


def know(numeric: tuple[str, ...] = (), categorical: tuple[str, ...] = (), **columns: list) -> KnownTable:
    schema = TableSchema(
        id="k", target="y", positive=1, date=None, numeric=numeric, categorical=categorical, ignored=()
    )
    return KnownTable(pd.DataFrame(columns), schema)


def inside_of(known: KnownTable, column: str, share: float) -> np.ndarray:
    return find_region(known, column, share).contains(known, known.rows)


@pytest.mark.parametrize(
    ("share", "inside"), [(0.0, []), (0.2, [8, 9]), (0.5, [5, 6, 7, 8, 9]), (1.0, list(range(10)))]
)
def test_the_region_is_the_end_with_more_churners(share: float, inside: list[int]) -> None:
    position, labels = list(range(10)), [0] * 7 + [1] * 3
    rising = know(numeric=("x",), x=position, y=labels)
    falling = know(numeric=("x",), x=position[::-1], y=labels)
    assert np.flatnonzero(inside_of(rising, "x", share)).tolist() == inside
    assert np.flatnonzero(inside_of(falling, "x", share)).tolist() == inside


@given(st.lists(st.integers(0, 3), min_size=2, max_size=30), st.floats(0, 1))
def test_equal_values_share_a_side_and_the_region_holds_its_share(values: list[int], share: float) -> None:
    known = know(numeric=("x",), x=values, y=[1] + [0] * (len(values) - 1))
    region = inside_of(known, "x", share)
    assert not {*np.array(values)[region]} & {*np.array(values)[~region]}
    assert region.mean() >= share - 1e-9


def test_of_a_category_whole_levels_are_in_the_region() -> None:
    known = know(categorical=("c",), c=["a", "a", "b", "b", "c", "c"], y=[0, 0, 1, 0, 1, 1])
    assert inside_of(known, "c", 0.4).tolist() == [False, False, True, True, True, True]


def test_rows_of_another_table_are_inside_by_their_value() -> None:
    known = know(numeric=("x",), x=list(range(10)), y=[0] * 7 + [1] * 3)
    rows = pd.DataFrame({"x": ["7.9", "8", "300", None]})
    assert find_region(known, "x", 0.2).contains(known, rows).tolist() == [False, True, True, False]


@given(st.lists(st.integers(0, 100), min_size=30, max_size=60, unique=True))
def test_the_middle_is_a_third_of_different_numbers_and_never_a_missing_one(values: list[int]) -> None:
    known = know(numeric=("x",), x=[*values, None], y=[1] + [0] * len(values))
    inside = find_middle(known, "x").contains(known, known.rows)
    assert inside.sum() == pytest.approx(len(values) / 3, abs=1.01)
    assert not inside[-1]
    ordered = np.sort(values)
    assert ordered[inside[:-1][np.argsort(values)]].tolist() == sorted(np.array(values)[inside[:-1]])
    assert (np.diff(np.flatnonzero(inside[:-1][np.argsort(values)])) == 1).all()


@pytest.mark.parametrize("values", [[7, 7, 7], [1, 1, 2, 2], [None, None]])
def test_too_few_values_have_no_middle(values: list) -> None:
    with pytest.raises(ConfigurationError, match="column 'x' are too few"):
        find_middle(know(numeric=("x",), x=values, y=[1] + [0] * (len(values) - 1)), "x")
