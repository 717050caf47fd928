"""The dashboard over all batches, drawn again by what changes it: a monitoring, an attempt, a rollback."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Literal, Protocol

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Attempt, LedgerEntry
from churn_monitoring.promotion.receipt import settle_verdict
from churn_monitoring.reporting.dashboard import SHOWN, render_dashboard
from churn_monitoring.reporting.history import History, build_history, digest_report, list_events

Documents = Mapping[str, Callable[[], dict[str, Any]]]


class AttemptVerdict(Protocol):
    """What retraining and recalibration have in common once they are judged."""

    @property
    def kind(self) -> Literal["retraining", "recalibration"]:
        """Which of the two it was."""

    @property
    def verdict(self) -> str:
        """Before the registry had its say."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Sentences."""


def gather_history(
    ledger: Sequence[LedgerEntry], attempts: Sequence[Attempt], digests: Documents, reports: Documents
) -> History:
    """What happened so far; a batch without a digest, judged by an earlier version, is read from its report.

    Args:
        ledger: every batch, oldest first.
        attempts: in the order in which they happened.
        digests: by batch id, read when called.
        reports: by batch id, read when called.
    """
    read = {entry.batch_id: _read_digest(entry.batch_id, digests, reports) for entry in ledger[-SHOWN:]}
    return History(tuple(build_history(ledger, attempts, read)), tuple(list_events(attempts)))


def build_dashboard(history: History, policy: Parameters) -> str:
    """The page over all batches, this one included."""
    return render_dashboard(
        history,
        model_name=policy.model_name,
        performance_threshold=policy.performance_threshold,
        drift_share_threshold=policy.drift_share_threshold,
    )


def rebuild_dashboard(
    judgement: AttemptVerdict,
    receipt: Mapping[str, str],
    as_of: date,
    ledger: Sequence[LedgerEntry],
    attempts: Sequence[Attempt],
    digests: Documents,
    reports: Documents,
    policy: Parameters,
) -> str:
    """The page over all batches with this attempt, which the ledger will hold once its run has finished.

    Args:
        judgement: of a retraining or a recalibration.
        receipt: what became of it in the registry.
        as_of: its day.
        ledger: every batch, oldest first.
        attempts: those before this one.
        digests: by batch id.
        reports: by batch id.
        policy: with the thresholds to draw.
    """
    verdict, _, versions = settle_verdict(judgement.verdict, judgement.reasons, receipt)
    own = Attempt("", as_of, judgement.kind, verdict, versions["version_before"], versions["version_after"])
    return build_dashboard(gather_history(ledger, [*attempts, own], digests, reports), policy)


def _read_digest(batch_id: str, digests: Documents, reports: Documents) -> dict[str, Any]:
    if batch_id in digests:
        return digests[batch_id]()
    return digest_report(reports[batch_id]()) if batch_id in reports else {}
