"""How a feature's move bears on performance: what the champion's known mistakes cost when only this mix changes.

Needs no label of the batch. It is what one feature's own move would do to the mean squared error of the probabilities;
moves of features that hang together share what they do, so that the numbers of several do not add up.
"""

import numpy as np
from numpy.typing import NDArray

PRIOR_ROWS = 50.0
"""Rows of average mistakes that every bin is given beside its own: a bin of three rows says little."""


def measure_mix_effect(
    bins: NDArray[np.int64],
    squared_errors: NDArray[np.float64],
    reference: NDArray[np.float64],
    batch: NDArray[np.float64],
) -> float:
    """Change of the Brier score to expect if only the mix of this feature had changed.

    The sum over bins of (share in the batch - share in the reference) times the mean squared error that the champion
    made there on the reference. Above 0: customers moved to where the champion is less sure.

    Args:
        bins: bin of each reference row, shape ``(n,)``; -1 for a row in none of them.
        squared_errors: ``(label - probability)²`` of the same rows, shape ``(n,)``.
        reference: share of the reference in each bin, shape ``(k,)``.
        batch: share of the batch in each bin, shape ``(k,)``.

    Returns:
        The difference in units of the Brier score; 0 where no row of the reference is known.

    Examples:
        >>> errors = np.array([0.04] * 500 + [0.25] * 500)
        >>> halves = np.repeat([0, 1], 500)
        >>> round(measure_mix_effect(halves, errors, np.array([0.5, 0.5]), np.array([0.3, 0.7])), 3)
        0.038
    """
    if not squared_errors.size:
        return 0.0
    placed = bins >= 0
    rows = np.bincount(bins[placed], minlength=reference.size)
    sums = np.bincount(bins[placed], weights=squared_errors[placed], minlength=reference.size)
    means = (sums + PRIOR_ROWS * squared_errors.mean()) / (rows + PRIOR_ROWS)
    return float((batch - reference) @ means)
