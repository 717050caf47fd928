"""Can a model tell the batch from the reference? Supporting evidence of drift in many columns at once.

    reference rows, batch rows ─ seeded samples ─ small forest in two folds ─┬─ ROC-AUC, 0.5 = alike
                                                                             └─ features it told them by

It never decides: it sees that something changed, not whether that matters, and cannot tell a shift from a
fault. It is here and not with the drift statistics because it needs DeLong's interval of a ranking.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.records import Estimate
from churn_monitoring.performance.ranking import measure_roc_auc

# Rows of either side below which a forest has nothing to learn from.
LEAST_ROWS = 40
SHOWN_FEATURES = 5
TREES = 25
# Leaves of at least this many rows: deeper trees learn the rows by heart and rank others no better.
LEAF_ROWS = 10
DEPTH = 6


@dataclass(frozen=True, slots=True)
class DomainDrift:
    """How well the two sides are told apart.

    Attributes:
        roc_auc: out-of-fold, 0.5 where they are alike, with a DeLong interval.
        strongest: up to five features and their share of the forest's importance, largest first; where the
            ROC-AUC is near 0.5 they mean nothing.
        rows: rows of both samples together.
    """

    roc_auc: Estimate
    strongest: tuple[tuple[str, float], ...]
    rows: int


def measure_domain(
    reference_rows: pd.DataFrame,
    batch_rows: pd.DataFrame,
    schema: TableSchema,
    rows: int,
    seed: int,
    confidence: float = 0.95,
) -> DomainDrift | None:
    """ROC-AUC of a small forest that separates batch from reference, every row scored by the half without it.

    Args:
        reference_rows: coerced rows, numbers float64 and categories text.
        batch_rows: coerced rows.
        schema: which columns are numbers and which categories; columns that a side lacks are left out.
        rows: most rows of each side; samples are drawn without replacement.
        seed: of samples, folds and forest.
        confidence: of the interval.

    Returns:
        None with fewer than 40 rows on a side (so with ``rows`` 0: switched off), or without a common feature.
    """
    features = [name for name in schema.features if name in reference_rows.columns and name in batch_rows.columns]
    sizes = [min(len(side), rows) for side in (reference_rows, batch_rows)]
    if not features or min(sizes) < LEAST_ROWS:
        return None
    generator = np.random.default_rng(seed)
    sides = (reference_rows, batch_rows)
    drawn = [
        side[features].iloc[generator.permutation(len(side))[:size]] for side, size in zip(sides, sizes, strict=True)
    ]
    table = _encode(pd.concat(drawn, ignore_index=True), schema)
    in_batch = np.repeat([0.0, 1.0], sizes)
    scores, importance = _cross_score(table, in_batch, seed)
    strongest = np.argsort(-importance, kind="stable")[:SHOWN_FEATURES]
    return DomainDrift(
        measure_roc_auc(in_batch, scores, confidence),
        tuple((features[place], float(importance[place])) for place in strongest if importance[place] > 0.0),
        sum(sizes),
    )


def _encode(rows: pd.DataFrame, schema: TableSchema) -> np.ndarray:
    """``float64[n, features]``: categories as numbers of their levels, missing below everything else."""
    columns = []
    for name in rows.columns:
        if name in schema.numeric:
            values = rows[name].to_numpy(float)
            known = values[np.isfinite(values)]
            missing = np.nextafter(known.min(), -np.inf) if known.size else 0.0
            columns.append(np.where(np.isfinite(values), values, missing))
        else:
            columns.append(pd.factorize(rows[name], sort=True)[0].astype(float))
    return np.column_stack(columns)


def _cross_score(table: np.ndarray, labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of every row by a forest fitted on the other half, and the mean shares of importance.

    The rows of each side are in random order, so that every second one is a fair half of either.
    """
    from sklearn.ensemble import RandomForestClassifier

    half = np.arange(labels.size) % 2 == 0
    scores, importance = np.empty(labels.size), np.zeros(table.shape[1])
    for fold, left_out in enumerate((half, ~half)):
        forest = RandomForestClassifier(
            n_estimators=TREES,
            max_depth=DEPTH,
            min_samples_leaf=LEAF_ROWS,
            class_weight="balanced",
            random_state=seed + fold,
            n_jobs=1,
        ).fit(table[~left_out], labels[~left_out])
        scores[left_out] = forest.predict_proba(table[left_out])[:, 1]
        importance += forest.feature_importances_ / 2.0
    return scores, importance
