"""What each kind of change can strike, and what it strikes where a scenario names nothing.

whole rows     no column
several        ``columns``: the one the others say most about, or the two that say most about churn
one            ``column``: the one that says most about churn, or that the others say most about
"""

from collections.abc import Sequence
from typing import Final

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import Change, TableSchema
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.dependence import count_levels, find_most_explained

WHOLE_ROWS: Final = (
    *("label_shift", "duplicates", "nudge", "wrong_delimiter"),
    *("unrecorded_churners", "immature_labels"),
)
CATEGORIES_ONLY: Final = ("recoded_category", "permuted_category", "new_category")
NUMBERS_ONLY: Final = ("decimal_comma", "new_region")
ANY_FEATURE: Final = ("concept_drift", "local_concept_drift")
SWAPPED: Final = "swapped_columns"
SEVERAL_COLUMNS: Final = ("joined_columns", SWAPPED)
LEVELS_TO_TURN = 3  # of a permuted category by default: two levels exchanged can be a mere change of their shares


def complete_columns(change: Change, known: KnownTable, column_free: Sequence[str]) -> Change:
    """Check the columns of a change, or fill them in.

    Args:
        change: As the scenario has it.
        known: The labelled table in which columns are compared.
        column_free: Kinds that concern whole rows.

    Raises:
        ConfigurationError: a column is not one that the kind can strike, or there is none.
    """
    if change.kind in column_free:
        return _check_whole_rows(change, known.schema)
    if change.kind in SEVERAL_COLUMNS:
        return _complete_several(change, known)
    if change.columns:
        raise ConfigurationError(f"{name_change(change)} names columns, but strikes one: name it as column.")
    choices = _choices(change, known.schema)
    if change.column is None and choices:
        return change.model_copy(update={"column": _find_default(change, known, choices)})
    _check_choice(change, change.column, choices)
    return change


def name_change(change: Change) -> str:
    """The change as messages name it."""
    return f"simulation: {change.kind} from week {change.from_week}"


def _check_whole_rows(change: Change, schema: TableSchema) -> Change:
    if change.column is not None or change.columns:
        named = change.column or ", ".join(change.columns)
        raise ConfigurationError(
            f"{name_change(change)} names column '{named}', but concerns whole rows: leave it null."
        )
    if change.kind == "nudge" and not schema.numeric:
        raise ConfigurationError(f"{name_change(change)} moves numbers, but the schema names none: leave it out.")
    return change


def _complete_several(change: Change, known: KnownTable) -> Change:
    if change.column is not None:
        raise ConfigurationError(f"{name_change(change)} names a column, but may strike several: name them as columns.")
    features = known.schema.features
    for column in change.columns:
        _check_choice(change, column, features)
    columns = change.columns or _find_several(change, known)
    if change.kind == SWAPPED and (len(columns) != 2 or columns[0] == columns[1]):
        raise ConfigurationError(f"{name_change(change)} needs two different columns; it has: {', '.join(columns)}.")
    return change.model_copy(update={"columns": columns})


def _find_several(change: Change, known: KnownTable) -> tuple[str, ...]:
    if change.kind != SWAPPED:
        return (find_most_explained(known, known.schema.features),)
    numbers, categories = known.schema.numeric, known.schema.categorical
    return known.order_by_strength(numbers if len(numbers) > 1 else categories)[:2]


def _find_default(change: Change, known: KnownTable, choices: Sequence[str]) -> str:
    if change.kind == "permuted_category":
        several = [name for name in choices if count_levels(known, name) >= LEVELS_TO_TURN]
        return find_most_explained(known, several or choices)
    numbers = () if change.kind in ANY_FEATURE else tuple(name for name in choices if name in known.schema.numeric)
    return known.find_strongest(numbers or choices)


def _check_choice(change: Change, column: str | None, choices: Sequence[str]) -> None:
    if column not in choices:
        wanted = "category" if change.kind in CATEGORIES_ONLY else "number"
        raise ConfigurationError(
            f"{name_change(change)} cannot strike column '{column}'; choose one of: "
            f"{', '.join(choices) or f'none, the schema names no {wanted}'}."
        )


def _choices(change: Change, schema: TableSchema) -> tuple[str, ...]:
    if change.kind in CATEGORIES_ONLY:
        return schema.categorical
    return schema.numeric if change.kind in NUMBERS_ONLY else schema.features
