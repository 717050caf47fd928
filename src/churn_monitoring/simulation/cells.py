"""New values for some rows of one column, which stays a column that any file can hold."""

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype


def put_numbers(rows: pd.DataFrame, column: str, chosen: np.ndarray, numbers: pd.Series) -> pd.DataFrame:
    """Return ``rows`` with ``numbers`` where ``chosen``; text stays text, and keeps what is no number.

    Args:
        rows: Raw rows; they are left as they are.
        column: A number, of any spelling.
        chosen: bool[n].
        numbers: float64[n]; where they are missing, text stays as it is.
    """
    if is_numeric_dtype(rows[column].dtype):
        return rows.assign(**{column: rows[column].astype(np.float64).mask(chosen, numbers)})
    readable = chosen & numbers.notna().to_numpy()
    return put_texts(rows, column, readable, numbers.map(lambda number: f"{number:.12g}").astype("str"))


def put_texts(rows: pd.DataFrame, column: str, chosen: np.ndarray, texts: pd.Series | str) -> pd.DataFrame:
    """Return ``rows`` with ``texts`` where ``chosen``; the column becomes text, so that it can be written to any file.

    Args:
        rows: Raw rows; they are left as they are.
        column: Any column.
        chosen: bool[n].
        texts: One for each row, or the same for all.
    """
    kept = rows[column].astype(object).map(str, na_action="ignore").astype("str")
    return rows.assign(**{column: kept.mask(chosen, texts)})
