"""Whether batch and labels come as they usually do: size, contents, date, and how late the labels are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Finding, LedgerEntry
from churn_monitoring.pipelines.monitoring.intake import Batch, BatchRows
from churn_monitoring.pipelines.monitoring.maturing import MaturedBatch
from churn_monitoring.quality.arrivals import (
    check_batch_size,
    check_future,
    check_labels_stopped,
    check_same_file,
    find_usual_days,
)

LABEL_LAG = "label_lag_days"


@dataclass(frozen=True)
class Arrival:
    """What is unusual about a delivery, and how old the newest batch with labels is, in days; None without any."""

    findings: tuple[Finding, ...] = ()
    label_lag: float | None = None


AS_USUAL = Arrival()


def check_arrival(
    batch: Batch,
    rows: BatchRows,
    matured: Sequence[MaturedBatch],
    ledger: Sequence[LedgerEntry],
    as_of: Any,
    policy: Parameters,
) -> Arrival:
    """Compare this delivery with those before it; today is ``as_of`` where it is given, else by the clock."""
    today = date.fromisoformat(str(as_of)) if as_of is not None else datetime.now(tz=UTC).date()
    before = [entry for entry in ledger if entry.batch_id != batch.batch_id and entry.batch_date <= batch.batch_date]
    accepted = [entry for entry in before if not entry.rejected and entry.action != "fix_data"]
    labelled = [item.scored.batch_date for item in matured if item.scored.known.mean() >= policy.labels.min_coverage]
    lag = float((batch.as_of - max(labelled)).days) if labelled else None
    usual = find_usual_days([*(entry.batch_date for entry in before), batch.batch_date], policy.deliveries)
    found = (
        check_same_file(find_twin(batch, ledger)),
        check_batch_size(len(rows.rows), _list_metric(accepted, "rows"), policy.deliveries),
        check_future(batch.batch_date, today, policy.deliveries),
        check_labels_stopped(lag, _list_metric(before, LABEL_LAG), usual, policy.deliveries),
    )
    return Arrival(tuple(finding for finding in found if finding is not None), lag)


def find_twin(batch: Batch, ledger: Sequence[LedgerEntry]) -> str | None:
    """Id of another judged batch whose file had the same bytes; hashed only where one had the same size."""
    alike = [entry for entry in ledger if entry.size == batch.delivery.size and entry.batch_id != batch.batch_id]
    if not alike:
        return None
    own = batch.delivery.fingerprint()
    return next((entry.batch_id for entry in alike if entry.sha256 == own), None)


def _list_metric(entries: Sequence[LedgerEntry], name: str) -> list[float]:
    return [entry.metrics[name] for entry in entries if name in entry.metrics]
