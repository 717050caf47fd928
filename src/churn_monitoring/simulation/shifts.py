"""Covariate shift and label shift: the same business, other customers in the delivery.

Both choose the batch among more rows than it needs. A choice by x leaves P(y | x) as it is, a choice by y
leaves P(x | y) as it is, which is what the two words mean. A season is a covariate shift that comes and goes.
Several shifts in one week multiply their weights.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from churn_monitoring.core.options import Change
from churn_monitoring.simulation.association import KnownTable

ROWS_PER_CHOSEN = 2  # a shifted batch is chosen among this many times its rows, in the world and in a table alike
COVARIATE_LOG_WEIGHT = 3.0  # highest against middle rank at strength 1: weight e^3, and e^-3 for the lowest
LABEL_EXTRA_WEIGHT = 5.0  # a churner at strength 1 weighs 1 + 5 stayers: about 26 % churn become about half


def weigh_rows(rows: pd.DataFrame, churned: np.ndarray, shifts: Sequence[Change], known: KnownTable) -> np.ndarray:
    """Compute how readily each row is chosen under ``shifts``.

    Args:
        rows: The raw rows to choose from.
        churned: float64[n] of 1, 0 and NaN (unknown, weighs like a stayer).
        shifts: Completed changes of the kinds covariate_shift, season and label_shift.
        known: Orders the values of the columns.

    Returns:
        float64[n], the logarithm of each row's weight.
    """
    log_weights = np.zeros(len(rows))
    for change in shifts:
        if change.kind == "label_shift":
            log_weights += np.log1p(LABEL_EXTRA_WEIGHT * change.strength) * (churned == 1)
        elif change.column is not None:
            ranks = pd.Series(known.measure_position(rows, change.column)).rank(pct=True).to_numpy()
            log_weights += COVARIATE_LOG_WEIGHT * change.strength * (2 * ranks - 1)
    return log_weights


def choose_rows(rng: np.random.Generator, log_weights: np.ndarray, count: int) -> np.ndarray:
    """Draw ``count`` different rows, each draw proportional to the weights of those left.

    The rows with the largest ``log weight + Gumbel noise`` are such a sample (Efraimidis & Spirakis 2006).

    Returns:
        int64[count], ascending positions.
    """
    keys = log_weights + rng.gumbel(size=len(log_weights))
    return np.sort(np.argsort(keys, kind="stable")[::-1][:count])
