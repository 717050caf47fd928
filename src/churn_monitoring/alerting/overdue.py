"""The dead-man's switch: an alert when no batch comes, which no batch could raise."""

from collections.abc import Iterable, Sequence
from datetime import date

from churn_monitoring.core.alert_options import DeliveryOptions
from churn_monitoring.core.records import Alert
from churn_monitoring.quality.arrivals import find_usual_days

NO_BATCH = "no_batch"


def raise_overdue(
    dates: Sequence[date], arrivals: Iterable[date], today: date, options: DeliveryOptions
) -> Alert | None:
    """The alert that no batch has come for ``overdue_factor`` times as long as usual, or None.

    Args:
        dates: of the batches judged so far.
        arrivals: days on which batches came; with dates up to today, the latest of both is when one last came.
        today: by the clock.
        options: what is usual, and how much longer is too long.
    """
    usual = find_usual_days(dates, options)
    came = [day for day in (*dates, *arrivals) if day <= today]
    if usual is None or not came:
        return None
    silent, limit = (today - max(came)).days, usual * options.overdue_factor
    if silent <= limit:
        return None
    message = f"No new batch has come for {silent} days; one every {usual:g} days is usual."
    return Alert(NO_BATCH, "warning", message, float(silent), limit)
