"""Columns of an Arrow table, read as :mod:`~churn_monitoring.tables.columns` reads those of a pandas table.

The same values, without a Python object per row: numbers are cast as they are, and text is looked at once per
distinct value. What Arrow has no numbers or dictionary for (dates, nested values) goes through pandas.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute

from churn_monitoring.tables.columns import canonical_text, read_numbers, read_text

_BLANK, _LAST = 0x20, 0x7E
"""Texts of bytes between these two have no blanks: each is its own canonical spelling, but for a ``.0`` at its end."""
_PLAIN = r"^(?:[!-~]|[!-~][ -~]*[!-~])$"
"""The same, and blanks that are not at an end."""


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """A column of text: ``codes`` (``int64[n]``) point into ``levels``, -1 where there is no value."""

    codes: np.ndarray
    levels: tuple[str, ...]

    def count(self) -> dict[str, int]:
        """Rows per level that occurs."""
        rows = np.bincount(self.codes + 1, minlength=len(self.levels) + 1)[1:]
        return {level: int(number) for level, number in zip(self.levels, rows.tolist(), strict=True) if number}


def read_arrow_numbers(column: pa.ChunkedArray) -> tuple[np.ndarray, int]:
    """As :func:`~churn_monitoring.tables.columns.read_numbers`: ``float64[n]``, and how many values are no number.

    >>> read_arrow_numbers(pa.chunked_array([["1", " 2.5", "x", None]]))
    (array([1. , 2.5, nan, nan]), 1)
    """
    kind = column.type
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _read_text_numbers(column)
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        numbers, unparseable = read_numbers(column.to_pandas())
        return numbers.to_numpy(float), unparseable
    values = column.cast(pa.float64(), safe=False).to_numpy()
    infinite = np.isinf(values)
    unparseable = int(np.count_nonzero(infinite))
    return (np.where(infinite, np.nan, values) if unparseable else values), unparseable


def read_arrow_codes(column: pa.ChunkedArray) -> Codes:
    """As :func:`~churn_monitoring.tables.columns.read_text`, as codes: every canonical spelling once.

    >>> found = read_arrow_codes(pa.chunked_array([["b", " a", None, "a "]]))
    >>> found.levels, found.codes.tolist()
    (('b', 'a'), [0, 1, -1, 1])
    """
    if not (pa.types.is_dictionary(column.type) or _has_dictionary(column.type)):
        codes, levels = pd.factorize(read_text(column.to_pandas()))
        return Codes(codes.astype(np.int64), tuple(map(str, levels)))
    return recode(*_encode(column))


def read_arrow_texts(column: pa.ChunkedArray) -> pa.Array:
    """As :func:`~churn_monitoring.tables.columns.read_text`, value by value: for ids, which hardly repeat.

    Python looks at those only that may be spelt otherwise.

    >>> read_arrow_texts(pa.chunked_array([["7", " 7", None, "7.0", " "]])).to_pylist()
    ['7', '7', None, '7', None]
    """
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)):
        return pa.array(read_text(column.to_pandas()), type=pa.string(), from_pandas=True)
    texts = _join(column.cast(pa.string()))
    odd = compute.match_substring(texts, ".0")
    if not _are_plain(texts):
        odd = compute.or_(odd, compute.invert(compute.match_substring_regex(texts, _PLAIN)))
    if not compute.any(odd).as_py():
        return texts
    odd = odd.fill_null(fill_value=False)
    spelt = [canonical_text(value) for value in texts.filter(odd).to_pylist()]
    return compute.replace_with_mask(texts, odd, pa.array(spelt, type=pa.string()))


def _are_plain(texts: pa.Array) -> bool:
    """Whether no text has a blank, is empty or is other than ASCII, by a look at all bytes at once."""
    if not len(texts) or compute.min(compute.binary_length(texts)).as_py() == 0:
        return False
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    content = np.frombuffer(texts.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[-1]]
    return content.size > 0 and bool(content.min() > _BLANK and content.max() <= _LAST)


def spell_codes(column: Codes) -> pa.Array:
    """The column as text again, each level held once."""
    indices = pa.array(column.codes, mask=column.codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(column.levels, type=pa.string()))


def recode(codes: np.ndarray, values: Sequence[Any]) -> Codes:
    """Codes of any values as codes of their canonical spellings, of which several may have the same, or none."""
    texts = [canonical_text(value) for value in values]
    levels = tuple(dict.fromkeys(text for text in texts if text is not None))
    if levels == tuple(texts):
        return Codes(codes, levels)
    place = {level: number for number, level in enumerate(levels)}
    # A missing value is coded -1, which takes the last entry.
    lookup = np.array([*(-1 if text is None else place[text] for text in texts), -1], dtype=np.int64)
    return Codes(lookup[codes], levels)


def _has_dictionary(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_boolean(kind)
    )


def _encode(column: pa.ChunkedArray) -> tuple[np.ndarray, list[Any]]:
    """Codes, -1 where null, and the distinct values."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    whole = _join(encoded.unify_dictionaries())
    return whole.indices.fill_null(-1).cast(pa.int64()).to_numpy(), whole.dictionary.to_pylist()


def _join(column: pa.ChunkedArray) -> pa.Array:
    """The chunks as one, of which there is none without rows."""
    return column.combine_chunks() if column.num_chunks else pa.array([], type=column.type)


def _read_text_numbers(column: pa.ChunkedArray) -> tuple[np.ndarray, int]:
    codes, distinct = _encode(column)
    values, _ = read_numbers(pd.Series([*distinct, None], dtype=object))
    unreadable = (
        np.array([*(canonical_text(value) is not None for value in distinct), False]) & values.isna().to_numpy()
    )
    return values.to_numpy(float)[codes], int(np.count_nonzero(unreadable[codes]))
