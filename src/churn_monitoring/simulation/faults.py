"""What goes wrong between the business and its delivery: the customers are the same, the table is not.

    one column        here: wrong unit, stuck, emptied, decimal comma, recoded, a new level
    between columns   mixups: a category permuted, columns joined from other rows, columns swapped
    the whole table   here: nudged numbers, repeated rows, a wrong delimiter

Every fault is a pure function of rows, generator, change and the known table, and strikes the change's
``strength`` as a share of the rows. Labels and truth belong to the rows before the fault.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from churn_monitoring.core.options import Change
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.cells import put_numbers, put_texts
from churn_monitoring.simulation.mixups import MIXUPS, Fault, strike_rows, struck_column
from churn_monitoring.tables.columns import read_numbers, read_text

UNIT_ERROR = 100.0  # cents delivered for euros
RECODED_SUFFIX = "_V2"
NEW_CATEGORY = "new_offer"
WRONG_DELIMITER = ";"


def apply_fault(rows: pd.DataFrame, rng: np.random.Generator, change: Change, known: KnownTable) -> pd.DataFrame:
    """Return ``rows`` as they are delivered under ``change``; a kind that is no fault changes nothing.

    Args:
        rows: Raw rows of one batch; they are left as they are.
        rng: Chooses which rows are struck.
        change: A completed change: its columns are set wherever the kind needs any.
        known: Tells which values are usual.
    """
    fault = FAULTS.get(change.kind)
    return rows if fault is None else fault(rows, rng, change, known)


def order_faults(changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes in an order in which each finds its column: a wrong delimiter, which leaves none, comes last."""
    return tuple(sorted(changes, key=lambda change: change.kind == "wrong_delimiter"))


def _break_column(rows: pd.DataFrame, rng: np.random.Generator, change: Change, known: KnownTable) -> pd.DataFrame:
    column, struck = struck_column(change), strike_rows(rows, rng, change)
    if column not in known.schema.numeric:
        return rows.assign(**{column: rows[column].mask(struck, known.find_commonest(column))})
    return put_numbers(rows, column, struck, (read_numbers(rows[column])[0] * UNIT_ERROR).round(10))


def _stick_column(rows: pd.DataFrame, rng: np.random.Generator, change: Change, _: KnownTable) -> pd.DataFrame:
    column, struck = struck_column(change), strike_rows(rows, rng, change)
    present = np.flatnonzero(read_text(rows[column]).notna())
    return rows.assign(**{column: rows[column].mask(struck, rows[column].iloc[present[0]])}) if len(present) else rows


def _lose_values(rows: pd.DataFrame, rng: np.random.Generator, change: Change, _: KnownTable) -> pd.DataFrame:
    column = struck_column(change)
    return rows.assign(**{column: rows[column].mask(strike_rows(rows, rng, change))})


def _write_commas(rows: pd.DataFrame, rng: np.random.Generator, change: Change, _: KnownTable) -> pd.DataFrame:
    column = struck_column(change)
    numbers = read_numbers(rows[column])[0]
    texts = numbers.map(lambda number: np.format_float_positional(number, trim="0").replace(".", ",")).astype("str")
    struck = strike_rows(rows, rng, change)
    return put_texts(rows, column, struck & numbers.notna().to_numpy(), texts) if struck.any() else rows


def _recode_category(rows: pd.DataFrame, rng: np.random.Generator, change: Change, _: KnownTable) -> pd.DataFrame:
    column = struck_column(change)
    texts = rows[column].astype(object)
    renamed = texts.map(_rename, na_action="ignore")
    return put_texts(rows, column, strike_rows(rows, rng, change), renamed)


def _rename(value: object) -> str:
    text = str(value)
    return f"{text.strip().upper()}{RECODED_SUFFIX}" if text.strip() else text


def _add_category(rows: pd.DataFrame, rng: np.random.Generator, change: Change, _: KnownTable) -> pd.DataFrame:
    return put_texts(rows, struck_column(change), strike_rows(rows, rng, change), NEW_CATEGORY)


def _nudge_numbers(rows: pd.DataFrame, _: np.random.Generator, change: Change, known: KnownTable) -> pd.DataFrame:
    """Every number moves by so many standard deviations that nothing hangs on it, and is not rounded back."""
    everybody = np.full(len(rows), change.strength > 0)
    for column in known.schema.numeric:
        deviation = known.read_numbers(column).std()
        moved = read_numbers(rows[column])[0] + change.strength * (0.0 if np.isnan(deviation) else deviation)
        rows = put_numbers(rows, column, everybody, moved)
    return rows


def _repeat_rows(rows: pd.DataFrame, rng: np.random.Generator, change: Change, _: KnownTable) -> pd.DataFrame:
    positions = np.arange(len(rows))
    repeated = rows.iloc[np.sort(np.r_[positions, positions[strike_rows(rows, rng, change)]])]
    return repeated.reset_index(drop=True)


def _join_columns(rows: pd.DataFrame, _: np.random.Generator, change: Change, __: KnownTable) -> pd.DataFrame:
    """One column of whole lines: what a reader of commas sees of a file written with another delimiter."""
    if change.strength == 0:
        return rows
    texts = [rows[name].astype(object).map(str, na_action="ignore").astype("str").fillna("") for name in rows]
    lines = [WRONG_DELIMITER.join(values) for values in zip(*texts, strict=True)]
    return pd.DataFrame({WRONG_DELIMITER.join(map(str, rows.columns)): pd.Series(lines, dtype="str")})


FAULTS: dict[str, Fault] = {
    "broken_column": _break_column,
    "stuck_column": _stick_column,
    "missing_burst": _lose_values,
    "decimal_comma": _write_commas,
    "recoded_category": _recode_category,
    "new_category": _add_category,
    "nudge": _nudge_numbers,
    "duplicates": _repeat_rows,
    "wrong_delimiter": _join_columns,
    **MIXUPS,
}
