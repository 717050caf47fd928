"""What the champion's ranking rests on: how much ROC-AUC is lost when a feature says nothing.

    held-out rows ─ one matrix ─ a column of it shuffled, scored, put back ─ ROC-AUC lost ─ shares

The matrix is made once. Only what the model looks at is shuffled: nothing else can cost it anything, and of 2,000
columns a boosted ensemble of shallow trees looks at a part.
"""

from collections.abc import Collection
from typing import Protocol

import numpy as np
import pandas as pd

from churn_monitoring.performance.ranking import delong_components

MAX_ROWS = 1_000


class MatrixModel(Protocol):
    """What this needs of a model: :class:`~churn_monitoring.learning.scorer.Scorer` has it."""

    @property
    def features(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def used(self) -> Collection[str]: ...  # noqa: D102
    def read_matrix(self, rows: pd.DataFrame) -> np.ndarray: ...  # noqa: D102
    def score_matrix(self, matrix: np.ndarray) -> np.ndarray: ...  # noqa: D102


def measure_importance(model: MatrixModel, rows: pd.DataFrame, labels: np.ndarray, seed: int) -> dict[str, float]:
    """Permutation importance on held-out rows (Breiman 2001, for ROC-AUC), as shares that sum to 1.

    Args:
        model: reads rows as a matrix with a column per feature, and scores such a matrix.
        rows: held-out rows, of which a seeded sample of at most 1,000 is used.
        labels: ``float64[n]`` of 0.0 and 1.0, both present.
        seed: of sample and permutations.

    Returns:
        The ROC-AUC lost per feature, nothing below 0, over the sum; all 0 where nothing is lost.
    """
    generator = np.random.default_rng(seed)
    chosen = np.sort(generator.permutation(len(rows))[:MAX_ROWS])
    outcomes = labels[chosen]
    if not 0 < outcomes.sum() < len(outcomes):
        return dict.fromkeys(model.features, 0.0)
    matrix = model.read_matrix(rows.iloc[chosen])
    whole = delong_components(outcomes, model.score_matrix(matrix)).roc_auc
    lost: dict[str, float] = {}
    for place, feature in enumerate(model.features):
        order = generator.permutation(len(matrix))  # drawn for every feature: shares do not depend on which are used
        lost[feature] = 0.0
        if feature in model.used:
            kept = matrix[:, place].copy()
            matrix[:, place] = kept[order]
            lost[feature] = max(whole - delong_components(outcomes, model.score_matrix(matrix)).roc_auc, 0.0)
            matrix[:, place] = kept
    total = sum(lost.values())
    return {feature: value / total if total else 0.0 for feature, value in lost.items()}
