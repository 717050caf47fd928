"""Customers of a kind that the business did not have: where they are, and how many come in which week."""

from collections.abc import Sequence

from churn_monitoring.core.options import Change, SimulationOptions
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.region import Region, find_middle
from churn_monitoring.simulation.timeline import NEW_REGION, active_changes


def find_new_region(timeline: Sequence[Change], known: KnownTable) -> Region | None:
    """The region of the scenario's new_region, ``None`` where it has none.

    Raises:
        ConfigurationError: its column has too few values.
    """
    regions = [find_middle(known, str(change.column)) for change in timeline if change.kind == NEW_REGION]
    return regions[0] if regions else None


def count_newcomers(timeline: Sequence[Change], options: SimulationOptions) -> list[int]:
    """How many of each week's ``batch_rows`` are from the new region."""
    shares = [
        sum(change.strength for change in active_changes(timeline, week) if change.kind == NEW_REGION)
        for week in range(1, options.weeks + 1)
    ]
    return [round(share * options.batch_rows) for share in shares]
