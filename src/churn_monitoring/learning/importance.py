"""What the champion's ranking rests on: how much ROC-AUC is lost when a feature says nothing."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from churn_monitoring.performance.ranking import delong_components

MAX_ROWS = 1_000


def measure_importance(
    score: Callable[[pd.DataFrame], np.ndarray],
    rows: pd.DataFrame,
    labels: np.ndarray,
    columns: tuple[str, ...],
    seed: int,
) -> dict[str, float]:
    """Permutation importance on held-out rows (Breiman 2001, for ROC-AUC), as shares that sum to 1.

    Args:
        score: the model's scores of rows, ``float64[n]``.
        rows: held-out rows, of which a seeded sample of at most 1,000 is used.
        labels: ``float64[n]`` of 0.0 and 1.0, both present.
        columns: the features to permute, one at a time.
        seed: of sample and permutations.

    Returns:
        The ROC-AUC lost per feature, nothing below 0, over the sum; all 0 where nothing is lost.
    """
    generator = np.random.default_rng(seed)
    chosen = np.sort(generator.permutation(len(rows))[:MAX_ROWS])
    sample, outcomes = rows.iloc[chosen].reset_index(drop=True), labels[chosen]
    if not 0 < outcomes.sum() < len(outcomes):
        return dict.fromkeys(columns, 0.0)
    whole = delong_components(outcomes, score(sample)).roc_auc
    lost: dict[str, float] = {}
    for column in columns:
        shuffled = sample[column].take(generator.permutation(len(sample))).reset_index(drop=True)
        lost[column] = max(whole - delong_components(outcomes, score(sample.assign(**{column: shuffled}))).roc_auc, 0.0)
    total = sum(lost.values())
    return {column: value / total if total else 0.0 for column, value in lost.items()}
