"""The metrics an estimate without labels is made of, on many sets of drawn labels at once.

    float64[draws, n] labels ─ realize_metrics ─ float64[draws, 6], in the order of METRICS

The definitions are those of :mod:`churn_monitoring.performance.metrics`.
"""

import numpy as np

from churn_monitoring.performance.ranking import midranks

METRICS = ("roc_auc", "average_precision", "accuracy", "precision", "recall", "f1")


def realize_metrics(labels: np.ndarray, scores: np.ndarray, flagged: np.ndarray) -> np.ndarray:
    """Value of every metric on each set of labels; the two rankings are one half and 0 without a pair.

    Args:
        labels: ``float64[draws, n]`` of 0 and 1.
        scores: ``[n]`` that rank.
        flagged: ``bool[n]``.
    """
    positives, rows = labels.sum(axis=1), labels.shape[1]
    pairs = positives * (rows - positives)
    outranked = labels @ midranks(scores) - positives * (positives + 1.0) / 2.0
    found, contacted = labels @ flagged, int(flagged.sum())
    return np.column_stack(
        [
            np.where(pairs > 0.0, outranked / np.maximum(pairs, 1.0), 0.5),
            _realize_average_precision(labels, scores) / np.maximum(positives, 1.0),
            (rows - contacted - positives + 2.0 * found) / max(rows, 1),
            found / max(contacted, 1),
            found / np.maximum(positives, 1.0),
            2.0 * found / np.maximum(contacted + positives, 1.0),
        ]
    )


def rank_down(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions from the highest score down, and where in that order each distinct score ends."""
    order = np.argsort(-scores, kind="stable")
    return order, np.flatnonzero(np.diff(scores[order], append=-np.inf))


def _realize_average_precision(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Positives gained at each distinct score times the precision there, summed."""
    order, ends = rank_down(scores)
    found = np.cumsum(labels[:, order], axis=1)[:, ends]
    gained = np.diff(found, axis=1, prepend=0.0)
    return np.asarray((gained * found) @ (1.0 / (ends + 1.0)))
