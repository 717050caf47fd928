"""A raw table as the rows every other layer works on.

Topology:
    raw table ─ missing_columns (may it be read at all?)
              └ coerce_rows ─ rows (numbers float64, categories and ids canonical text), unparseable counts
                            └ read_labels, fingerprint_rows
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import DataError
from churn_monitoring.core.options import TableSchema
from churn_monitoring.tables.columns import canonical_text, read_dates, read_numbers, read_text

_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})
_SHOWN_COLUMNS = 30
_SEPARATORS = (";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Coerced:
    """Rows of one table, and per numeric or date column how many values could not be read.

    ``rows`` holds the schema's columns that the table has, in the order id, target, date, numbers,
    categories, under the table's own index. ``unparseable`` names every numeric and date column among them,
    with 0 where all was well; an unreadable value is missing in ``rows``.
    """

    rows: pd.DataFrame
    unparseable: dict[str, int] = field(default_factory=dict)


def coerce_rows(frame: pd.DataFrame, schema: TableSchema) -> Coerced:
    """Read a raw table the way training did; applied to its own result it changes nothing.

    Numbers become float64 with NaN for missing, unreadable and infinite values; id, target and categories
    become canonical text (see :func:`~churn_monitoring.tables.columns.canonical_text`); the date becomes a
    point in time. Other columns are left out, absent ones are not invented.

    Raises:
        DataError: a column of the schema occurs twice in ``frame``.
    """
    columns: dict[str, pd.Series] = {}
    unparseable: dict[str, int] = {}
    for name in (name for name in _named(schema) if name in frame.columns):
        values = _only(frame, name)
        if name in schema.numeric:
            columns[name], unparseable[name] = read_numbers(values)
        elif name == schema.date:
            columns[name], unparseable[name] = read_dates(values)
        else:
            columns[name] = read_text(values)
    return Coerced(pd.DataFrame(columns, index=frame.index), unparseable)


def missing_columns(frame: pd.DataFrame, schema: TableSchema, *, with_target: bool) -> tuple[str, ...]:
    """Columns that ``frame`` lacks of those that are needed: id, features and, if asked, target and date."""
    training_only = {schema.target, schema.date}
    needed = (name for name in _named(schema) if with_target or name not in training_only)
    return tuple(name for name in needed if name not in frame.columns)


def explain_missing_columns(frame: pd.DataFrame, missing: Sequence[str]) -> str:
    """What is wrong with a table that lacks columns, as the rest of a sentence that begins with its name.

    >>> explain_missing_columns(pd.DataFrame({"id": [1], "age": [2]}), ["charges"])
    'lacks column charges (it has: id, age)'
    >>> explain_missing_columns(pd.DataFrame({"id;age;charges": []}), ["id", "age", "charges"])
    "is separated by ';', where commas are expected"
    """
    names = [str(name) for name in frame.columns]
    separator = find_separator(names)
    if separator is not None:
        return f"is separated by {separator!r}, where commas are expected"
    shown = ", ".join(names[:_SHOWN_COLUMNS]) + (", ..." if len(names) > _SHOWN_COLUMNS else "")
    return f"lacks column{'s' if len(missing) > 1 else ''} {', '.join(missing)} (it has: {shown})"


def find_separator(header: Sequence[str]) -> str | None:
    """The character that separates the columns of a header which was read as a single one, if there is one."""
    return next((one for one in _SEPARATORS if len(header) == 1 and one in header[0]), None)


def read_labels(target: pd.Series, schema: TableSchema) -> pd.Series:
    """1.0 where the target says "left", 0.0 where it says anything else, NaN where it says nothing.

    ``schema.positive`` and the values are compared as canonical text without regard to case; ``True`` and
    ``1`` mean the same, as do ``False`` and ``0``, because a column of them changes type on its way through
    files. Null and blank are missing, so an outcome not yet known never counts as "stayed".
    """
    texts = read_text(target).str.casefold()
    positive = (canonical_text(schema.positive) or "").casefold()
    spellings = next((same for same in (_TRUE, _FALSE) if positive in same), frozenset({positive}))
    labels = np.where(texts.isna(), np.nan, texts.isin(spellings).astype(np.float64))
    return pd.Series(labels, index=target.index, name=target.name)


def fingerprint_rows(rows: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """uint64[n]: one number per row, which two coerced rows share when they agree in ``columns``.

    Two different rows share it with probability 2^-64. The index plays no part, the order of columns does.
    """
    hashes = pd.util.hash_pandas_object(rows.loc[:, list(columns)], index=False)
    return hashes.to_numpy(dtype=np.uint64)


def _named(schema: TableSchema) -> tuple[str, ...]:
    date = (schema.date,) if schema.date else ()
    return (schema.id, schema.target, *date, *schema.features)


def _only(frame: pd.DataFrame, name: str) -> pd.Series:
    values = frame[name]
    if isinstance(values, pd.DataFrame):
        raise DataError(f"Column '{name}' occurs {values.shape[1]} times; rename or remove all but one.")
    return values
