"""Which batch is next, and its rows: the part of monitoring that meets files as they come.

A batch that cannot be monitored at all (unreadable, empty, a column missing) is not an exception: it goes
through the pipeline as zero rows with a finding, so that its report and its ledger entry exist and the next
batch gets its turn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from churn_monitoring.core.errors import DataError, NothingToDo
from churn_monitoring.core.records import Finding, LedgerEntry
from churn_monitoring.datasets.files import show_path
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.tables import coerce_rows, explain_missing_columns, missing_columns, read_labels


class Delivery(Protocol):
    """What intake needs of a delivered file."""

    batch_id: str
    batch_date: date | None
    path: Path

    @property
    def size(self) -> int: ...  # noqa: D102
    @property
    def modified_ns(self) -> int: ...  # noqa: D102
    def fingerprint(self) -> str: ...  # noqa: D102
    def load(self) -> pd.DataFrame: ...  # noqa: D102


@dataclass(frozen=True)
class Batch:
    """The batch of this run and the day it is judged on."""

    batch_id: str
    batch_date: date
    as_of: date
    delivery: Delivery


@dataclass(frozen=True)
class BatchRows:
    """Rows as every later node sees them; none of them when ``rejection`` says why.

    ``raw`` is the table as delivered, kept only where a column has text that is no number, to show examples of it.
    """

    rows: pd.DataFrame
    labels: pd.Series
    unparseable: dict[str, int] = field(default_factory=dict)
    raw: pd.DataFrame | None = None
    rejection: Finding | None = None


def choose_batch(
    deliveries: Mapping[str, Delivery],
    ledger: Sequence[LedgerEntry],
    batch_id: Any,
    as_of: Any,
) -> Batch:
    """The batch asked for, else the oldest not yet judged, late arrivals and corrected deliveries included.

    Raises:
        NothingToDo: no batch is waiting.
        DataError: the batch asked for is not there, or ``as_of`` is no date.
    """
    asked_day = _read_day(as_of)
    if batch_id is not None:
        if str(batch_id) not in deliveries:
            newest = ", ".join(list(deliveries)[-3:]) or "none"
            raise DataError(
                f"There is no batch '{batch_id}' in data/01_raw/production (newest: {newest}): check batch=."
            )
        return _describe(deliveries[str(batch_id)], asked_day)
    waiting = find_waiting(deliveries, ledger)
    if not waiting:
        where = "data/01_raw/production" + (" is empty" if not deliveries else " holds no new batch")
        raise NothingToDo(f"No batch is waiting: {where}. Put the next one there as <batch id>.csv or .parquet.")
    return _describe(waiting[0], asked_day)


def find_waiting(deliveries: Mapping[str, Delivery], ledger: Sequence[LedgerEntry]) -> list[Delivery]:
    """Deliveries not yet judged, in the order given; a file changed since its judgement waits again."""
    judged = {entry.batch_id: entry for entry in ledger}
    return [delivery for delivery in deliveries.values() if not _is_judged(delivery, judged)]


def read_batch(batch: Batch, champion: ChampionPackage) -> BatchRows:
    """Read and coerce the delivered rows as the champion knows them; what cannot be used becomes a rejection."""
    schema, file = champion.schema, show_path(batch.delivery.path)
    try:
        table = batch.delivery.load()
    except DataError as error:
        return _reject("unreadable", None, str(error))
    missing = missing_columns(table, schema, with_target=False)
    if missing:
        remedy = "deliver it again with every column of the schema, or change schema in conf and train again."
        return _reject("missing_column", missing[0], f"{file} {explain_missing_columns(table, missing)}: {remedy}")
    if table.empty:
        return _reject("empty_batch", None, f"{file} has a header and no rows: deliver it again with its rows.")
    table = table.reset_index(drop=True)
    coerced = coerce_rows(table, schema)
    unlabelled = pd.Series(float("nan"), index=coerced.rows.index)
    labelled = schema.target in coerced.rows
    labels = read_labels(coerced.rows[schema.target], schema) if labelled else unlabelled
    raw = table if any(coerced.unparseable.values()) else None
    return BatchRows(coerced.rows, labels, coerced.unparseable, raw)


def _read_day(as_of: Any) -> date | None:
    try:
        return date.fromisoformat(str(as_of)) if as_of is not None else None
    except ValueError as error:
        raise DataError(f"as_of '{as_of}' is no date: write it as 2026-01-31.") from error


def _describe(delivery: Delivery, asked: date | None) -> Batch:
    judged_on = asked or delivery.batch_date or datetime.now(tz=UTC).date()
    return Batch(delivery.batch_id, delivery.batch_date or judged_on, judged_on, delivery)


def _is_judged(delivery: Delivery, judged: Mapping[str, LedgerEntry]) -> bool:
    entry = judged.get(delivery.batch_id)
    if entry is None or entry.size != delivery.size:
        return False
    return entry.modified_ns == delivery.modified_ns or entry.sha256 == delivery.fingerprint()


def _reject(check: str, column: str | None, message: str) -> BatchRows:
    finding = Finding(check, column, "failed", 1.0, 0.0, message)
    return BatchRows(pd.DataFrame(), pd.Series(dtype=float), rejection=finding)
