"""A score for every row from a model that has never seen its customer.

Scores of a model on its own training rows are far too good (a default random forest: ROC-AUC 1.00 where the
truth is 0.83); out-of-fold scores can join held-out ones in a reference or choose between candidates.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from churn_monitoring.learning.customers import assign_folds, number_customers
from churn_monitoring.learning.prepare import fit_candidate, score_rows


def cross_fit_scores(
    build: Callable[[], Pipeline],
    rows: pd.DataFrame,
    labels: np.ndarray,
    weights: np.ndarray | None,
    groups: pd.Series | np.ndarray,
    folds: int,
    seed: int,
) -> np.ndarray:
    """float64[n]: each row scored by a candidate fitted on the folds its customer is not in.

    Args:
        build: gives an unfitted candidate, the same each time.
        rows: raw or coerced rows.
        labels: float64[n] of 1.0 and 0.0.
        weights: float64[n] in training, or ``None``; scoring knows no weights.
        groups: customer id per row; rows of one customer share a fold, a row without id has its own.
        folds: at least 2.
        seed: of the folds.

    Raises:
        DataError: labels are missing, or fewer than two customers of either outcome are there.
    """
    outcomes = np.asarray(labels, dtype=np.float64)
    customers = number_customers(pd.Series(np.asarray(groups)))
    fold = assign_folds(outcomes, customers, folds, seed)
    scores = np.empty(len(outcomes))
    for held_out in np.unique(fold):
        inside, outside = np.flatnonzero(fold == held_out), np.flatnonzero(fold != held_out)
        part_weights = None if weights is None else np.asarray(weights)[outside]
        fitted = fit_candidate(build(), rows.iloc[outside], outcomes[outside], part_weights)
        scores[inside] = score_rows(fitted, rows.iloc[inside])
    return scores
