"""Population stability index: the measure credit risk teams know; reported, never deciding."""

from dataclasses import dataclass

import numpy as np

from churn_monitoring.drift.cells import count_cells
from churn_monitoring.profiling import CategoryProfile, NumericProfile


@dataclass(frozen=True, slots=True)
class PopulationStability:
    """The index, and about what it is on average when nothing has changed."""

    value: float
    expected_without_drift: float


def compare_population_stability(
    reference: NumericProfile | CategoryProfile,
    batch: NumericProfile | CategoryProfile,
    *,
    bins: int = 10,
    rare_level_share: float = 0.0,
) -> PopulationStability:
    """Measure how the shares of a few cells have moved.

    With shares p and q of the cells, ``PSI = sum (p - q) ln(p / q)``, the symmetrized Kullback-Leibler
    divergence. Half a count is added to every cell, which keeps empty ones finite. Without any change its
    mean is about ``(cells - 1) (1/n + 1/m)``: compare it with that. The customary limits of 0.1 and 0.25
    mean different things at different sizes.

    Args:
        reference: Chooses the cells.
        batch: A column of the same kind, on the same grid.
        bins: Quantile bins of a number, at least 2.
        rare_level_share: Levels below this share of the reference are pooled.

    Returns:
        Both 0 where either side is empty.

    References:
        B. Yurdakul and J. Naranjo, "Statistical properties of the population stability index", Journal of
        Risk Model Validation 14 (2020) 89-100.

    Examples:
        >>> reference = CategoryProfile({"month": 500, "year": 500}, missing=0)
        >>> batch = CategoryProfile({"month": 800, "year": 200}, missing=0)
        >>> result = compare_population_stability(reference, batch)
        >>> round(result.value, 3), result.expected_without_drift
        (0.415, 0.002)
    """
    if not reference.count or not batch.count:
        return PopulationStability(0.0, 0.0)
    counts = count_cells(reference, batch, bins=bins, rare_level_share=rare_level_share) + 0.5
    shares = counts / counts.sum(axis=1, keepdims=True)
    value = float(((shares[0] - shares[1]) * np.log(shares[0] / shares[1])).sum())
    sampling = 1 / reference.count + 1 / batch.count
    return PopulationStability(max(0.0, value), (counts.shape[1] - 1) * sampling)
