"""Weights with which the reference looks like the batch: a changed mix must not pass for a changed concept.

reference rows, batch rows ─ parts of every feature ─ "is it of the batch?" ─ odds = density ratio
"""

import numpy as np
import pandas as pd

from churn_monitoring.core.options import TableSchema
from churn_monitoring.performance.logistic import fit_logistic
from churn_monitoring.performance.parts import cut_parts

# No reference row may speak for more than this many: a few would decide everything.
LARGEST_WEIGHT = 20.0
# None counts for nothing, so that both classes stay present.
LEAST_WEIGHT = 1e-3
# Penalty per part, in rows: a part with fewer rows than that is hardly reweighted.
RIDGE = 5.0
# Levels of a category beyond which the rarest keep the weight that the other features give.
MOST_PARTS = 30
# Rounds of capping, each of which lowers the mean that the cap refers to.
MOST_PASSES = 100
# Rows of either side that are enough for a hundred coefficients.
MOST_ROWS = 5000


def fit_density_ratio(
    reference_rows: pd.DataFrame, batch_rows: pd.DataFrame, schema: TableSchema, bins: int = 5
) -> np.ndarray:
    """Weight of every reference row, ``float64[n]`` with mean 1: how much likelier it is in the batch.

    Logistic regression, with a ridge, of "is of the batch" on the parts of all features; its odds are the
    density ratio up to a constant (Bickel, Brückner & Scheffer 2009). Interactions of features are not
    followed, and where the batch has rows like none of the reference no weight can help. Weights are kept
    between a thousandth and 20 times their mean. All are 1 where there is no feature or either table is empty.
    Of more than 5,000 rows of a side as many are fitted, evenly spread over it.

    Args:
        reference_rows: coerced rows, numbers float64 and categories text.
        batch_rows: coerced rows; unseen levels and missing values are parts of their own.
        schema: which columns are numbers and which categories.
        bins: slices of a number.
    """
    if not len(reference_rows) or not len(batch_rows):
        return np.ones(len(reference_rows))
    design = _build_design(reference_rows, batch_rows, schema, bins)
    sizes = (len(reference_rows), len(batch_rows))
    fitted = np.concatenate([_spread_out(sizes[0]), sizes[0] + _spread_out(sizes[1])])
    in_batch = (fitted >= sizes[0]).astype(float)
    ridge = np.append(0.0, np.full(design.shape[1] - 1, RIDGE))
    coefficients = fit_logistic(design[fitted], in_batch, ridge=ridge).coefficients
    logits = design[: sizes[0]] @ coefficients
    return _cap(np.exp(logits - logits.max()))


def measure_effective_rows(weights: np.ndarray) -> float:
    """How many equally weighted rows vary as much as these: ``(sum w)² / sum w²`` (Kish 1965), 0 without rows.

    >>> measure_effective_rows(np.array([1.0, 1.0, 0.0, 0.0]))
    2.0
    """
    return float(weights.sum()) ** 2 / float(weights @ weights) if weights.any() else 0.0


def _build_design(reference_rows: pd.DataFrame, batch_rows: pd.DataFrame, schema: TableSchema, bins: int) -> np.ndarray:
    """``[n + m, 1 + parts]``: ones, then an indicator per part that is neither empty nor everything."""
    rows = len(reference_rows) + len(batch_rows)
    columns = [np.ones((1, rows))]
    for cut in cut_parts(reference_rows, batch_rows, schema, bins):
        sizes = np.add(*cut.count())
        largest = np.argsort(-sizes, kind="stable")[:MOST_PARTS]
        chosen = largest[(sizes[largest] > 0) & (sizes[largest] < rows)]
        columns.append(np.hstack(cut.indicate(chosen)))
    return np.vstack(columns).T


def _spread_out(rows: int) -> np.ndarray:
    """At most 5,000 positions, first and last included, evenly apart."""
    return np.linspace(0, rows - 1, min(rows, MOST_ROWS)).round().astype(np.intp)


def _cap(weights: np.ndarray) -> np.ndarray:
    """Mean 1 and none above the largest; what is capped is made up for by the others, as far as they can."""
    for _ in range(MOST_PASSES):
        weights = np.maximum(weights / weights.mean(), LEAST_WEIGHT)
        if weights.max() <= LARGEST_WEIGHT * (1.0 + 1e-6):
            break
        weights = np.minimum(weights, LARGEST_WEIGHT)
    return np.asarray(weights / weights.mean(), dtype=float)
