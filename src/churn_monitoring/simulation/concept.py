"""P(y | x) of a replayed table, turned within a region of customers; nothing else is known of the table.

    every feature ─ measure_score ──── how much like a churner each row looks, all features together ─┐
    one column ──── region ─────────── the customers for whom the concept turns ──────────────────────┴ mirror_labels

Within the region the customer least like a churner gets the label of the one most like a churner, and so on.
The labels then follow the same score in the other direction, which a retrained model can learn about as well
as the old concept; P(x) stays as it is, and the churn rate of the region too, exactly.
"""

import numpy as np
import pandas as pd

from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.dependence import code_values

BINS = 10  # of a number, equally filled: fine enough for a bend, coarse enough for a few hundred churners
SMOOTHING = 10.0  # rows at the overall churn rate that every bin or level is thought to have besides its own


def measure_score(known: KnownTable) -> np.ndarray:
    """Add up what every feature alone says about leaving, in the manner of naive Bayes.

    With ``c`` churners and ``s`` stayers in the row's bin or level of a feature, and ``r`` the overall rate::

        score = sum over features of log((c + 10 r) / (s + 10 (1 - r)))

    A missing value is a bin or level of its own; rows of unknown label are scored, but not counted.

    Args:
        known: The labelled table.

    Returns:
        float64[n], one score for each row of the table; higher is more like a churner.
    """
    labels = known.labels.to_numpy()
    churned, stayed = labels == 1, labels == 0
    rate = float(np.nanmean(labels))
    score = np.zeros(len(labels))
    for column in known.schema.features:
        cell = code_values(known, column, BINS)
        left, kept = (np.bincount(cell, weights=outcome)[cell] for outcome in (churned, stayed))
        score += np.log((left + SMOOTHING * rate) / (kept + SMOOTHING * (1 - rate)))
    return score


def mirror_labels(rng: np.random.Generator, labels: pd.Series, score: np.ndarray, region: np.ndarray) -> pd.Series:
    """Let the rows of ``region`` exchange labels with their mirror image along ``score``.

    Of the region's n rows, that of rank r takes the label of that of rank n - 1 - r, ties in random order.

    Args:
        rng: Breaks the ties.
        labels: Of the rows, as they are spelt; they are left as they are.
        score: float64[n] that orders the rows.
        region: bool[n], the rows concerned.
    """
    inside = np.flatnonzero(region)
    order = inside[np.lexsort((rng.random(len(inside)), score[inside]))]
    giver = np.arange(len(labels))
    giver[order] = order[::-1]
    return pd.Series(labels.array.take(giver), index=labels.index, name=labels.name)
