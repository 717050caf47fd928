"""Customers met again: amounts move by half a percent, everything else stays, twins are told apart."""

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.options import TableSchema
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.jitter import Amount, find_amounts, jitter_rows, jitter_twins, keep_side
from churn_monitoring.simulation.region import Region


@pytest.fixture
def known(small_table: pd.DataFrame, small_schema: TableSchema) -> KnownTable:
    return KnownTable(small_table, small_schema)


def test_amounts_are_the_numbers_with_decimals(known: KnownTable) -> None:
    numbers = known.read_numbers("size")
    assert find_amounts(known) == (Amount("size", 2, numbers.min(), numbers.max()),)


def test_a_whole_number_with_missing_values_is_no_amount(small_schema: TableSchema) -> None:
    rows = pd.DataFrame({"size": [1.0, np.nan, 3.0], "noise": [0.1, 1e-7, 2.0], "left": [0, 1, 0]})
    assert [amount.column for amount in find_amounts(KnownTable(rows, small_schema))] == ["noise"]


def test_chosen_amounts_move_by_half_a_percent_and_nothing_else_does(
    small_table: pd.DataFrame, known: KnownTable
) -> None:
    before = small_table.copy()
    chosen = np.arange(len(small_table)) % 2 == 0
    moved = jitter_rows(np.random.default_rng(1), small_table, chosen, find_amounts(known))
    pd.testing.assert_frame_equal(small_table, before)
    pd.testing.assert_frame_equal(moved.drop(columns="size"), before.drop(columns="size"))
    pd.testing.assert_frame_equal(moved[~chosen], before[~chosen])
    old, new = (pd.to_numeric(rows.loc[chosen, "size"], errors="coerce") for rows in (before, moved))
    assert (old.isna() == new.isna()).all()
    relative = (new / old - 1).dropna()
    assert relative.std() == pytest.approx(0.005, rel=0.1)
    assert abs(relative.mean()) < 0.0006
    assert moved.loc[chosen, "size"].str.strip().str.partition(".")[2].str.len().max() == 2
    known_range = known.read_numbers("size").min(), known.read_numbers("size").max()
    assert new.dropna().between(*known_range).all()


def test_an_amount_outside_the_known_range_stays_near_itself() -> None:
    rows = pd.DataFrame({"size": [1.0, 2.0, 500.0]})
    amounts = [Amount("size", 2, 2.0, 100.0)]
    moved = [
        jitter_rows(np.random.default_rng(seed), rows, np.ones(3, dtype=bool), amounts)["size"] for seed in range(50)
    ]
    below, border, above = pd.DataFrame(moved).T.to_numpy()
    assert 0.95 < below.min() <= below.max() < 1.05
    assert border.min() == 2.0
    assert 490 < above.min() <= above.max() < 510


def test_twins_of_few_customers_are_all_different(small_table: pd.DataFrame, known: KnownTable) -> None:
    rows = small_table.iloc[np.repeat([1, 2, 3], 14)].reset_index(drop=True)
    twins = jitter_twins(np.random.default_rng(1), rows, find_amounts(known), known.schema.features)
    assert not twins.duplicated(list(known.schema.features)).any()
    pd.testing.assert_frame_equal(twins.drop(columns="size"), rows.drop(columns="size"))


def test_twins_without_amounts_are_left_as_they_are(small_table: pd.DataFrame) -> None:
    rows = small_table.iloc[[1, 1]].reset_index(drop=True)
    pd.testing.assert_frame_equal(jitter_twins(np.random.default_rng(1), rows, (), ["noise", "plan"]), rows)


def test_nobody_crosses_the_border_of_a_new_region(known: KnownTable) -> None:
    rows, moved = pd.DataFrame({"size": [9.9, 10.1, 5.0]}), pd.DataFrame({"size": [10.2, 9.8, 5.1]})
    assert keep_side(rows, moved, Region("size", 10, 20), known)["size"].tolist() == [9.9, 10.1, 5.1]
    assert keep_side(rows, moved, None, known) is moved
