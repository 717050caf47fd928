"""What goes wrong between the business and its delivery: the customers are the same, the table is not.

Every fault is a pure function of rows, generator, change and the known table, and strikes the change's
``strength`` as a share of the rows. Labels and truth belong to the rows before the fault.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from churn_monitoring.core.options import Change
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.tables.columns import read_numbers

UNIT_ERROR = 100.0  # cents delivered for euros
RECODED_SUFFIX = "_V2"
NEW_CATEGORY = "new_offer"

Fault = Callable[[pd.DataFrame, np.random.Generator, Change, KnownTable], pd.DataFrame]


def apply_fault(rows: pd.DataFrame, rng: np.random.Generator, change: Change, known: KnownTable) -> pd.DataFrame:
    """Return ``rows`` as they are delivered under ``change``; a kind that is no fault changes nothing.

    Args:
        rows: Raw rows of one batch; they are left as they are.
        rng: Chooses which rows are struck.
        change: A completed change: its column is set wherever the kind needs one.
        known: Tells which values are usual.
    """
    fault = FAULTS.get(change.kind)
    return rows if fault is None else fault(rows, rng, change, known)


def _break_column(rows: pd.DataFrame, rng: np.random.Generator, change: Change, known: KnownTable) -> pd.DataFrame:
    column, struck = _column(change), _strike(rows, rng, change)
    if column not in known.schema.numeric:
        return rows.assign(**{column: rows[column].mask(struck, known.find_commonest(column))})
    wrong = (read_numbers(rows[column])[0] * UNIT_ERROR).round(10)
    if pd.api.types.is_numeric_dtype(rows[column].dtype):
        return rows.assign(**{column: rows[column].astype(np.float64).mask(struck, wrong)})
    readable = struck & wrong.notna().to_numpy()
    return _replace_by_text(rows, column, readable, wrong.map(lambda number: f"{number:.12g}").astype("str"))


def _lose_values(rows: pd.DataFrame, rng: np.random.Generator, change: Change, _: KnownTable) -> pd.DataFrame:
    column = _column(change)
    return rows.assign(**{column: rows[column].mask(_strike(rows, rng, change))})


def _recode_category(rows: pd.DataFrame, rng: np.random.Generator, change: Change, _: KnownTable) -> pd.DataFrame:
    column = _column(change)
    texts = rows[column].astype(object)
    renamed = texts.map(_rename, na_action="ignore")
    return _replace_by_text(rows, column, _strike(rows, rng, change), renamed)


def _rename(value: object) -> str:
    text = str(value)
    return f"{text.strip().upper()}{RECODED_SUFFIX}" if text.strip() else text


def _add_category(rows: pd.DataFrame, rng: np.random.Generator, change: Change, _: KnownTable) -> pd.DataFrame:
    return _replace_by_text(rows, _column(change), _strike(rows, rng, change), NEW_CATEGORY)


def _repeat_rows(rows: pd.DataFrame, rng: np.random.Generator, change: Change, _: KnownTable) -> pd.DataFrame:
    positions = np.arange(len(rows))
    repeated = rows.iloc[np.sort(np.r_[positions, positions[_strike(rows, rng, change)]])]
    return repeated.reset_index(drop=True)


FAULTS: dict[str, Fault] = {
    "broken_column": _break_column,
    "missing_burst": _lose_values,
    "recoded_category": _recode_category,
    "new_category": _add_category,
    "duplicates": _repeat_rows,
}


def _column(change: Change) -> str:
    if change.column is None:
        raise ValueError(f"{change.kind} has no column: complete the timeline first")
    return change.column


def _strike(rows: pd.DataFrame, rng: np.random.Generator, change: Change) -> np.ndarray:
    """Which rows are struck: exactly the rounded share, chosen at random."""
    struck = np.zeros(len(rows), dtype=bool)
    struck[rng.permutation(len(rows))[: round(change.strength * len(rows))]] = True
    return struck


def _replace_by_text(rows: pd.DataFrame, column: str, struck: np.ndarray, texts: pd.Series | str) -> pd.DataFrame:
    """Put ``texts`` where ``struck``; the column becomes text, so that it can be written to any file."""
    kept = rows[column].astype(object).map(str, na_action="ignore").astype("str")
    return rows.assign(**{column: kept.mask(struck, texts)})
