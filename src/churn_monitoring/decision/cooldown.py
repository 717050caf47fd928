"""What is due: a retraining, unless it has to wait after the last attempt, or another remedy."""

from collections.abc import Sequence
from datetime import date, timedelta

from churn_monitoring.core.records import Attempt, Cooldown, LedgerEntry, Remedy

FUTILE = ("kept", "refused_data")  # verdicts after which trying the same again soon is no use


def compute_cooldown(attempts: Sequence[Attempt], as_of: date, days: int, max_days: int) -> Cooldown:
    """Whether ``as_of`` lies within the cooldown of the newest attempt made on or before it.

    The cooldown is ``days`` long and doubles with every futile attempt in a row, up to ``max_days`` (never below
    ``days``); an attempt that only lacked labels is not futile. A rollback starts a cooldown, a recalibration none:
    it changes nothing that a retraining would compare. Attempts dated later than ``as_of`` are not known
    yet on that day, and do not count.

    >>> from datetime import date
    >>> tried = [Attempt("r", date(2026, 3, 2), "retraining", "promoted", "1", "2")]
    >>> compute_cooldown(tried, date(2026, 3, 8), 7, 56)
    Cooldown(active=True, until=datetime.date(2026, 3, 9))
    >>> compute_cooldown(tried, date(2026, 3, 9), 7, 56).active
    False
    >>> futile = [Attempt("r", date(2026, 3, 2), "retraining", "kept", "1", "1")]
    >>> compute_cooldown(futile, date(2026, 3, 9), 7, 56).until
    datetime.date(2026, 3, 16)
    """
    known = sorted(
        (attempt for attempt in attempts if attempt.as_of <= as_of and attempt.kind != "recalibration"),
        key=lambda attempt: attempt.as_of,
    )
    if not known:
        return Cooldown(active=False, until=None)
    futile = 0
    while futile < len(known) and known[-1 - futile].verdict in FUTILE:
        futile += 1
    length = max(days, min(days * 2 ** min(futile, 30), max_days))
    until = known[-1].as_of + timedelta(days=length)
    return Cooldown(active=True, until=until) if as_of < until else Cooldown(active=False, until=None)


def find_due_retraining(
    ledger: Sequence[LedgerEntry], attempts: Sequence[Attempt], days: int, max_days: int
) -> date | None:
    """The day of a retraining that was decided and not yet attempted, or None.

    Only the newest judgement counts; an attempt on or after its day answers it, a cooldown delays it.
    """
    if not ledger:
        return None
    newest = max(ledger, key=lambda entry: (entry.as_of, entry.batch_date))
    answered = any(attempt.as_of >= newest.as_of and attempt.kind != "recalibration" for attempt in attempts)
    if newest.action != "retrain" or answered:
        return None
    return None if compute_cooldown(attempts, newest.as_of, days, max_days).active else newest.as_of


def find_due_remedy(ledger: Sequence[LedgerEntry], attempts: Sequence[Attempt]) -> tuple[Remedy, date] | None:
    """The remedy that the newest judgement asks for and that was not tried yet, and the judgement's day."""
    if not ledger:
        return None
    newest = max(ledger, key=lambda entry: (entry.as_of, entry.batch_date))
    if newest.remedy is None or any(attempt.as_of >= newest.as_of for attempt in attempts):
        return None
    return newest.remedy, newest.as_of
