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
    for column in segments:
        if column not in rows.columns:
            continue
        for level, positions in _find_levels(rows[column]).items():
            performance = measure_performance(
                labels[positions], scores[positions], probabilities[positions], threshold, options
            )
            if performance is not None:
                found[f"{column} = {level}"] = performance
    return found


def _find_levels(values: pd.Series) -> dict[str, np.ndarray]:
    """Positions of every level, in the order of their names."""
    codes, levels = pd.factorize(values, sort=True)
    return {str(level): np.flatnonzero(codes == code) for code, level in enumerate(levels)}
