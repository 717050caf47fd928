"""Which labelled production rows the champion in service has: of whole batches, matured, and read again as delivered.

What retraining learns from and recalibration fits on; both begin with these batches and choose among them differently.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import DataError
from churn_monitoring.core.options import LabelOptions, QualityOptions
from churn_monitoring.core.records import LedgerEntry, Quality
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.performance.labels import gather_labels, is_mature, join_labels
from churn_monitoring.profiling import profile_rows
from churn_monitoring.quality import BatchFacts, RepeatedRows, count_repeated_rows, measure_quality
from churn_monitoring.tables import coerce_rows, fingerprint_rows, read_labels


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
    options: LabelOptions,
) -> dict[str, pd.DataFrame]:
    """Labelled rows of the newest matured batches the champion scored, with ``label`` and ``score``, oldest first.

    Batches judged broken are left out, as are files that are no longer there or can no longer be read.
    """
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
    for batch_id in reversed(ids):
        rows = _read_rows(deliveries[batch_id], champion)
        if rows is None:
            continue
        known = join_labels(rows[champion.schema.id], rows["label"], batch_id, labels)
        labelled = rows.assign(label=known)[known.notna()].reset_index(drop=True)
        if len(labelled):
            gathered[batch_id] = labelled.assign(score=champion.score(labelled))
        if len(gathered) == options.window_batches:
            break
    return dict(reversed(gathered.items()))


def find_changed(batches: Sequence[str], entries: Mapping[str, LedgerEntry]) -> str | None:
    """The oldest of the newest batches in a row that were judged other than ``none``."""
    changed = list(itertools.takewhile(lambda name: entries[name].action != "none", reversed(batches)))
    return changed[-1] if changed else None


def measure_rows_quality(rows: pd.DataFrame, champion: ChampionPackage, options: QualityOptions) -> Quality:
    """Data quality of rows of several batches together, at least one, against the champion's reference."""
    facts = BatchFacts(
        reference_unparseable=champion.facts["unparseable"],
        repeated=RepeatedRows(
            rows=count_repeated_rows(fingerprint_rows(rows, champion.schema.features)),
            reference_share=champion.facts["repeated_share"],
        ),
    )
    return measure_quality(champion.profile, profile_rows(rows, champion.profile), facts, options)


def _read_rows(delivery: Any, champion: ChampionPackage) -> pd.DataFrame | None:
    schema = champion.schema
    try:
        rows = coerce_rows(delivery.load().reset_index(drop=True), schema).rows
    except DataError:
        return None
    labelled = schema.target in rows
    own = read_labels(rows[schema.target], schema) if labelled else pd.Series(np.nan, index=rows.index)
    return rows.drop(columns=[schema.target], errors="ignore").assign(label=own)
