"""Which changes are in force, and that impossible ones are refused by name."""

from typing import Any

import pandas as pd
import pytest

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import Change, TableSchema
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.targets import WHOLE_ROWS
from churn_monitoring.simulation.timeline import active_changes, complete_timeline


@pytest.fixture
def known(small_table: pd.DataFrame, small_schema: TableSchema) -> KnownTable:
    return KnownTable(small_table, small_schema)


def complete(known: KnownTable, **fields: Any) -> Change:
    return complete_timeline([Change(**{"from_week": 1, **fields})], known)[0]


def test_a_change_without_an_end_lasts() -> None:
    change = Change(kind="label_shift", from_week=5)
    assert active_changes([change], 4) == ()
    assert active_changes([change], 500) == (change,)


def test_changes_of_one_week_keep_the_order_of_the_timeline() -> None:
    first, second = (Change(kind=kind, from_week=1) for kind in ("duplicates", "label_shift"))
    assert active_changes([first, second], 1) == (first, second)
    assert active_changes([second, first], 1) == (second, first)


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("concept_drift", "size"),
        ("covariate_shift", "size"),
        ("broken_column", "size"),
        ("missing_burst", "size"),
        ("recoded_category", "plan"),
        ("new_category", "plan"),
        ("season", "size"),
        ("new_region", "size"),
        ("local_concept_drift", "size"),
        ("stuck_column", "size"),
        ("decimal_comma", "size"),
        ("permuted_category", "plan"),
        ("label_shift", None),
        ("duplicates", None),
        ("nudge", None),
        ("wrong_delimiter", None),
        ("unrecorded_churners", None),
        ("immature_labels", None),
    ],
)
def test_the_default_column_is_the_strongest_the_kind_can_strike(
    known: KnownTable, kind: str, column: str | None
) -> None:
    assert complete(known, kind=kind).column == column


def test_a_named_column_is_kept(known: KnownTable) -> None:
    assert complete(known, kind="broken_column", column="flag").column == "flag"


def test_without_numbers_a_category_is_struck(small_table: pd.DataFrame, small_schema: TableSchema) -> None:
    categories = KnownTable(small_table, small_schema.model_copy(update={"numeric": ()}))
    assert complete(categories, kind="covariate_shift").column == "plan"


def test_an_unknown_column_is_named_with_the_choices(known: KnownTable) -> None:
    with pytest.raises(ConfigurationError, match=r"'sise'; choose one of: size, noise, plan, flag"):
        complete(known, kind="covariate_shift", column="sise")


@pytest.mark.parametrize("column", ["key", "left", "remark"])
def test_only_features_can_be_struck(known: KnownTable, column: str) -> None:
    with pytest.raises(ConfigurationError, match=column):
        complete(known, kind="missing_burst", column=column)


@pytest.mark.parametrize("kind", ["recoded_category", "new_category", "permuted_category"])
def test_a_number_is_no_category(known: KnownTable, kind: str) -> None:
    with pytest.raises(ConfigurationError, match=r"'size'; choose one of: plan, flag"):
        complete(known, kind=kind, column="size")


def test_a_schema_without_categories_says_so(small_table: pd.DataFrame, small_schema: TableSchema) -> None:
    numbers = KnownTable(small_table, small_schema.model_copy(update={"categorical": ()}))
    with pytest.raises(ConfigurationError, match="names no category"):
        complete(numbers, kind="new_category")


@pytest.mark.parametrize("kind", WHOLE_ROWS)
@pytest.mark.parametrize("fields", [{"column": "size"}, {"columns": ["size"]}])
def test_a_change_of_whole_rows_takes_no_column(known: KnownTable, kind: str, fields: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="leave it null"):
        complete(known, kind=kind, **fields)


@pytest.mark.parametrize("kind", ["decimal_comma", "new_region"])
def test_a_category_is_no_number(known: KnownTable, kind: str) -> None:
    with pytest.raises(ConfigurationError, match=r"'plan'; choose one of: size, noise"):
        complete(known, kind=kind, column="plan")


def test_a_nudge_needs_numbers(small_table: pd.DataFrame, small_schema: TableSchema) -> None:
    categories = KnownTable(small_table, small_schema.model_copy(update={"numeric": ()}))
    with pytest.raises(ConfigurationError, match="the schema names none"):
        complete(categories, kind="nudge")


# --- Several columns -----------------------------------------------------------------------------------------


def test_the_two_strongest_numbers_are_swapped_or_two_categories(
    known: KnownTable, small_table: pd.DataFrame, small_schema: TableSchema
) -> None:
    assert complete(known, kind="swapped_columns").columns == ("size", "noise")
    one_number = KnownTable(small_table, small_schema.model_copy(update={"numeric": ("size",)}))
    assert complete(one_number, kind="swapped_columns").columns == ("plan", "flag")


def test_the_column_that_others_say_most_about_is_joined_wrongly(
    small_table: pd.DataFrame, small_schema: TableSchema
) -> None:
    related = KnownTable(small_table.assign(flag=small_table["plan"].str[:2]), small_schema)
    assert complete(related, kind="joined_columns").columns == ("plan",)
    assert complete(related, kind="joined_columns", columns=["size", "flag"]).columns == ("size", "flag")


def test_a_permuted_category_has_three_levels_if_any_has(small_table: pd.DataFrame, small_schema: TableSchema) -> None:
    flag = small_table["flag"]
    related = small_table.assign(flag=flag, noise=flag)
    assert complete(KnownTable(related, small_schema), kind="permuted_category").column == "plan"
    two_levels = KnownTable(related.assign(plan=small_table["noise"].isin(["1"])), small_schema)
    assert complete(two_levels, kind="permuted_category").column == "flag"


@pytest.mark.parametrize("columns", [["size"], ["size", "size"], ["size", "noise", "plan"]])
def test_two_different_columns_are_swapped(known: KnownTable, columns: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="two different columns"):
        complete(known, kind="swapped_columns", columns=columns)


@pytest.mark.parametrize("kind", ["joined_columns", "swapped_columns"])
def test_unknown_columns_among_several_are_named(known: KnownTable, kind: str) -> None:
    with pytest.raises(ConfigurationError, match="'sise'; choose one of"):
        complete(known, kind=kind, columns=["size", "sise"])
    with pytest.raises(ConfigurationError, match="name them as columns"):
        complete(known, kind=kind, column="size")


def test_a_change_of_one_column_takes_no_several(known: KnownTable) -> None:
    with pytest.raises(ConfigurationError, match="name it as column"):
        complete(known, kind="missing_burst", columns=["size"])


# --- Strength in time ----------------------------------------------------------------------------------------


def test_a_gradual_change_grows_in_equal_steps_and_stays() -> None:
    change = Change(kind="new_region", from_week=3, to_week=8, ramp_weeks=4)
    strengths = {week: [one.strength for one in active_changes([change], week)] for week in range(1, 10)}
    assert strengths == {1: [], 2: [], 3: [0.125], 4: [0.25], 5: [0.375], 6: [0.5], 7: [0.5], 8: [0.5], 9: []}


def test_a_change_that_ends_before_it_begins_is_refused(known: KnownTable) -> None:
    with pytest.raises(ConfigurationError, match="ends in week 2"):
        complete(known, kind="duplicates", from_week=3, to_week=2)
