"""Choosing rows: weights as documented, samples without repetition."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.core.options import Change, TableSchema
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.shifts import choose_rows, weigh_rows


@given(st.integers(0, 50), st.integers(0, 2**32 - 1))
def test_chosen_rows_are_different_and_ascending(count: int, seed: int) -> None:
    chosen = choose_rows(np.random.default_rng(seed), np.zeros(50), count)
    assert len(chosen) == count
    assert (np.diff(chosen) > 0).all()


def test_a_row_is_chosen_as_readily_as_it_weighs() -> None:
    rng = np.random.default_rng(1)
    weights = np.array([1.0, 2.0, 5.0])
    first = [int(choose_rows(rng, np.log(weights), 1)[0]) for _ in range(6000)]
    np.testing.assert_allclose(np.bincount(first) / 6000, weights / 8, atol=0.03)


def test_weights_are_those_documented_and_multiply(small_table: pd.DataFrame, small_schema: TableSchema) -> None:
    known = KnownTable(small_table, small_schema)
    churned = (small_table["left"] == "1").to_numpy(dtype=float)
    label = Change(kind="label_shift", from_week=1, strength=0.4)
    covariate = Change(kind="covariate_shift", from_week=1, column="size", strength=0.5)
    by_label = weigh_rows(small_table, churned, [label], known)
    by_size = weigh_rows(small_table, churned, [covariate], known)
    np.testing.assert_allclose(np.exp(by_label), np.where(churned == 1, 3.0, 1.0))
    assert by_size.max() == pytest.approx(1.5, abs=1e-2)
    assert by_size.min() == pytest.approx(-1.5, abs=1e-2)
    np.testing.assert_allclose(weigh_rows(small_table, churned, [label, covariate], known), by_label + by_size)


def test_unknown_labels_weigh_like_stayers(small_table: pd.DataFrame, small_schema: TableSchema) -> None:
    shift = Change(kind="label_shift", from_week=1)
    weights = weigh_rows(small_table[:2], np.array([np.nan, 0.0]), [shift], KnownTable(small_table, small_schema))
    assert weights.tolist() == [0.0, 0.0]


def test_no_strength_is_no_preference(small_table: pd.DataFrame, small_schema: TableSchema) -> None:
    known = KnownTable(small_table, small_schema)
    shifts = [
        Change(kind="label_shift", from_week=1, strength=0.0),
        Change(kind="covariate_shift", from_week=1, column="plan", strength=0.0),
    ]
    assert not weigh_rows(small_table, np.ones(len(small_table)), shifts, known).any()
