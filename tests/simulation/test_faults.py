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


STRUCK: dict[str, dict[str, Any]] = {kind: {"column": "plan"} for kind in FAULTS} | {
    "decimal_comma": {"column": "size"},
    "joined_columns": {"columns": ["plan", "size"]},
    "swapped_columns": {"columns": ["plan", "flag"]},
    **{kind: {} for kind in ("duplicates", "wrong_delimiter", "nudge")},
}


@pytest.mark.parametrize("kind", sorted(set(FAULTS) - {"wrong_delimiter"}))
def test_a_fault_leaves_rows_and_other_columns_alone(small_table: pd.DataFrame, known: KnownTable, kind: str) -> None:
    before = small_table.copy()
    broken = strike(small_table, known, kind, **STRUCK[kind], strength=0.5)
    pd.testing.assert_frame_equal(small_table, before)
    assert not broken.equals(before)
    named = {STRUCK[kind].get("column"), *STRUCK[kind].get("columns", ())}
    struck = {"size", "noise"} if kind == "nudge" else named
    others = [name for name in before if name not in struck]
    pd.testing.assert_frame_equal(broken[others].drop_duplicates(ignore_index=True), before[others])


@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_no_strength_breaks_nothing(small_table: pd.DataFrame, known: KnownTable, kind: str) -> None:
    pd.testing.assert_frame_equal(strike(small_table, known, kind, **STRUCK[kind], strength=0.0), small_table)


@pytest.mark.parametrize("kind", ["covariate_shift", "label_shift", "concept_drift", "season", "immature_labels"])
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
        assert strike(small_table[:0], known, kind, **STRUCK[kind]).empty


def test_an_incomplete_change_is_a_defect_not_a_surprise(small_table: pd.DataFrame, known: KnownTable) -> None:
    with pytest.raises(ValueError, match="complete the timeline"):
        strike(small_table, known, "missing_burst")


# --- One column -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("column", "value"), [("size", "53.98"), ("plan", "plus")])
def test_a_stuck_column_has_the_first_value_of_the_batch(known: KnownTable, column: str, value: str) -> None:
    rows = pd.DataFrame({"size": [" ", "53.98", None, "7"], "plan": [None, "plus", "pro", " "]})
    assert strike(rows, known, "stuck_column", column=column)[column].tolist() == [value] * 4


def test_a_stuck_column_without_a_value_has_none(known: KnownTable) -> None:
    rows = pd.DataFrame({"size": [" ", None]})
    assert strike(rows, known, "stuck_column", column="size") is rows


def test_a_decimal_comma_is_in_every_number_and_whole_ones_get_a_zero(known: KnownTable) -> None:
    for values in (["29.85", " 29 ", None, "x", "1e-7"], pd.Series([29.85, 29, None, None, 1e-7])):
        written = strike(pd.DataFrame({"size": values}), known, "decimal_comma", column="size")["size"]
        assert written.tolist()[:2] == ["29,85", "29,0"]
        assert pd.isna(written[2])
        assert written[4] == "0,0000001"
        assert pd.to_numeric(written, errors="coerce").isna().all()


# --- The whole table ------------------------------------------------------------------------------------------


def test_a_nudge_moves_every_number_by_a_share_of_its_deviation(small_table: pd.DataFrame, known: KnownTable) -> None:
    nudged = strike(small_table, known, "nudge", strength=0.02)
    for column in known.schema.numeric:
        old, new = (pd.to_numeric(rows[column], errors="coerce") for rows in (small_table, nudged))
        np.testing.assert_allclose((new - old).dropna(), 0.02 * old.std(), rtol=1e-6)
        assert (old.isna() == new.isna()).all()
    pd.testing.assert_frame_equal(nudged.drop(columns=["size", "noise"]), small_table.drop(columns=["size", "noise"]))


def test_a_wrong_delimiter_leaves_one_column_of_lines(known: KnownTable) -> None:
    rows = pd.DataFrame({"key": ["a", "b"], "size": [1.5, np.nan], "flag": [1, 0]})
    joined = strike(rows, known, "wrong_delimiter")
    assert joined.to_csv(index=False) == "key;size;flag\na;1.5;1\nb;;0\n"
    with pytest.raises(KeyError):
        joined["size"]


# --- Between columns ------------------------------------------------------------------------------------------


def test_levels_are_exchanged_in_a_circle_that_the_known_table_fixes(
    small_table: pd.DataFrame, known: KnownTable
) -> None:
    circle = {"basic": "plus", "plus": "pro", "pro": "basic"}
    permuted = strike(small_table, known, "permuted_category", column="plan")
    assert permuted["plan"].tolist() == small_table["plan"].map(circle).tolist()
    alone = strike(small_table[small_table["plan"] == "pro"], known, "permuted_category", column="plan")
    assert set(alone["plan"]) == {"basic"}


def test_a_permuted_category_of_numbers_stays_one_and_unknown_values_stay(small_schema: TableSchema) -> None:
    rows = pd.DataFrame({"flag": [0, 1, 2], "left": [0, 1, 0]})
    permuted = strike(rows, KnownTable(rows[:2], small_schema), "permuted_category", column="flag")
    assert permuted["flag"].tolist() == [1, 0, 2]
    assert permuted["flag"].dtype == rows["flag"].dtype


def test_joined_columns_come_together_from_other_rows(small_table: pd.DataFrame, known: KnownTable) -> None:
    joined = strike(small_table, known, "joined_columns", columns=["remark", "size"], strength=0.5)
    moved = (joined["remark"] != small_table["remark"]).to_numpy()
    assert moved.sum() == 1500  # every remark is different: no struck row kept its own
    assert sorted(joined["remark"]) == sorted(small_table["remark"])
    sizes = small_table.set_index("remark")["size"]
    assert joined["size"].tolist() == sizes.loc[joined["remark"]].tolist()


@pytest.mark.parametrize("rows", [1, 2])
def test_the_fewest_rows_can_be_joined_wrongly(small_table: pd.DataFrame, known: KnownTable, rows: int) -> None:
    joined = strike(small_table[:rows], known, "joined_columns", columns=["remark"])
    assert joined["remark"].tolist() == small_table["remark"][:rows].tolist()[::-1]


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_swapped_columns_exchange_what_they_hold(small_table: pd.DataFrame, known: KnownTable, strength: float) -> None:
    for rows in (small_table, small_table.assign(size=np.arange(3000) / 4, noise=np.arange(3000) + 9000)):
        swapped = strike(rows, known, "swapped_columns", columns=["size", "noise"], strength=strength)
        struck = swapped["size"].astype(object) == rows["noise"].astype(object)
        assert struck.sum() == pytest.approx(3000 * strength, abs=5)
        assert (swapped["noise"].astype(object) == rows["size"].astype(object))[struck].all()
        assert (swapped.loc[~struck, ["size", "noise"]] == rows.loc[~struck, ["size", "noise"]]).all(axis=None)
