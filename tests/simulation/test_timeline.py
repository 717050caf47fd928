"""Which changes are in force, and that impossible ones are refused by name."""

from typing import Any

import pandas as pd
import pytest

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import Change, TableSchema
from churn_monitoring.simulation.association import KnownTable
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
        ("label_shift", None),
        ("duplicates", None),
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


@pytest.mark.parametrize("kind", ["recoded_category", "new_category"])
def test_a_number_is_no_category(known: KnownTable, kind: str) -> None:
    with pytest.raises(ConfigurationError, match=r"'size'; choose one of: plan, flag"):
        complete(known, kind=kind, column="size")


def test_a_schema_without_categories_says_so(small_table: pd.DataFrame, small_schema: TableSchema) -> None:
    numbers = KnownTable(small_table, small_schema.model_copy(update={"categorical": ()}))
    with pytest.raises(ConfigurationError, match="names no category"):
        complete(numbers, kind="new_category")


@pytest.mark.parametrize("kind", ["label_shift", "duplicates"])
def test_a_change_of_whole_rows_takes_no_column(known: KnownTable, kind: str) -> None:
    with pytest.raises(ConfigurationError, match="leave it null"):
        complete(known, kind=kind, column="size")


def test_a_change_that_ends_before_it_begins_is_refused(known: KnownTable) -> None:
    with pytest.raises(ConfigurationError, match="ends in week 2"):
        complete(known, kind="duplicates", from_week=3, to_week=2)
