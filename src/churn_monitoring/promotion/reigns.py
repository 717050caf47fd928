"""Who was champion from when to when, by which decision, on what, and replaced why: told by what happened, in order.

    finished runs ─ Change ─┐
    registered versions ────┴ list_reigns ─ Reign, Reign, ...

A change that no finished run tells of (an alias moved by hand, a process killed after the move) is not made up: the
version that turns out to serve gets a reign whose beginning is ``unrecorded``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from churn_monitoring.core.records import Attempt

UNRECORDED = "unrecorded"


@dataclass(frozen=True, slots=True)
class Change:
    """One finished run that put ``version_after`` in service.

    ``as_of`` is the day it was about, ``at`` when it happened by the clock; ``by`` is ``training``, ``promoted``,
    ``recalibrated`` or ``rolled_back``; ``reason`` is why, where the run tells.
    """

    run_id: str
    as_of: date
    at: datetime
    by: str
    version_before: str
    version_after: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """What a version was made of; empty where an earlier version of this program did not say."""

    candidate: str = ""
    data_sha256: str = ""
    parameters_sha256: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Reign:
    """One version's time in service; ``until``, ``until_at`` and ``ended_by`` are None while it lasts.

    ``run_id`` is of the run that put it in service and ``reason`` why; ``ended_by`` is the change that replaced it
    and ``ended_for`` why.
    """

    version: str
    by: str
    since: date | None
    since_at: datetime | None
    run_id: str
    reason: str
    facts: VersionFacts
    until: date | None = None
    until_at: datetime | None = None
    ended_by: str | None = None
    ended_for: str = ""


def list_reigns(changes: Sequence[Change], versions: Mapping[str, VersionFacts], in_service: str) -> tuple[Reign, ...]:
    """All reigns, oldest first; the last one is that of ``in_service``.

    Args:
        changes: in any order; those that changed nothing are passed over.
        versions: facts by version; a version that was deleted from the registry may be missing.
        in_service: the version in service now, '' for none.
    """
    reigns: list[Reign] = []
    for change in sorted(changes, key=lambda one: one.at):
        if change.version_before == change.version_after:
            continue
        if change.version_before and (not reigns or reigns[-1].version != change.version_before):
            _begin(reigns, _unrecorded(change.version_before, versions), None)
        _begin(reigns, _reign(change, versions), change)
    if in_service and (not reigns or reigns[-1].version != in_service):
        _begin(reigns, _unrecorded(in_service, versions), None)
    return tuple(reigns)


def find_beginning(attempts: Sequence[Attempt], version: str, trained_on: date) -> tuple[date, str]:
    """Since when and by which decision a version serves; by training on ``trained_on`` where no attempt put it there.

    >>> put = [Attempt("r", date(2026, 3, 2), "retraining", "promoted", "1", "2")]
    >>> find_beginning(put, "2", date(2026, 1, 5))
    (datetime.date(2026, 3, 2), 'promoted')
    """
    for attempt in reversed(attempts):
        if attempt.version_after == version != attempt.version_before:
            return attempt.as_of, attempt.verdict
    return trained_on, "training"


def _begin(reigns: list[Reign], reign: Reign, change: Change | None) -> None:
    if reigns:
        reigns[-1] = replace(
            reigns[-1],
            until=change.as_of if change else None,
            until_at=change.at if change else None,
            ended_by=change.by if change else UNRECORDED,
            ended_for=change.reason if change else "",
        )
    reigns.append(reign)


def _reign(change: Change, versions: Mapping[str, VersionFacts]) -> Reign:
    version = change.version_after
    facts = versions.get(version, VersionFacts())
    return Reign(version, change.by, change.as_of, change.at, change.run_id, change.reason, facts)


def _unrecorded(version: str, versions: Mapping[str, VersionFacts]) -> Reign:
    return Reign(version, UNRECORDED, None, None, "", "", versions.get(version, VersionFacts()))
