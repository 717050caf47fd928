"""One column, whatever its spelling, as numbers, canonical text or dates.

The same customer must look the same whether the column came from CSV or Parquet, with or without missing
values, as ``1``, ``1.0``, ``"1"`` or ``" 1 "``. Every function accepts any pandas column, raises nothing for
a value, gives itself back when applied twice, and leaves its argument alone.
"""

import re
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype, is_bool_dtype, is_complex_dtype, is_numeric_dtype

_EXPONENT = 1e16  # from here on Python writes a whole number with an exponent, which no later reading changes
_WHOLE_NUMBER_TEXT = re.compile(r"[+-]?\d+\.0+")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+|[+-]?\d{1,3}(?:[. '\u2019\u00a0\u202f]\d{3})+,\d+")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[+-]?\d{1,3}(?:[. '\u2019\u00a0\u202f]\d{3})+(?:\.\d+)?")
_SPELT = (
    (_THOUSANDS, "signs between thousands, where none are expected"),
    (_DECIMAL_COMMA, "a decimal comma, where a point is expected"),
)
_LOOKED_AT = 1_000
_NOT_DISTINGUISHED = {"string", "boolean", "integer", "floating", "categorical", "empty"}


def canonical_text(value: object) -> str | None:
    """One spelling per value; ``None`` where there is nothing.

    Text loses surrounding blanks, and ``.0`` after a whole number, which is what integers become when a
    column of them has a missing value. Blank text is missing. Leading zeros stay: ``"007"`` is a code.

    >>> [canonical_text(value) for value in (1, 1.0, "1", " 1.0 ", True, "007", 2.5, "  ")]
    ['1', '1', '1', '1', 'True', '007', '2.5', None]
    """
    if isinstance(value, str):
        text = value.strip()
        return (text.partition(".")[0] if _WHOLE_NUMBER_TEXT.fullmatch(text) else text) or None
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float | np.floating):
        return _number_text(float(value))
    return str(value).strip() or None


def read_text(values: pd.Series) -> pd.Series:
    """The column as canonical text (dtype ``str``), missing where null or blank."""
    codes, distinct = _distinct(values)
    texts = pd.array([canonical_text(value) for value in distinct] + [None], dtype="str")
    return pd.Series(texts.take(codes), index=values.index, name=values.name)


def read_numbers(values: pd.Series) -> tuple[pd.Series, int]:
    """The column as float64, and how many of its values are neither a finite number nor missing.

    Those become NaN, like the missing ones. ``True`` is 1 and ``False`` 0; dates are not numbers.
    """
    if is_numeric_dtype(values.dtype) and not is_complex_dtype(values.dtype):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        present = ~np.isnan(numbers)
    else:
        numbers, present = _parse_numbers(values)
    finite = np.isfinite(numbers)
    if not finite.all():
        numbers = np.where(finite, numbers, np.nan)
    unparseable = int(np.count_nonzero(present & ~finite))
    return pd.Series(numbers, index=values.index, name=values.name), unparseable


def explain_spelling(values: pd.Series) -> str:
    """How values that are no numbers are spelt, as the end of a sentence about their column.

    Of at least one value and at most the first thousand; a spelling that most of them share is named.

    >>> explain_spelling(pd.Series(["29,85", "1.889,5", "108,150"]))
    "such as '29,85': a decimal comma, where a point is expected"
    >>> explain_spelling(pd.Series(["1,889.50", "2,034"]))
    "such as '1,889.50': signs between thousands, where none are expected"
    >>> explain_spelling(pd.Series(["unknown"]))
    "such as 'unknown'"
    """
    texts = [str(value).strip() for value in values.head(_LOOKED_AT)]
    for pattern, meaning in _SPELT:
        spelt = [text for text in texts if pattern.fullmatch(text)]
        if 2 * len(spelt) > len(texts):
            return f"such as '{spelt[0]}': {meaning}"
    return f"such as '{texts[0]}'"


def read_dates(values: pd.Series) -> tuple[pd.Series, int]:
    """The column as points in time without zone (UTC), and how many values are no ISO 8601 date."""
    if isinstance(values.dtype, np.dtype) and values.dtype.kind == "M":
        return values.dt.as_unit("us"), 0
    texts = read_text(values)
    dates = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    dates = dates.dt.tz_localize(None).dt.as_unit("us")
    return dates, int((texts.notna() & dates.isna()).sum())


def _parse_numbers(values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Numbers (NaN where there is none) and which values are not missing, of text or mixed values."""
    codes, distinct = _distinct(values)
    texts = [_truth_as_number(value) for value in distinct]
    parsed = pd.to_numeric(pd.Series([*texts, None], dtype=object), errors="coerce")
    present = np.array([text is not None for text in texts] + [False])
    return parsed.to_numpy(dtype=np.float64)[codes], present[codes]


def _truth_as_number(value: object) -> str | None:
    return str(int(value)) if isinstance(value, bool | np.bool_) else canonical_text(value)


def _number_text(value: float) -> str | None:
    if np.isnan(value):
        return None
    return str(int(value)) if value.is_integer() and abs(value) < _EXPONENT else repr(value)


def _distinct(values: pd.Series) -> tuple[np.ndarray, list[Any]]:
    """A code per row and the value of each code; -1 is missing.

    Objects of mixed kinds keep a code per row: hashing would merge ``1`` with ``True``, and cannot tell
    lists apart at all.
    """
    if values.dtype == object and infer_dtype(values, skipna=True) not in _NOT_DISTINGUISHED:
        return np.arange(len(values)), list(values)
    codes, distinct = pd.factorize(values)
    found = pd.Series(distinct).astype(object).tolist()
    return codes, [bool(value) for value in found] if is_bool_dtype(values.dtype) else found


def are_among(values: pd.Series, known: pd.Series) -> np.ndarray:
    """``bool[n]``: which values occur in ``known``; a missing one never does.

    As plain objects, 25 times faster than ``isin``, which makes a Python object of every value of an Arrow column.

    >>> are_among(pd.Series(["a", None, "b"]), pd.Series(["b", None])).tolist()
    [False, False, True]
    """
    plain = pd.Series(values.to_numpy(object), dtype=object)
    return np.asarray(plain.isin(known.dropna().to_numpy(object)), dtype=bool)
