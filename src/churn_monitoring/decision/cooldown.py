"""How long a retraining waits after the last attempt, whoever asked for that one."""

from collections.abc import Sequence
from datetime import date, timedelta

from churn_monitoring.core.records import Attempt, Cooldown, LedgerEntry


def compute_cooldown(attempts: Sequence[Attempt], as_of: date, days: int) -> Cooldown:
    """Whether ``as_of`` lies within ``days`` of the newest attempt made on or before it.

    Attempts dated later than ``as_of`` are not known yet on that day, and do not count.

    >>> from datetime import date
    >>> tried = Attempt("r", date(2026, 3, 2), "retraining", "kept", "1", "1")
    >>> compute_cooldown([tried], date(2026, 3, 8), 7)
    Cooldown(active=True, until=datetime.date(2026, 3, 9))
    >>> compute_cooldown([tried], date(2026, 3, 9), 7).active
    False
    """
    known = [attempt.as_of for attempt in attempts if attempt.as_of <= as_of]
    if not known:
        return Cooldown(active=False, until=None)
    until = max(known) + timedelta(days=days)
    return Cooldown(active=True, until=until) if as_of < until else Cooldown(active=False, until=None)


def find_due_retraining(ledger: Sequence[LedgerEntry], attempts: Sequence[Attempt], days: int) -> date | None:
    """The day of a retraining that was decided and not yet attempted, or None.

    Only the newest judgement counts; an attempt on or after its day answers it, a cooldown delays it.
    """
    if not ledger:
        return None
    newest = max(ledger, key=lambda entry: (entry.as_of, entry.batch_date))
    if newest.action != "retrain" or any(attempt.as_of >= newest.as_of for attempt in attempts):
        return None
    return None if compute_cooldown(attempts, newest.as_of, days).active else newest.as_of
