"""Nodes of the simulation pipeline: play the scenario, and never touch what a person delivered."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from churn_monitoring.core.errors import DataError
from churn_monitoring.core.options import SimulationOptions, TableSchema
from churn_monitoring.simulation import Simulated, simulate

WORLD_TABLE = "customers"


def check_folders(
    raw_tables: Mapping[str, Callable[[], Any]],
    deliveries: Mapping[str, Any],
    manifests: Mapping[str, Callable[[], Any]],
    options: SimulationOptions,
) -> bool:
    """True when everything that simulation would replace was written by simulation.

    Raises:
        DataError: a person's batches or customers are in the way.
    """
    own = manifests["manifest"]() if "manifest" in manifests else {"batches": [], "tables": []}
    foreign = [batch_id for batch_id in deliveries if batch_id not in own["batches"]]
    if foreign:
        raise DataError(
            f"data/01_raw/production holds {len(foreign)} batches that simulation did not write (such as "
            f"{foreign[0]}): move them away first."
        )
    if options.source == "world" and WORLD_TABLE in raw_tables and WORLD_TABLE not in own["tables"]:
        raise DataError(
            f"data/01_raw/{WORLD_TABLE}.csv is there and simulation did not write it: move it away first, or "
            "train on it with `kedro run --pipeline training`."
        )
    return True


def simulate_business(
    folders_are_ours: bool,  # noqa: ARG001  orders this node after the check
    raw_tables: Mapping[str, Callable[[], pd.DataFrame]],
    schema: TableSchema,
    options: SimulationOptions,
) -> Simulated:
    """Play the scenario in the simulated world, or on the table to replay.

    Raises:
        DataError: the table to replay is not there.
    """
    if options.source == "world":
        return simulate(schema, options, None)
    if options.table not in raw_tables:
        raise DataError(f"data/01_raw/{options.table}.csv does not exist: put the table to replay there.")
    return simulate(schema, options, raw_tables[options.table]())


def deliver(
    simulated: Simulated, options: SimulationOptions
) -> tuple[
    dict[str, dict[str, list[str]]],
    dict[str, pd.DataFrame],
    dict[str, pd.DataFrame],
    dict[str, pd.DataFrame],
    dict[str, Any],
]:
    """What will be written (saved first, so that a run cut off is still known as ours), then all of it."""
    customers = {WORLD_TABLE: simulated.customers} if options.source == "world" else {}
    manifest = {"batches": list(simulated.batches), "tables": list(customers)}
    return {"manifest": manifest}, customers, simulated.batches, simulated.labels, simulated.truth
