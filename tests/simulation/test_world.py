"""The world as a source: ids, dates, calibration of its labels, and schemas it cannot serve."""

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import Change, SimulationOptions, TableSchema
from churn_monitoring.simulation.world import World

OLD: tuple[Change, ...] = ()
NEW = (Change(kind="concept_drift", from_week=1),)


def test_the_training_table_has_exactly_the_columns_of_the_schema(schema: TableSchema, make_options) -> None:
    customers = World(schema, make_options()).customers
    expected = {schema.id, schema.date, schema.target, *schema.features}
    assert set(customers.columns) == expected
    assert len(customers) == make_options().customers


def test_snapshots_are_weekly_and_end_a_week_before_the_first_batch(schema: TableSchema, make_options) -> None:
    options = make_options()
    days = [date.fromisoformat(day) for day in World(schema, options).customers["snapshot_date"]]
    distinct = sorted(set(days))
    assert days == sorted(days)
    assert len(distinct) == options.past_weeks == 52
    assert {(b - a).days for a, b in pairwise(distinct)} == {7}
    assert (options.start - distinct[-1]).days == 7


def test_a_batch_carries_its_own_date_and_ids_nobody_else_has(schema: TableSchema, make_options) -> None:
    world = World(schema, make_options())
    second = world.draw(2, 50, OLD).rows
    assert set(second["snapshot_date"]) == {"2025-01-13"}
    everyone = pd.concat([world.customers, world.draw(1, 50, OLD).rows, second])
    assert everyone["customer_id"].is_unique


@pytest.mark.parametrize("concepts", [OLD, NEW])
def test_labels_are_as_frequent_as_the_probability_says_in_every_bin(
    schema: TableSchema, make_options, concepts: tuple[Change, ...]
) -> None:
    drawn = World(schema, make_options()).draw(1, 20_000, concepts)
    assert drawn.probability is not None
    bins = np.digitize(drawn.probability, np.quantile(drawn.probability, np.arange(0.1, 1, 0.1)))
    for level in range(10):
        p, y = drawn.probability[bins == level], drawn.churned[bins == level]
        assert abs((y - p).sum()) < 4 * np.sqrt((p * (1 - p)).sum())


def test_the_target_is_spelt_yes_and_no(schema: TableSchema, make_options) -> None:
    drawn = World(schema, make_options()).draw(1, 500, OLD)
    assert (drawn.rows["churned"] == np.where(drawn.churned == 1, "yes", "no")).all()


def test_concept_drift_moves_labels_and_no_feature(schema: TableSchema, make_options) -> None:
    world = World(schema, make_options())
    old, new = world.draw(1, 500, OLD), world.draw(1, 500, NEW)
    pd.testing.assert_frame_equal(old.rows.drop(columns="churned"), new.rows.drop(columns="churned"))
    assert (old.churned != new.churned).mean() > 0.1


def test_the_strongest_of_several_concept_drifts_is_in_force(schema: TableSchema, make_options) -> None:
    world = World(schema, make_options())
    weak = Change(kind="concept_drift", from_week=1, strength=0.2)
    np.testing.assert_array_equal(world.draw(1, 99, (weak, *NEW)).probability, world.draw(1, 99, NEW).probability)


def test_without_a_date_column_there_is_none(schema: TableSchema, make_options) -> None:
    undated = schema.model_copy(update={"date": None})
    world = World(undated, make_options())
    assert "snapshot_date" not in world.customers
    assert "snapshot_date" not in world.draw(1, 10, OLD).rows


def test_the_smallest_training_table_ends_a_week_before_the_first_batch_too(schema: TableSchema, make_options) -> None:
    options: SimulationOptions = make_options(customers=100)
    assert World(schema, options).customers["snapshot_date"].iloc[-1] == "2024-12-30"


def test_a_schema_of_another_table_is_refused_by_name(schema: TableSchema, make_options) -> None:
    other = schema.model_copy(update={"numeric": ("age", "CreditScore")})
    with pytest.raises(ConfigurationError, match=r"no such feature: CreditScore.*replay"):
        World(other, make_options())


def test_a_category_named_as_a_number_is_refused(schema: TableSchema, make_options) -> None:
    wrong = schema.model_copy(update={"numeric": ("age", "contract"), "categorical": ()})
    with pytest.raises(ConfigurationError, match="contract"):
        World(wrong, make_options())


def test_an_unquoted_yes_in_yaml_is_refused_with_the_remedy(schema: TableSchema, make_options) -> None:
    with pytest.raises(ConfigurationError, match="with quotes"):
        World(schema.model_copy(update={"positive": True}), make_options())
