"""What the simulated business delivers: a training table, weekly batches, late label files, and the truth.

source ─ draw ─ shifts choose the batch ─┬ truth (before anything broke)
                                         ├ labels, at once or weeks later, some of them later still
                                         └ faults ─ batch
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import Change, SimulationOptions, TableSchema
from churn_monitoring.simulation.faults import apply_fault, order_faults
from churn_monitoring.simulation.labels import build_label_file, record_labels
from churn_monitoring.simulation.randomness import child_generator
from churn_monitoring.simulation.replay import Replay
from churn_monitoring.simulation.shifts import ROWS_PER_CHOSEN, choose_rows, weigh_rows
from churn_monitoring.simulation.source import LabelledRows, Source
from churn_monitoring.simulation.timeline import SHIFTS, active_changes
from churn_monitoring.simulation.truth import measure_best_roc_auc, shift_prior
from churn_monitoring.simulation.world import World


@dataclass(frozen=True, slots=True)
class Simulated:
    """Everything a business would deliver, and what only a simulation knows.

    ``batches`` and ``truth`` are keyed by batch id, the ISO date of the batch; ``labels`` by the ISO date on
    which a label file arrives, in order; those that come with the batch are in it. ``truth`` holds plain JSON
    values.
    """

    customers: pd.DataFrame
    batches: dict[str, pd.DataFrame]
    labels: dict[str, pd.DataFrame]
    truth: dict[str, dict[str, Any]]


def simulate(schema: TableSchema, options: SimulationOptions, table: pd.DataFrame | None) -> Simulated:
    """Play the chosen scenario, week by week.

    Every week has random numbers of its own, so the same arguments give the same bytes, and a change in one
    week leaves all others as they were. No customer is twice in a batch, or in a batch and the training table,
    nor in two batches unless customers return.

    Args:
        schema: Which column means what; the target is left out of batches whose labels come later.
        options: The source, its size and the scenario.
        table: The labelled table to replay, raw, with all its columns; not looked at by the world.

    Returns:
        ``truth`` has per batch ``week``, ``changes`` (kind, column or columns, strength in that week; a season's
        is negative in half of the year), ``churn_rate`` of the batch's customers (``None`` where no label is
        known) and ``best_roc_auc``: the ROC-AUC of the true P(y | x) on the batch's customers, ``None`` on
        replay, where nobody knows it.

    Raises:
        ConfigurationError: a change cannot be played, the table has too few rows, or there is none to replay.
        DataError: the table to replay lacks columns of the schema.
    """
    source = _open_source(schema, options, table)
    batches: dict[str, pd.DataFrame] = {}
    labels: dict[str, list[pd.DataFrame]] = {}
    truth: dict[str, dict[str, Any]] = {}
    for week in range(1, options.weeks + 1):
        batch_id = _find_day(options, week).isoformat()
        changes = active_changes(source.timeline, week)
        customers = _draw_week(source, options, week, changes)
        truth[batch_id] = {"week": week, **_summarize_truth(customers, changes)}
        rows, files = _part_labels(source, options, week, changes, customers)
        batches[batch_id] = _break_batch(source, options, week, changes, rows)
        for arrival, file in files:
            labels.setdefault(arrival, []).append(file)
    together = {arrival: pd.concat(labels[arrival], ignore_index=True) for arrival in sorted(labels)}
    return Simulated(source.customers, batches, together, truth)


def _find_day(options: SimulationOptions, week: int) -> date:
    return options.start + timedelta(weeks=week - 1)


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
    shifts = [change for change in changes if change.kind in SHIFTS]
    if not shifts:
        return source.draw(week, options.batch_rows, changes)
    pool = source.draw(week, ROWS_PER_CHOSEN * options.batch_rows, changes)
    log_weights = weigh_rows(pool.rows, pool.churned, shifts, source.known)
    rng = child_generator(options.seed, "shift", week)
    return pool.take(choose_rows(rng, log_weights, options.batch_rows))


def _part_labels(
    source: Source, options: SimulationOptions, week: int, changes: Sequence[Change], customers: LabelledRows
) -> tuple[pd.DataFrame, list[tuple[str, pd.DataFrame]]]:
    """The rows as they come, with their target if it is known at once, and label files with the day of each."""
    schema, rows = source.known.schema, customers.rows
    batch_id, delay = _find_day(options, week).isoformat(), options.label_delay_weeks
    rng = child_generator(options.seed, "labels", week)
    recorded = record_labels(rng, rows[schema.target], customers.churned, changes, source.known)
    due = [(weeks, rows.iloc[struck], rows[schema.target].iloc[struck]) for weeks, struck in recorded.later]
    due += [(0, rows, recorded.first)] if delay > 0 else []
    files = [
        (_find_day(options, week + delay + weeks).isoformat(), build_label_file(those, schema, values, batch_id))
        for weeks, those, values in due
    ]
    if delay > 0:
        return rows.drop(columns=schema.target), files
    return rows.assign(**{schema.target: recorded.first}), files


def _break_batch(
    source: Source, options: SimulationOptions, week: int, changes: Sequence[Change], rows: pd.DataFrame
) -> pd.DataFrame:
    """The rows as delivered; each fault has random numbers of its own, whatever else happens that week."""
    for change in order_faults(changes):
        purpose = change.column or ",".join(change.columns)
        rng = child_generator(options.seed, change.kind, purpose, week)
        rows = apply_fault(rows, rng, change, source.known)
    return rows


def _summarize_truth(customers: LabelledRows, changes: Sequence[Change]) -> dict[str, Any]:
    labelled = customers.churned[~np.isnan(customers.churned)]
    return {
        "changes": [_name_struck(change) for change in changes],
        "churn_rate": float(labelled.mean()) if len(labelled) else None,
        "best_roc_auc": _measure_best(customers, changes),
    }


def _name_struck(change: Change) -> dict[str, Any]:
    several = {"columns"} if change.columns else set()
    return change.model_dump(mode="json", include={"kind", "column", "strength"} | several)


def _measure_best(customers: LabelledRows, changes: Sequence[Change]) -> float | None:
    if customers.probability is None:
        return None
    rate = float(customers.churned.mean())
    if 0 < rate < 1 and any(change.kind == "label_shift" for change in changes):
        return measure_best_roc_auc(shift_prior(customers.probability, rate))
    return measure_best_roc_auc(customers.probability)
