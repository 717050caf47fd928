"""Every fault does what it says, to the share it names, on numbers and on text, and spares its input."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.options import Change, TableSchema
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.faults import FAULTS, NEW_CATEGORY, apply_fault


@pytest.fixture
def known(small_table: pd.DataFrame, small_schema: TableSchema) -> KnownTable:
    return KnownTable(small_table, small_schema)


def strike(rows: pd.DataFrame, known: KnownTable, kind: str, **fields: Any) -> pd.DataFrame:
    change = Change(**{"kind": kind, "from_week": 1, **fields})
    return apply_fault(rows, np.random.default_rng(1), change, known)


@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_a_fault_leaves_rows_and_other_columns_alone(small_table: pd.DataFrame, known: KnownTable, kind: str) -> None:
    before = small_table.copy()
    column = None if kind == "duplicates" else "plan"
    broken = strike(small_table, known, kind, column=column, strength=0.5)
    pd.testing.assert_frame_equal(small_table, before)
    others = [name for name in before if name != column]
    pd.testing.assert_frame_equal(broken[others].drop_duplicates(ignore_index=True), before[others])


@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_no_strength_breaks_nothing(small_table: pd.DataFrame, known: KnownTable, kind: str) -> None:
    column = None if kind == "duplicates" else "plan"
    pd.testing.assert_frame_equal(strike(small_table, known, kind, column=column, strength=0.0), small_table)


@pytest.mark.parametrize("kind", ["covariate_shift", "label_shift", "concept_drift"])
def test_a_change_that_is_no_fault_breaks_nothing(small_table: pd.DataFrame, known: KnownTable, kind: str) -> None:
    assert strike(small_table, known, kind) is small_table


def test_a_broken_number_is_a_hundred_times_too_large(small_schema: TableSchema) -> None:
    rows = pd.DataFrame({"size": [1.5, np.nan, -2.0], "left": [1, 0, 1]})
    broken = strike(rows, KnownTable(rows, small_schema), "broken_column", column="size")
    assert broken["size"].tolist()[::2] == [150.0, -200.0]
    assert np.isnan(broken["size"].iloc[1])


def test_a_broken_whole_number_stays_a_number(small_schema: TableSchema) -> None:
    rows = pd.DataFrame({"size": [1, 2], "left": [1, 0]})
    broken = strike(rows, KnownTable(rows, small_schema), "broken_column", column="size")
    assert broken["size"].tolist() == [100, 200]


def test_a_broken_number_in_text_stays_text_and_blanks_stay_blank(small_table: pd.DataFrame, known: KnownTable) -> None:
    rows = small_table.assign(size=["29.85", " ", "n/a", *small_table["size"][3:]])
    broken = strike(rows, known, "broken_column", column="size")
    assert broken["size"].tolist()[:3] == ["2985", " ", "n/a"]
    ratio = pd.to_numeric(broken["size"], errors="coerce") / pd.to_numeric(rows["size"], errors="coerce")
    np.testing.assert_allclose(ratio.dropna(), 100)


def test_a_broken_category_is_constant(small_table: pd.DataFrame, known: KnownTable) -> None:
    broken = strike(small_table, known, "broken_column", column="plan")
    assert broken["plan"].unique().tolist() == [small_table["plan"].value_counts().idxmax()]


@pytest.mark.parametrize("column", ["size", "plan"])
def test_a_missing_burst_empties_the_share_it_names(small_table: pd.DataFrame, known: KnownTable, column: str) -> None:
    broken = strike(small_table, known, "missing_burst", column=column, strength=0.4)
    assert broken[column].isna().sum() == 1200
    kept = broken[column].notna()
    pd.testing.assert_series_equal(broken.loc[kept, column], small_table.loc[kept, column])


def test_a_recoded_category_keeps_its_groups_under_new_names(small_table: pd.DataFrame, known: KnownTable) -> None:
    broken = strike(small_table, known, "recoded_category", column="plan")
    pairs = set(zip(small_table["plan"], broken["plan"], strict=True))
    assert pairs == {("basic", "BASIC_V2"), ("plus", "PLUS_V2"), ("pro", "PRO_V2")}


def test_recoding_leaves_missing_and_blank_values_as_they_are(known: KnownTable) -> None:
    rows = pd.DataFrame({"plan": ["pro", None, "  "]})
    broken = strike(rows, known, "recoded_category", column="plan")
    assert broken["plan"].iloc[0] == "PRO_V2"
    assert pd.isna(broken["plan"].iloc[1])
    assert broken["plan"].iloc[2] == "  "


def test_a_recoded_number_like_category_becomes_text_that_parquet_can_hold(known: KnownTable) -> None:
    rows = pd.DataFrame({"flag": [0, 1, 1, 0]})
    broken = strike(rows, known, "recoded_category", column="flag", strength=0.5)
    assert pd.api.types.is_string_dtype(broken["flag"])
    assert sorted(broken["flag"].str.removesuffix("_V2")) == ["0", "0", "1", "1"]


def test_a_new_category_was_never_seen_and_has_its_share(small_table: pd.DataFrame, known: KnownTable) -> None:
    broken = strike(small_table, known, "new_category", column="plan", strength=0.1)
    assert NEW_CATEGORY not in set(small_table["plan"])
    assert (broken["plan"] == NEW_CATEGORY).sum() == 300


def test_duplicates_repeat_whole_rows_beside_their_originals(small_table: pd.DataFrame, known: KnownTable) -> None:
    broken = strike(small_table, known, "duplicates", strength=0.25)
    assert len(broken) == 3750
    assert broken.duplicated().sum() == 750
    assert broken.index.tolist() == list(range(3750))


def test_an_empty_batch_stays_empty(small_table: pd.DataFrame, known: KnownTable) -> None:
    for kind in FAULTS:
        column = None if kind == "duplicates" else "plan"
        assert strike(small_table[:0], known, kind, column=column).empty


def test_an_incomplete_change_is_a_defect_not_a_surprise(small_table: pd.DataFrame, known: KnownTable) -> None:
    with pytest.raises(ValueError, match="complete the timeline"):
        strike(small_table, known, "missing_burst")
