"""Do the values of a batch belong to its customers? Those who were in the batch before can tell.

    accepted batch before, batch ─ measure_agreement ─ Agreement per column ─ check_returning

It sees what no look at one batch can: a column independent of all others that was permuted, or joined from
other customers.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from churn_monitoring.core.options import TableSchema
from churn_monitoring.profiling import TableProfile

LEAST_CUSTOMERS = 4  # with fewer the standard error of a correlation has no meaning


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well the values of one column stay with their customers from one batch to another.

    Attributes:
        value: 1 where all do, 0 where they are as good as drawn anew.
        error: Its standard error.
        customers: Customers with a value in both batches.
    """

    value: float
    error: float
    customers: int


def measure_agreement(
    earlier: pd.DataFrame, rows: pd.DataFrame, schema: TableSchema, reference: TableProfile
) -> dict[str, Agreement]:
    """Measure per column how well values persist among the customers of two batches.

    Numbers by Spearman's rank correlation, which a price rise for all leaves at 1. Categories by Cohen's kappa,
    ``(p_o - p_e) / (1 - p_e)``, with the share ``p_o`` of customers who have the same level in both batches and
    the share ``p_e`` that would if they were shuffled: the bare share of a flag that is rarely set is near 1
    even for the values of other customers.

    Args:
        earlier: Coerced rows of the earlier batch, with the id; not changed.
        rows: Coerced rows of the later batch, with the id; not changed. Of several rows of one customer the last
            counts, in both; rows without an id do not.
        schema: Names the id.
        reference: Gives the columns that are compared.

    Returns:
        An agreement for every column of both tables that is not constant among the customers of both.

    References:
        D. G. Bonett and T. A. Wright, "Sample size requirements for estimating Pearson, Kendall and Spearman
        correlations", Psychometrika 65 (2000) 23-28. J. Cohen, "A coefficient of agreement for nominal scales",
        Educational and Psychological Measurement 20 (1960) 37-46.
    """
    then, now = _match_customers(earlier[schema.id], rows[schema.id])
    agreement = {}
    for name in (*reference.numeric, *reference.categorical):
        if name in earlier.columns and name in rows.columns:
            compare = _correlate if name in reference.numeric else _count_same
            found = compare(earlier[name].array.take(then), rows[name].array.take(now))
            if found is not None:
                agreement[name] = found
    return agreement


def _match_customers(earlier: pd.Series, rows: pd.Series) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions of the customers of both tables, in the same order; the last row of each."""
    codes, known = pd.factorize(pd.concat([earlier, rows], ignore_index=True))
    last = np.full((2, len(known)), -1, dtype=np.intp)
    for side, found in enumerate(np.split(codes, [len(earlier)])):
        named = np.flatnonzero(found >= 0)
        last[side, found[named]] = named  # of several assignments to one place the last one stays
    both = (last >= 0).all(axis=0)
    return last[0, both], last[1, both]


def _correlate(before: ExtensionArray, now: ExtensionArray) -> Agreement | None:
    """Spearman's correlation r, with Bonett and Wright's standard error of its z-transform, brought back to r."""
    pair = np.array([np.asarray(before, dtype=np.float64), np.asarray(now, dtype=np.float64)])
    first, second = pair[:, ~np.isnan(pair).any(axis=0)]
    if first.size < LEAST_CUSTOMERS or np.ptp(first) == 0.0 or np.ptp(second) == 0.0:
        return None
    r = float(np.clip(np.corrcoef(_rank(first), _rank(second))[0, 1], -1.0, 1.0))
    return Agreement(r, (1 - r * r) * math.sqrt((1 + r * r / 2) / (first.size - 3)), first.size)


def _rank(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(sizes) - (sizes - 1) / 2.0)[group]
    return ranks


def _count_same(before: ExtensionArray, now: ExtensionArray) -> Agreement | None:
    """Cohen's kappa with his standard error, ``sqrt(p_o (1 - p_o) / n) / (1 - p_e)``."""
    codes, levels = pd.factorize(pd.concat([pd.Series(before), pd.Series(now)]))
    pair = codes.reshape(2, -1)
    first, second = pair[:, (pair >= 0).all(axis=0)]
    if first.size < LEAST_CUSTOMERS or len(levels) < 2:
        return None
    chance = float(_shares(first, len(levels)) @ _shares(second, len(levels)))
    if chance == 1.0:
        return None
    same = float((first == second).mean())
    error = math.sqrt(same * (1 - same) / first.size) / (1 - chance)
    return Agreement((same - chance) / (1 - chance), error, first.size)


def _shares(codes: NDArray[np.int64], levels: int) -> NDArray[np.float64]:
    return np.bincount(codes, minlength=levels) / codes.size
