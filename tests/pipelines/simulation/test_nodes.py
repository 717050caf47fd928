"""Simulation replaces only what simulation wrote."""

import pytest

from churn_monitoring.core.errors import DataError
from churn_monitoring.pipelines.simulation.nodes import check_folders, deliver, simulate_business
from churn_monitoring.simulation import Simulated


def remember(batches, tables=()):
    return {"manifest": lambda: {"batches": list(batches), "tables": list(tables)}}


@pytest.fixture
def world(parameters):
    return parameters.simulation


@pytest.fixture
def replay(parameters):
    return parameters.simulation.model_copy(update={"source": "replay", "table": "telco"})


def test_empty_folders_and_folders_of_its_own_may_be_written(world):
    assert check_folders({}, {}, {}, world)
    assert check_folders({"customers": None}, {"2026-03-02": None}, remember(["2026-03-02"], ["customers"]), world)


def test_a_batch_somebody_delivered_is_in_the_way(world):
    with pytest.raises(DataError, match=r"holds 1 batches that simulation did not write \(such as mine\)"):
        check_folders({}, {"2026-03-02": None, "mine": None}, remember(["2026-03-02"]), world)


def test_customers_somebody_put_there_are_in_the_way_of_the_world_and_not_of_replay(world, replay):
    with pytest.raises(DataError, match=r"data/01_raw/customers\.csv is there and simulation did not write it"):
        check_folders({"customers": None}, {}, {}, world)
    assert check_folders({"customers": None}, {}, {}, replay)


def test_a_table_to_replay_that_is_not_there_is_named(replay, schema):
    with pytest.raises(DataError, match=r"data/01_raw/telco\.csv does not exist"):
        simulate_business(True, {"customers": None}, schema, replay)


def test_the_manifest_names_all_that_will_be_written_and_replay_writes_no_customers(world, replay):
    played = Simulated(customers="customers", batches={"2026-03-02": "rows"}, labels={}, truth={"week": 1})
    manifest, customers, batches, labels, truth = deliver(played, world)
    assert manifest == {"manifest": {"batches": ["2026-03-02"], "tables": ["customers"]}}
    assert (customers, batches, labels, truth) == ({"customers": "customers"}, played.batches, {}, {"week": 1})
    manifest, customers, *_ = deliver(played, replay)
    assert (manifest["manifest"]["tables"], customers) == ([], {})
