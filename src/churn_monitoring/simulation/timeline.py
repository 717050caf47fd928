"""Which changes are in force in which week, and that each names a column it can strike.

timeline of the scenario ─ complete_timeline (once) ─ active_changes (per week) ─ shifts, concept, faults
"""

from collections.abc import Sequence
from typing import Final

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import Change, TableSchema
from churn_monitoring.simulation.association import KnownTable

SHIFTS: Final = ("covariate_shift", "label_shift")
CONCEPT: Final = "concept_drift"
WHOLE_ROWS: Final = ("label_shift", "duplicates")
CATEGORIES_ONLY: Final = ("recoded_category", "new_category")


def active_changes(timeline: Sequence[Change], week: int) -> tuple[Change, ...]:
    """The changes in force in ``week`` (from 1), both ends included, in the order of the timeline.

    Examples:
        >>> change = Change(kind="duplicates", from_week=3, to_week=4)
        >>> [week for week in range(1, 7) if active_changes([change], week)]
        [3, 4]
    """
    return tuple(
        change for change in timeline if change.from_week <= week and (change.to_week is None or week <= change.to_week)
    )


def complete_timeline(
    timeline: Sequence[Change], known: KnownTable, *, column_free: Sequence[str] = WHOLE_ROWS
) -> tuple[Change, ...]:
    """Check every change and fill in the column where none is named.

    The default is the feature most associated with churn that the kind can strike: a category for the two
    category faults, any feature for concept drift, else a number (a category where there is no number).

    Args:
        timeline: The changes of a scenario.
        known: The labelled table in which "most associated" is measured.
        column_free: Kinds that concern whole rows and so must not name a column.

    Raises:
        ConfigurationError: a change ends before it begins, or its column is not one it can strike.
    """
    return tuple(_complete_change(change, known, column_free) for change in timeline)


def _complete_change(change: Change, known: KnownTable, column_free: Sequence[str]) -> Change:
    if change.to_week is not None and change.to_week < change.from_week:
        raise ConfigurationError(f"{_name(change)} ends in week {change.to_week}, before it begins: correct to_week.")
    if change.kind in column_free:
        if change.column is not None:
            raise ConfigurationError(
                f"{_name(change)} names column '{change.column}', but concerns whole rows: leave it null."
            )
        return change
    choices = _columns_for(change, known.schema)
    if change.column is None and choices:
        preferred = () if change.kind == CONCEPT else tuple(c for c in choices if c in known.schema.numeric)
        return change.model_copy(update={"column": known.find_strongest(preferred or choices)})
    if change.column not in choices:
        raise ConfigurationError(
            f"{_name(change)} cannot strike column '{change.column}'; choose one of: "
            f"{', '.join(choices) or 'none, the schema names no category'}."
        )
    return change


def _columns_for(change: Change, schema: TableSchema) -> tuple[str, ...]:
    return schema.categorical if change.kind in CATEGORIES_ONLY else schema.features


def _name(change: Change) -> str:
    return f"simulation: {change.kind} from week {change.from_week}"
