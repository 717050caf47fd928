"""Which changes are in force in which week, how strongly, and that each names columns it can strike.

timeline of the scenario ─ complete_timeline (once) ─ active_changes (per week) ─ shifts, concept, faults, labels
"""

import math
from collections.abc import Sequence
from typing import Final

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import Change
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.targets import WHOLE_ROWS, complete_columns, name_change

SHIFTS: Final = ("covariate_shift", "label_shift", "season")
CONCEPT: Final = "concept_drift"
CONCEPTS: Final = (CONCEPT, "local_concept_drift")
SEASON: Final = "season"
NEW_REGION: Final = "new_region"
WEEKS_OF_A_YEAR: Final = 52


def active_changes(timeline: Sequence[Change], week: int) -> tuple[Change, ...]:
    """The changes in force in ``week``, both ends included, in the order of the timeline, as strong as they are then.

    Args:
        timeline: The changes of a scenario.
        week: From 1; before that, in the past that the training table shows, only seasons are in force.

    Examples:
        >>> change = Change(kind="duplicates", from_week=3, to_week=4)
        >>> [week for week in range(1, 7) if active_changes([change], week)]
        [3, 4]
        >>> gradual = Change(kind="concept_drift", from_week=3, ramp_weeks=4)
        >>> [change.strength for week in range(1, 8) for change in active_changes([gradual], week)]
        [0.25, 0.5, 0.75, 1.0, 1.0]
    """
    return tuple(_weaken(change, week) for change in timeline if _is_active(change, week))


def complete_timeline(
    timeline: Sequence[Change], known: KnownTable, *, column_free: Sequence[str] = WHOLE_ROWS
) -> tuple[Change, ...]:
    """Check every change and fill in the columns where none are named; see :mod:`.targets`.

    Args:
        timeline: The changes of a scenario.
        known: The labelled table in which columns are compared.
        column_free: Kinds that concern whole rows and so must not name a column.

    Raises:
        ConfigurationError: a change ends before it begins, its columns are not ones it can strike, a season
            has a beginning or an end, or there are several new regions.
    """
    for change in timeline:
        _check_weeks(change)
    if sum(change.kind == NEW_REGION for change in timeline) > 1:
        raise ConfigurationError(f"simulation: a scenario has one {NEW_REGION} at most; leave one out.")
    return tuple(complete_columns(change, known, column_free) for change in timeline)


def _is_active(change: Change, week: int) -> bool:
    if change.kind == SEASON:
        return True
    return change.from_week <= week and (change.to_week is None or week <= change.to_week)


def _weaken(change: Change, week: int) -> Change:
    """The change with the strength it has in ``week``; a season's is negative in half of the year."""
    if change.kind == SEASON:
        strength = change.strength * math.sin(2 * math.pi * week / WEEKS_OF_A_YEAR)
    elif change.ramp_weeks is not None:
        strength = change.strength * min(1.0, (week - change.from_week + 1) / change.ramp_weeks)
    else:
        return change
    return change.model_copy(update={"strength": strength})


def _check_weeks(change: Change) -> None:
    if change.to_week is not None and change.to_week < change.from_week:
        raise ConfigurationError(
            f"{name_change(change)} ends in week {change.to_week}, before it begins: correct to_week."
        )
    if change.kind == SEASON and (change.from_week, change.to_week, change.ramp_weeks) != (1, None, None):
        raise ConfigurationError(
            f"{name_change(change)} has a beginning or an end, but was in force in the past already: give it "
            "from_week 1, and neither to_week nor ramp_weeks."
        )
