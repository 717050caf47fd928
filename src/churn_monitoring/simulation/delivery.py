"""What the simulated business delivers: a training table, weekly batches, late label files, and the truth.

source ─ draw ─ shifts choose the batch ─┬ truth (before anything broke)
                                         ├ labels, at once or weeks later
                                         └ faults ─ batch
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import Change, SimulationOptions, TableSchema
from churn_monitoring.simulation.faults import apply_fault
from churn_monitoring.simulation.randomness import child_generator
from churn_monitoring.simulation.replay import Replay
from churn_monitoring.simulation.shifts import ROWS_PER_CHOSEN, choose_rows, weigh_rows
from churn_monitoring.simulation.source import LabelledRows, Source
from churn_monitoring.simulation.timeline import CONCEPT, SHIFTS, active_changes, complete_timeline
from churn_monitoring.simulation.truth import measure_best_roc_auc, shift_prior
from churn_monitoring.simulation.world import World


@dataclass(frozen=True, slots=True)
class Simulated:
    """Everything a business would deliver, and what only a simulation knows.

    ``batches`` and ``truth`` are keyed by batch id, the ISO date of the batch; ``labels`` by the ISO date on
    which a label file arrives, empty where the label is in the batch. ``truth`` holds plain JSON values.
    """

    customers: pd.DataFrame
    batches: dict[str, pd.DataFrame]
    labels: dict[str, pd.DataFrame]
    truth: dict[str, dict[str, Any]]


def simulate(schema: TableSchema, options: SimulationOptions, table: pd.DataFrame | None) -> Simulated:
    """Play the chosen scenario, week by week.

    Every week has random numbers of its own, so the same arguments give the same bytes, and a change in one
    week leaves all others as they were. No customer is in two batches, or in a batch and the training table.

    Args:
        schema: Which column means what; the target is left out of batches whose labels come later.
        options: The source, its size and the scenario.
        table: The labelled table to replay, raw, with all its columns; not looked at by the world.

    Returns:
        ``truth`` has per batch ``week``, ``changes`` (kind, column, strength), ``churn_rate`` of the
        batch's customers (``None`` where no label is known) and ``best_roc_auc``: the ROC-AUC of the true
        P(y | x) on the batch's customers, ``None`` on replay, where nobody knows it.

    Raises:
        ConfigurationError: a change cannot be played, the table has too few rows, or there is none to replay.
        DataError: the table to replay lacks columns of the schema.
    """
    source = _open_source(schema, options, table)
    timeline = complete_timeline(options.timeline, source.known, column_free=source.column_free)
    batches: dict[str, pd.DataFrame] = {}
    labels: dict[str, pd.DataFrame] = {}
    truth: dict[str, dict[str, Any]] = {}
    for week in range(1, options.weeks + 1):
        day = options.start + timedelta(weeks=week - 1)
        batch_id = day.isoformat()
        changes = active_changes(timeline, week)
        customers = _draw_week(source, options, week, changes)
        truth[batch_id] = {"week": week, **_summarize_truth(customers, changes)}
        batches[batch_id] = _break_batch(source, options, week, changes, customers.rows)
        if options.label_delay_weeks > 0:
            arrival = (day + timedelta(weeks=options.label_delay_weeks)).isoformat()
            labels[arrival] = _build_labels(customers.rows, schema, batch_id)
            batches[batch_id] = batches[batch_id].drop(columns=schema.target)
    return Simulated(source.customers, batches, labels, truth)


def _open_source(schema: TableSchema, options: SimulationOptions, table: pd.DataFrame | None) -> Source:
    if options.source == "world":
        return World(schema, options)
    if table is None:
        raise ConfigurationError(
            "simulation.source is 'replay', but no table was given: name a labelled table to replay."
        )
    return Replay(schema, options, table)


def _draw_week(source: Source, options: SimulationOptions, week: int, changes: Sequence[Change]) -> LabelledRows:
    """The customers of one week, with their labels, before anything breaks."""
    concepts = [change for change in changes if change.kind == CONCEPT]
    shifts = [change for change in changes if change.kind in SHIFTS]
    if not shifts:
        return source.draw(week, options.batch_rows, concepts)
    pool = source.draw(week, ROWS_PER_CHOSEN * options.batch_rows, concepts)
    log_weights = weigh_rows(pool.rows, pool.churned, shifts, source.known)
    rng = child_generator(options.seed, "shift", week)
    return pool.take(choose_rows(rng, log_weights, options.batch_rows))


def _break_batch(
    source: Source, options: SimulationOptions, week: int, changes: Sequence[Change], rows: pd.DataFrame
) -> pd.DataFrame:
    """The rows as delivered; each fault has random numbers of its own, whatever else happens that week."""
    for change in changes:
        rng = child_generator(options.seed, change.kind, change.column or "", week)
        rows = apply_fault(rows, rng, change, source.known)
    return rows


def _build_labels(rows: pd.DataFrame, schema: TableSchema, batch_id: str) -> pd.DataFrame:
    """The label file of one batch: one row per customer whose label is known."""
    labelled = rows.loc[rows[schema.target].notna(), [schema.id, schema.target]]
    return labelled.assign(batch=batch_id).reset_index(drop=True)


def _summarize_truth(customers: LabelledRows, changes: Sequence[Change]) -> dict[str, Any]:
    labelled = customers.churned[~np.isnan(customers.churned)]
    return {
        "changes": [change.model_dump(include={"kind", "column", "strength"}) for change in changes],
        "churn_rate": float(labelled.mean()) if len(labelled) else None,
        "best_roc_auc": _measure_best(customers, changes),
    }


def _measure_best(customers: LabelledRows, changes: Sequence[Change]) -> float | None:
    if customers.probability is None:
        return None
    rate = float(customers.churned.mean())
    if 0 < rate < 1 and any(change.kind == "label_shift" for change in changes):
        return measure_best_roc_auc(shift_prior(customers.probability, rate))
    return measure_best_roc_auc(customers.probability)
