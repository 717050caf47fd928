"""How batches and labels come, compared with how they usually do: the dead-man's switch of the data.

Each check compares one fact of the present delivery with the same of the deliveries before, by ratios wide enough that
chance does not reach them; none is a test with an error rate.
"""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from statistics import median

from churn_monitoring.core.alert_options import DeliveryOptions
from churn_monitoring.core.records import Finding

REMEMBERED = 12  # deliveries that what is usual is taken from


def find_usual_days(dates: Sequence[date], options: DeliveryOptions) -> float | None:
    """Usual days between batches: as the parameters say, else the median of the newest gaps.

    Args:
        dates: of the batches so far; days on which several came count once.
        options: ``expected_days``, and ``usual_batches`` below which nothing is usual yet.

    >>> from datetime import date
    >>> options = DeliveryOptions.model_construct(expected_days=None, usual_batches=4)
    >>> find_usual_days([date(2026, 1, day) for day in (5, 12, 19, 27)], options)
    7.0
    >>> find_usual_days([date(2026, 1, 5), date(2026, 1, 12)], options)
    """
    if options.expected_days is not None:
        return options.expected_days
    days = sorted(set(dates))[-REMEMBERED - 1 :]
    if len(days) < options.usual_batches:
        return None
    return float(median((later - earlier).days for earlier, later in pairwise(days)))


def check_batch_size(rows: int, before: Sequence[float], options: DeliveryOptions) -> Finding | None:
    """Warn of a batch with ``size_factor`` times more or fewer rows than usual.

    Args:
        rows: of the batch; none where it was rejected, which other findings say.
        before: rows of the accepted batches before, oldest first.
        options: the factor, and how many batches make it usual.
    """
    if not rows or len(before) < options.usual_batches:
        return None
    usual = median(before[-REMEMBERED:])
    if usual / options.size_factor <= rows <= usual * options.size_factor:
        return None
    change = f"{usual / rows:.1f} times fewer" if rows < usual else f"{rows / usual:.1f} times more"
    message = f"the batch has {rows} rows, {change} than usual ({usual:.0f}): is the extract whole, and of one period?"
    return Finding("batch_size", None, "warning", rows / usual, options.size_factor, message)


def check_same_file(twin: str | None) -> Finding | None:
    """A batch whose file has the bytes of another batch's, ``twin``, is no new batch."""
    if twin is None:
        return None
    message = f"the file has the same contents as batch {twin}: deliver the batch that belongs to this id, or remove it"
    return Finding("same_file", None, "failed", 1.0, 0.0, message)


def check_future(batch_date: date, today: date, options: DeliveryOptions) -> Finding | None:
    """Warn of a batch dated more than ``future_days`` ahead of the clock."""
    ahead = (batch_date - today).days
    if ahead <= options.future_days:
        return None
    message = f"the batch is dated {batch_date}, {ahead} days ahead of {today}: correct the date in its name"
    return Finding("future_batch", None, "warning", float(ahead), float(options.future_days), message)


def check_labels_stopped(
    lag: float | None, before: Sequence[float], usual_days: float | None, options: DeliveryOptions
) -> Finding | None:
    """Warn when labels that used to come have stopped.

    Args:
        lag: days from the newest batch with labels to today; None where no batch has any.
        before: the same on the days of earlier judgements, oldest first.
        usual_days: between batches.
        options: how many batches late they may be.
    """
    if lag is None or usual_days is None or len(before) < options.usual_batches:
        return None
    usual = median(before[-REMEMBERED:])
    limit = usual + options.labels_overdue_batches * usual_days
    if lag <= limit:
        return None
    message = (
        f"labels have stopped: the newest are of a batch {lag:.0f} days old, {usual:.0f} are usual; ask who sends them"
    )
    return Finding("labels_stopped", None, "warning", lag, limit, message)
