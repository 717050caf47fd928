"""Realized performance of the levels of chosen categories: good on the whole may be bad for some."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from churn_monitoring.core.options import PerformanceOptions
from churn_monitoring.core.records import Performance
from churn_monitoring.performance.metrics import measure_performance


def measure_segments(
    labels: np.ndarray,
    scores: np.ndarray,
    probabilities: np.ndarray,
    threshold: float,
    rows: pd.DataFrame,
    segments: Sequence[str],
    options: PerformanceOptions,
) -> dict[str, Performance]:
    """Performance of every level with enough rows, by ``"column = level"``.

    Args:
        labels: ``[n]`` of 0 and 1.
        scores: ``[n]`` that rank.
        probabilities: ``[n]`` in [0, 1], calibrated.
        threshold: the champion's operating threshold on the probability.
        rows: ``n`` coerced rows in the same order.
        segments: columns of ``rows`` whose levels are looked at; one that is not there is left out. Rows
            without a value belong to no level.
        options: rows of each class that a level needs, and the confidence.
    """
    found: dict[str, Performance] = {}
    for name, inside in mark_segments(rows, segments).items():
        performance = measure_performance(labels[inside], scores[inside], probabilities[inside], threshold, options)
        if performance is not None:
            found[name] = performance
    return found


def mark_segments(rows: pd.DataFrame, segments: Sequence[str]) -> dict[str, np.ndarray]:
    """``bool[n]``, which rows are in it, of every level of every column, by ``"column = level"`` in the order of names.

    >>> mark_segments(pd.DataFrame({"plan": ["b", "a", None]}), ["plan", "absent"])["plan = b"].tolist()
    [True, False, False]
    """
    marked: dict[str, np.ndarray] = {}
    for column in segments:
        if column not in rows.columns:
            continue
        codes, levels = pd.factorize(rows[column], sort=True)
        marked |= {f"{column} = {level}": codes == code for code, level in enumerate(levels)}
    return marked
