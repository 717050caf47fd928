"""The life of a problem: it opens, worsens, is still there, is resolved; what of that is news, and nothing else.

    problems before, Judged ── follow ──> problems now, news

A problem is what an alert's key names. Between its opening and its resolution lies one episode, however often it
comes and goes meanwhile. Its severity is the worst of the episode, so that one that wavers is not told each time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from churn_monitoring.core.records import Alert, Severity

NewsKind = Literal["opened", "worsened", "reminder", "resolved"]
RANK: dict[Severity, int] = {"info": 0, "warning": 1, "critical": 2}


@dataclass(frozen=True, slots=True)
class Problem:
    """An open problem.

    ``severity`` is the worst of the episode and ``message`` the newest; ``first_*`` and ``last_batch`` say where it was
    seen, ``told_day`` when it was last news, ``quiet`` which batches since ``last_batch`` were without it.
    """

    key: str
    severity: Severity
    message: str
    first_batch: str
    first_day: date
    last_batch: str
    told_day: date
    quiet: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """What is new about a problem; ``before`` is its severity before it worsened, None in every other case."""

    kind: NewsKind
    problem: Problem
    before: Severity | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What one judgement has found.

    Attributes:
        batch_id: of the batch.
        day: it was judged on.
        alerts: of the judgement.
        newest: whether no later batch has been judged; an older one says nothing about what is now.
        conclusive: whether its silence means anything; that of an unreadable file or of three rows does not.
        known: severity by key of what an earlier judgement of the same batch has found, which is no news.
    """

    batch_id: str
    day: date
    alerts: Sequence[Alert]
    newest: bool = True
    conclusive: bool = True
    known: Mapping[str, Severity] = field(default_factory=dict)


def follow(
    problems: Sequence[Problem], judged: Judged, reminder_days: int, quiet_batches: int
) -> tuple[tuple[Problem, ...], tuple[News, ...]]:
    """What is open after a judgement, and what is news about it; both in the order of the keys.

    Args:
        problems: open before it.
        judged: what it found.
        reminder_days: after which a problem that is still seen is told again, unless it is of severity ``info``.
        quiet_batches: in a row without it after which a problem is resolved. One that a single batch has shown is
            resolved at once when that batch is judged again without it: it was repaired.
    """
    raised: dict[str, Alert] = {}
    for alert in sorted(judged.alerts, key=lambda one: -RANK[one.severity]):
        raised.setdefault(alert.key, alert)
    now: list[Problem] = []
    news: list[News] = []
    for problem in problems:
        alert_again = raised.pop(problem.key, None)
        if alert_again is not None:
            problem, told = _see_again(problem, alert_again, judged, reminder_days)
            now.append(problem)
        else:
            problem, told = _miss(problem, judged, quiet_batches)
            now += [] if told else [problem]
        news += [told] if told else []
    for alert in raised.values():
        if not _is_known(alert, judged):
            now.append(_open(alert, judged))
            news.append(News("opened", now[-1]))
    return tuple(sorted(now, key=lambda one: one.key)), tuple(sorted(news, key=lambda one: one.problem.key))


def _is_known(alert: Alert, judged: Judged) -> bool:
    known = judged.known.get(alert.key)
    return known is not None and RANK[known] >= RANK[alert.severity]


def _open(alert: Alert, judged: Judged) -> Problem:
    batch, day = judged.batch_id, judged.day
    return Problem(alert.key, alert.severity, alert.message, batch, day, batch, day)


def _see_again(problem: Problem, alert: Alert, judged: Judged, reminder_days: int) -> tuple[Problem, News | None]:
    if judged.newest:
        problem = replace(problem, message=alert.message, last_batch=judged.batch_id, quiet=())
    if RANK[alert.severity] > RANK[problem.severity] and not _is_known(alert, judged):
        worse = replace(problem, severity=alert.severity, message=alert.message, told_day=judged.day)
        return worse, News("worsened", worse, problem.severity)
    due = (judged.day - problem.told_day).days >= reminder_days
    if judged.newest and due and problem.severity != "info":
        told = replace(problem, told_day=judged.day)
        return told, News("reminder", told)
    return problem, None


def _miss(problem: Problem, judged: Judged, quiet_batches: int) -> tuple[Problem, News | None]:
    """The problem with one more quiet batch, or the news that it is resolved."""
    if not judged.conclusive:
        return problem, None
    repaired = problem.first_batch == problem.last_batch == judged.batch_id
    if judged.newest and judged.batch_id not in problem.quiet:
        problem = replace(problem, quiet=(*problem.quiet, judged.batch_id))
    if repaired or len(problem.quiet) >= quiet_batches:
        return problem, News("resolved", problem)
    return problem, None
