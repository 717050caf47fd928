"""How much the features of a table say about each other, whatever they are: Cramer's V of their levels or fifths.

Faults that keep every column as it is and break only how columns hang together (a category permuted, columns
joined from other customers) matter most in the column that the others say most about.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.tables.columns import read_text

FIFTHS = 5  # of a number, equally filled


def measure_cramers_v(one: np.ndarray, other: np.ndarray) -> float:
    """Compute Cramer's V of two columns of codes, 0 (independent) to 1 (one tells the other).

    With the chi-square of the table of both, over n rows, with r and c levels::

        V = sqrt(chi2 / (n * (min(r, c) - 1)))

    Args:
        one: int[n] codes from 0, all in use.
        other: int[n] codes from 0, all in use.

    Returns:
        V without correction for bias; 0 where a column is constant.

    Examples:
        >>> measure_cramers_v(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
        1.0
        >>> measure_cramers_v(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
        0.0
    """
    rows, columns = (int(codes.max(initial=0)) + 1 for codes in (one, other))
    if min(rows, columns) < 2:
        return 0.0
    counts = np.bincount(one * columns + other, minlength=rows * columns).reshape(rows, columns)
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / len(one)
    chi_square = ((counts - expected) ** 2 / expected).sum()
    return float(np.sqrt(chi_square / (len(one) * (min(rows, columns) - 1))))


def find_most_explained(known: KnownTable, choices: Sequence[str]) -> str:
    """Find the feature that some other feature says most about; the first of equals.

    Args:
        known: The table in which it is measured.
        choices: Features among which the column is wanted, at least one; all features may be the other.
    """
    codes = {name: code_values(known, name) for name in known.schema.features}
    strength = {
        name: max((measure_cramers_v(codes[name], codes[other]) for other in codes if other != name), default=0.0)
        for name in choices
    }
    return max(choices, key=lambda name: strength[name])


def count_levels(known: KnownTable, column: str) -> int:
    """How many different values a category has, missing not among them."""
    return int(read_text(known.rows[column]).nunique())


def code_values(known: KnownTable, column: str, bins: int = FIFTHS) -> np.ndarray:
    """int64[n] codes: the bin of equally many rows a number is in, or the level of a category; missing is one too."""
    if column not in known.schema.numeric:
        return pd.factorize(read_text(known.rows[column]), use_na_sentinel=False)[0]
    ranks = known.read_numbers(column).rank(pct=True).to_numpy()
    return pd.factorize(np.ceil(bins * ranks), use_na_sentinel=False)[0]
