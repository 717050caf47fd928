"""A region of customers nobody had: absent before, its share afterwards, with a law of its own inside only."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import Change, TableSchema
from churn_monitoring.simulation.delivery import Simulated, simulate
from churn_monitoring.simulation.replay import Replay
from churn_monitoring.simulation.world import World

Play = Callable[..., tuple[Simulated, TableSchema, Callable[[pd.DataFrame], np.ndarray]]]


@pytest.fixture(params=["world", "replay"])
def play(
    request: pytest.FixtureRequest,
    schema: TableSchema,
    small_schema: TableSchema,
    small_table: pd.DataFrame,
    make_options,
) -> Play:
    def run(**fields: Any) -> tuple[Simulated, TableSchema, Callable[[pd.DataFrame], np.ndarray]]:
        overrides = {"source": request.param, "returning_share": 0.3, **fields.pop("options", {})}
        options = make_options(Change(**{"kind": "new_region", "from_week": 3, **fields}), **overrides)
        used, table = (schema, None) if request.param == "world" else (small_schema, small_table)
        source = World(used, options) if table is None else Replay(used, options, table)
        region = source._region
        assert region is not None
        return simulate(used, options, table), used, lambda rows: region.contains(source.known, rows)

    return run


@pytest.mark.parametrize("returning_share", [0.0, 0.3])
def test_nobody_of_the_region_is_seen_before_and_half_of_the_rows_are_afterwards(
    play: Play, returning_share: float
) -> None:
    simulated, _, contains = play(options={"returning_share": returning_share})
    batches = list(simulated.batches.values())
    assert not contains(pd.concat([simulated.customers, *batches[:2]])).any()
    assert [contains(batch).sum() for batch in batches[2:]] == [100, 100]
    assert {len(batch) for batch in batches} == {200}


def test_the_region_is_left_again_after_its_last_week_and_grows_with_a_ramp(play: Play) -> None:
    simulated, schema, contains = play(from_week=2, to_week=5, ramp_weeks=3, strength=0.6, options={"weeks": 6})
    assert [contains(batch).sum() for batch in simulated.batches.values()] == [0, 40, 80, 120, 120, 0]
    assert all(batch[schema.id].is_unique for batch in simulated.batches.values())


def test_newcomers_stand_anywhere_in_the_batch(play: Play) -> None:
    simulated, _, contains = play()
    places = np.flatnonzero(contains(simulated.batches["2025-01-27"]))
    assert 70 < places.mean() < 130


def test_outside_the_region_labels_are_those_of_the_table_and_inside_they_follow_another_law(
    small_schema: TableSchema, small_table: pd.DataFrame, make_options
) -> None:
    change = Change(kind="new_region", from_week=1, column="size", strength=0.5)
    options = make_options(change, source="replay", returning_share=0.3, weeks=5)
    everything = pd.concat(simulate(small_schema, options, small_table).batches.values()).drop_duplicates("key")
    replay = Replay(small_schema, options, small_table)
    assert replay._region is not None
    inside = replay._region.contains(replay.known, everything)
    old = small_table.set_index("key").loc[everything["key"]]
    assert (everything["left"].to_numpy() == old["left"])[~inside].all()
    size = pd.to_numeric(everything["size"], errors="coerce").to_numpy()[inside]
    assert roc_auc_score(old["left"][inside] == "1", size) > 0.54
    assert roc_auc_score(everything["left"][inside] == "1", size) < 0.46


def test_in_the_world_the_probability_outside_the_region_is_the_old_one(schema: TableSchema, make_options) -> None:
    change = Change(kind="new_region", from_week=1, column="age")
    world, quiet = World(schema, make_options(change)), World(schema, make_options())
    rows = world.draw(1, 200, ())
    assert world._region is not None
    inside = world._region.contains(world.known, rows.rows)
    latent = np.zeros(len(inside))
    decided = quiet._decide(type(quiet._generate(1, 1))(rows.rows.drop(columns="churned"), latent), ())
    assert rows.probability is not None
    assert decided.probability is not None
    np.testing.assert_array_equal(rows.probability[~inside], decided.probability[~inside])
    assert np.abs(rows.probability[inside] - decided.probability[inside]).mean() > 0.05


def test_the_world_s_training_table_is_as_large_as_asked_for_and_its_ids_are_unique(
    schema: TableSchema, make_options
) -> None:
    simulated = simulate(schema, make_options(Change(kind="new_region", from_week=2)), None)
    assert len(simulated.customers) == 520
    assert pd.concat([simulated.customers, *simulated.batches.values()])["customer_id"].is_unique


def test_two_new_regions_are_refused(schema: TableSchema, make_options) -> None:
    changes = [Change(kind="new_region", from_week=week) for week in (2, 3)]
    with pytest.raises(ConfigurationError, match="one new_region at most"):
        simulate(schema, make_options(*changes), None)
