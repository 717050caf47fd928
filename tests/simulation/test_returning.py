"""Customers who come back: the same people, nearly unchanged, whose label changes only with the concept."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import Change, SimulationOptions, TableSchema
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.churn import measure_churn_probability
from churn_monitoring.simulation.delivery import Simulated, simulate
from churn_monitoring.simulation.region import find_region

Play = Callable[..., tuple[Simulated, TableSchema]]


@pytest.fixture(params=["world", "replay"])
def play(
    request: pytest.FixtureRequest,
    schema: TableSchema,
    small_schema: TableSchema,
    small_table: pd.DataFrame,
    make_options,
) -> Play:
    def run(*changes: Change, **overrides: Any) -> tuple[Simulated, TableSchema]:
        options = make_options(*changes, source=request.param, **{"returning_share": 0.4, **overrides})
        if request.param == "world":
            return simulate(schema, options, None), schema
        return simulate(small_schema, options, small_table), small_schema

    return run


def find_returning(simulated: Simulated, schema: TableSchema) -> pd.DataFrame:
    """Two rows of one customer side by side: the one met first (``_x``) and a later one (``_y``)."""
    everything = pd.concat(simulated.batches, names=["day"]).reset_index(level="day")
    first = everything.drop_duplicates(schema.id)
    later = everything[everything.duplicated(schema.id)]
    return first.merge(later, on=schema.id, validate="one_to_many")


def test_the_share_of_customers_of_earlier_weeks_is_the_one_asked_for(play: Play) -> None:
    simulated, schema = play()
    met: set[str] = set()
    for week, batch in enumerate(simulated.batches.values(), start=1):
        assert len(batch) == 200
        assert batch[schema.id].is_unique
        assert batch[schema.id].isin(met).mean() == (0 if week == 1 else 0.4)
        met |= set(batch[schema.id])
    assert not simulated.customers[schema.id].isin(met).any()


def test_a_returning_customer_is_nearly_unchanged_and_keeps_the_label(play: Play) -> None:
    simulated, schema = play()
    pairs = find_returning(simulated, schema)
    assert len(pairs) == 3 * 80
    for column in schema.categorical:
        assert pairs[f"{column}_x"].equals(pairs[f"{column}_y"].rename(f"{column}_x"))
    for column in schema.numeric:
        one, other = (pd.to_numeric(pairs[f"{column}_{side}"], errors="coerce") for side in "xy")
        assert (one.isna() == other.isna()).all()
        if (one.dropna() % 1 == 0).all():
            assert one.equals(other.rename(one.name))
        else:
            assert (one != other)[one.notna() & (one != 0)].mean() > 0.1
            assert np.nanmax(np.abs(other - one) / one.abs().clip(lower=5)) < 0.03
    labels = pairs[f"{schema.target}_x"] == pairs[f"{schema.target}_y"]
    assert labels.mean() >= 0.97  # in the world a label may follow the small change of the amounts


def test_on_replay_every_label_is_that_of_the_table(
    small_schema: TableSchema, small_table: pd.DataFrame, make_options
) -> None:
    simulated = simulate(small_schema, make_options(source="replay", returning_share=0.6, weeks=12), small_table)
    everything = pd.concat(simulated.batches.values())
    assert (everything["left"].to_numpy() == small_table.set_index("key").loc[everything["key"], "left"]).all()


def test_in_the_world_a_label_changes_exactly_where_the_concept_does(schema: TableSchema, make_options) -> None:
    local = Change(kind="local_concept_drift", from_week=3, column="age", strength=0.3)
    options = make_options(local, returning_share=0.5, batch_rows=2000)
    simulated = simulate(schema, options, None)
    known = KnownTable(simulated.customers, schema)
    pairs = find_returning(simulated, schema)
    turned = pairs[(pairs["day_x"] < "2025-01-20") & (pairs["day_y"] >= "2025-01-20")]
    rows = turned.rename(columns={f"{name}_y": name for name in schema.features})[list(schema.features)]
    inside = find_region(known, "age", 0.3).contains(known, rows)
    changed = (turned["churned_x"] != turned["churned_y"]).to_numpy()
    gap = np.abs(measure_churn_probability(rows, 1.0) - measure_churn_probability(rows, 0.0))[inside]
    assert changed[~inside].mean() < 0.01
    assert changed[inside].sum() == pytest.approx(gap.sum(), abs=4 * np.sqrt((gap * (1 - gap)).sum()))
    steady = pairs[pairs["day_x"] >= "2025-01-20"]
    assert (steady["churned_x"] != steady["churned_y"]).mean() < 0.01


def test_a_turned_label_of_a_replay_is_the_same_in_every_later_week(
    small_schema: TableSchema, small_table: pd.DataFrame, make_options
) -> None:
    drift = Change(kind="concept_drift", from_week=2)
    simulated = simulate(small_schema, make_options(drift, source="replay", returning_share=0.5), small_table)
    pairs = find_returning(simulated, small_schema)
    after = pairs[pairs["day_x"] > "2025-01-06"]
    assert len(after) > 50
    assert (after["left_x"] == after["left_y"]).all()
    before = pairs[pairs["day_x"] == "2025-01-06"]
    assert (before["left_x"] != before["left_y"]).mean() > 0.2


def test_a_shift_leaves_all_other_weeks_as_they_were(play: Play) -> None:
    quiet, _ = play()
    shifted, _ = play(Change(kind="label_shift", from_week=2, to_week=2))
    for day, batch in quiet.batches.items():
        assert batch.equals(shifted.batches[day]) == (day != "2025-01-13")


def test_a_shifted_batch_has_no_customer_twice(play: Play) -> None:
    simulated, schema = play(Change(kind="covariate_shift", from_week=1), weeks=6)
    for batch in simulated.batches.values():
        assert len(batch) == 200
        assert batch[schema.id].is_unique


def test_a_year_can_be_replayed_on_few_rows(small_schema: TableSchema, small_table: pd.DataFrame, make_options) -> None:
    shift = Change(kind="covariate_shift", from_week=30)
    options = make_options(shift, source="replay", returning_share=0.3, weeks=52, batch_rows=600)
    simulated = simulate(small_schema, options, small_table)
    for batch in simulated.batches.values():
        assert len(batch) == 600
        assert batch["key"].is_unique


# --- Twins ---------------------------------------------------------------------------------------------------


def test_twins_are_more_rows_than_the_table_has_each_with_an_id_and_amounts_of_its_own(
    small_schema: TableSchema, small_table: pd.DataFrame, make_options
) -> None:
    simulated = simulate(small_schema, make_options(source="replay", twins=True, batch_rows=5000, weeks=2), small_table)
    everything = pd.concat(simulated.batches.values())
    assert everything["key"].is_unique
    assert len(everything) == 10_000
    originals = everything["key"].str.partition("~")[0]
    assert not originals.isin(simulated.customers["key"]).any()
    assert originals.nunique() > 1700
    assert (everything["left"].to_numpy() == small_table.set_index("key").loc[originals, "left"]).all()
    with_size = everything[everything["size"].str.strip() != ""]
    for _, batch in with_size.groupby(with_size["key"].str.extract(r"~(\d+)-", expand=False)):
        assert batch.duplicated(list(small_schema.features)).mean() == 0


def test_twins_that_return_are_a_contradiction(make_options) -> None:
    with pytest.raises(ValueError, match="set returning_share to 0"):
        make_options(source="replay", twins=True, returning_share=0.1)


def test_more_different_customers_than_there_are_is_refused(
    small_schema: TableSchema, small_table: pd.DataFrame, make_options
) -> None:
    options: SimulationOptions = make_options(source="replay", returning_share=0.5, batch_rows=2000)
    with pytest.raises(ConfigurationError, match="needs 2000 different customers, but 1800 are available"):
        simulate(small_schema, options, small_table)
