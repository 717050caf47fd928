"""Which labelled production rows the champion in service has: of matured batches, read again as delivered.

What retraining learns from and recalibration fits on; both begin with these batches and choose among them differently.
"""

import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import DataError
from churn_monitoring.core.options import QualityOptions
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import LedgerEntry, Quality
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.performance.labels import gather_labels, is_mature, join_labels
from churn_monitoring.profiling import profile_rows
from churn_monitoring.profiling.repeats import count_repeats
from churn_monitoring.quality import BatchFacts, RepeatedRows, measure_quality
from churn_monitoring.scanning import DrawnRows, ScanPlan, plan_scan
from churn_monitoring.tables import fingerprint_rows

_KEY = "hash of the customer"  # beside the columns of a table, none of which is called so


def choose_as_of(ledger: Sequence[LedgerEntry], as_of: str | None) -> date:
    """The day of the attempt: given, else that of the newest judgement, else today."""
    if as_of is not None:
        return date.fromisoformat(str(as_of))
    return max((entry.as_of for entry in ledger), default=datetime.now(tz=UTC).date())


def gather_window_batches(
    ledger: Sequence[LedgerEntry],
    deliveries: Mapping[str, Any],
    label_files: Mapping[str, Callable[[], pd.DataFrame]],
    champion: ChampionPackage,
    as_of: date,
    policy: Parameters,
) -> tuple[dict[str, pd.DataFrame], str]:
    """Labelled rows of the newest matured batches the champion scored, with ``label`` and ``score``, oldest first.

    Batches judged broken are left out, as are files that are no longer there or can no longer be read. No more than
    ``training.max_training_rows`` are taken, of the customers with the smallest hash of their id; a sentence, empty
    otherwise, says so.
    """
    options, most = policy.labels, policy.training.max_training_rows
    plan = plan_scan(champion, policy.engine.model_copy(update={"sample_rows": most}))
    labels = gather_labels(label_files, champion.schema, as_of)
    ids = [
        entry.batch_id
        for entry in ledger
        if not entry.rejected
        and entry.action != "fix_data"
        and entry.model_version == champion.version
        and entry.batch_date <= as_of
        and entry.batch_id in deliveries
        and is_mature(entry.batch_date, as_of, options.maturity_days)
    ]
    gathered: dict[str, pd.DataFrame] = {}
    total = 0
    for batch_id in reversed(ids):
        drawn = _draw_rows(deliveries[batch_id], plan)
        if drawn is None:
            continue
        rows, own = drawn.sample.rows, pd.Series(drawn.sample.labels)
        known = join_labels(rows[champion.schema.id], own, batch_id, labels)
        labelled = rows.assign(label=known, **{_KEY: drawn.sample.keys})[known.notna()].reset_index(drop=True)
        if len(labelled):
            gathered[batch_id] = labelled
            total += round(len(labelled) * drawn.total / len(rows))
        if len(gathered) == options.window_batches:
            break
    kept = _keep_smallest(dict(reversed(gathered.items())), most)
    return {name: rows.assign(score=champion.score(rows)) for name, rows in kept.items()}, _tell_sample(kept, total)


def _keep_smallest(batches: Mapping[str, pd.DataFrame], most: int) -> dict[str, pd.DataFrame]:
    """The rows with the smallest keys, as many as are wanted at most, without their keys; no batch without rows."""
    keys = [rows[_KEY].to_numpy(np.uint64) for rows in batches.values()]
    largest = np.partition(np.concatenate(keys), most)[most] if sum(map(len, keys)) > most else None
    thinned = {
        name: (rows if largest is None else rows[own < largest].reset_index(drop=True)).drop(columns=_KEY)
        for (name, rows), own in zip(batches.items(), keys, strict=True)
    }
    return {name: rows for name, rows in thinned.items() if len(rows)}


def _tell_sample(batches: Mapping[str, pd.DataFrame], total: int) -> str:
    rows = sum(map(len, batches.values()))
    if rows >= total:
        return ""
    told = f"The attempt looked at a sample of {rows} of about {total} labelled rows (training.max_training_rows)."
    logging.getLogger(__name__).info("%s", told)
    return told


def find_changed(batches: Sequence[str], entries: Mapping[str, LedgerEntry]) -> str | None:
    """The oldest of the newest batches in a row that were judged other than ``none``."""
    changed = list(itertools.takewhile(lambda name: entries[name].action != "none", reversed(batches)))
    return changed[-1] if changed else None


def measure_rows_quality(rows: pd.DataFrame, champion: ChampionPackage, options: QualityOptions) -> Quality:
    """Data quality of rows of several batches together, at least one, against the champion's reference."""
    facts = BatchFacts(
        reference_unparseable=champion.facts["unparseable"],
        repeated=RepeatedRows(
            rows=count_repeats(fingerprint_rows(rows, champion.schema.features)),
            reference_share=champion.facts["repeated_share"],
        ),
    )
    return measure_quality(champion.profile, profile_rows(rows, champion.profile), facts, options)


def _draw_rows(delivery: Any, plan: ScanPlan) -> DrawnRows | None:
    try:
        drawn: DrawnRows = delivery.draw(plan)
    except DataError:
        return None
    return drawn
