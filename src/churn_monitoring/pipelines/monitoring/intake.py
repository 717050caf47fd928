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

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import DataError, NothingToDo, UnusableBatch
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Finding, LedgerEntry
from churn_monitoring.datasets.files import show_path
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.scanning import BatchCounts, BatchScan, ScanPlan, plan_scan
from churn_monitoring.scanning.chunk import describe_no_predictions


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
    def scan(self, plan: ScanPlan) -> BatchScan: ...  # noqa: D102


@dataclass(frozen=True)
class Batch:
    """The batch of this run and the day it is judged on."""

    batch_id: str
    batch_date: date
    as_of: date
    delivery: Delivery


@dataclass(frozen=True)
class BatchRows:
    """The rows that are looked at: all of a batch, or a sample where it has more; none where ``rejection`` says why.

    Attributes:
        rows: id and features, coerced.
        labels: the batch's own, 1.0, 0.0 or NaN.
        unparseable: per numeric column, how many values of the batch are text that is no number.
        raw: the texts of such values, to show examples of them, in columns that have any.
        scores: of the same rows; None where they have yet to be scored.
        counts: of all rows of the batch, where ``rows`` is a sample.
        rejection: why the batch cannot be monitored at all.
    """

    rows: pd.DataFrame
    labels: pd.Series
    unparseable: dict[str, int] = field(default_factory=dict)
    raw: pd.DataFrame | None = None
    scores: np.ndarray | None = None
    counts: BatchCounts | None = None
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


def plan_batch_scan(champion: ChampionPackage, policy: Parameters) -> ScanPlan:
    """How batches are read, scored and counted for this champion."""
    return plan_scan(champion, policy.engine)


def read_batch(batch: Batch, plan: ScanPlan) -> tuple[BatchRows, dict[str, Any]]:
    """Read and score the delivery in one pass; returns the rows to look at and the predictions of all rows.

    What cannot be used becomes a rejection, which has predictions of no row.
    """
    try:
        scan = batch.delivery.scan(plan)
    except UnusableBatch as error:
        file = show_path(batch.delivery.path)
        return _reject(error.check, error.column, f"{file} {error}", batch, plan)
    except DataError as error:
        return _reject("unreadable", None, str(error), batch, plan)
    sample, rows = scan.sample, scan.sample.rows
    labels = pd.Series(sample.labels, index=rows.index)
    read = BatchRows(rows, labels, scan.unparseable, sample.raw, sample.scores, scan.counts)
    return read, {batch.batch_id: scan.predictions}


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


def _reject(
    check: str, column: str | None, message: str, batch: Batch, plan: ScanPlan
) -> tuple[BatchRows, dict[str, Any]]:
    finding = Finding(check, column, "failed", 1.0, 0.0, message)
    nothing = BatchRows(pd.DataFrame(), pd.Series(dtype=float), rejection=finding)
    return nothing, {batch.batch_id: describe_no_predictions(plan)}
