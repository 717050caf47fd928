"""Fingerprints of rows, column by column, without a Python object per row."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from churn_monitoring.tables.arrow import Codes

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # odd, its bits without pattern: 2^64 over the golden ratio
_SHIFT = np.uint64(32)
_NO_VALUE = np.uint64(0x5851F42D4C957F2D)
_BLOCK_ROWS = 16_384
"""Rows mixed at a time: all that is made on the way stays in the processor's cache, which halves the time."""


def fingerprint_columns(columns: Iterable[np.ndarray | Codes], rows: int) -> np.ndarray:
    """``uint64[rows]``: one number per row, which rows share when they agree in all columns.

    Each column is mixed into what the ones before gave: ``h = (h xor value) * odd``, the upper half folded into the
    lower, as in multiplicative hashes. Two different rows share a number with probability of about 2^-64; the order of
    columns matters, that of levels does not, and missing equals missing.

    Args:
        columns: ``float64[rows]`` with NaN for missing, or codes of text; one is needed at a time.
        rows: their length, which no columns at all would not tell.
    """
    mixed = np.full(rows, _MULTIPLIER)
    for column in columns:
        levels = _hash_levels(column) if isinstance(column, Codes) else None
        values = column.codes if isinstance(column, Codes) else column
        for start in range(0, rows, _BLOCK_ROWS):
            part, block = mixed[start : start + _BLOCK_ROWS], values[start : start + _BLOCK_ROWS]
            part ^= _hash_numbers(block) if levels is None else levels[block]
            part *= _MULTIPLIER
            part ^= part >> _SHIFT
    return mixed


def fingerprint_ids(ids: pa.Array) -> np.ndarray:
    """``uint64[n]``: one number per id, evenly spread and equal for equal ids; 0 where there is none."""
    return np.where(ids.is_valid(), _hash_texts(ids.fill_null("").to_numpy(zero_copy_only=False)), np.uint64(0))


def _hash_numbers(values: np.ndarray) -> np.ndarray:
    """The bits of each number; minus zero is zero, and every NaN the same."""
    bits = (values + 0.0).view(np.uint64)
    missing = np.isnan(values)
    if missing.any():
        bits[missing] = _NO_VALUE
    bits ^= bits >> _SHIFT  # of a small whole number only the upper bits are set
    return bits


def _hash_levels(column: Codes) -> np.ndarray:
    """The hash of each code's level, which does not depend on the code it has in this chunk."""
    # A missing value is coded -1, which takes the last entry.
    return np.append(_hash_texts(column.levels), _NO_VALUE)


def _hash_texts(texts: Sequence[str]) -> np.ndarray:
    return np.asarray(pd.util.hash_array(np.array(texts, dtype=object), categorize=False), dtype=np.uint64)
