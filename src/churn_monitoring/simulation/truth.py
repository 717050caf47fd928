"""What the simulation knows and a monitor can only estimate: the best ROC-AUC any model could reach.

A simulated batch is judged by its own probabilities, not by its labels: the figure is exact and carries no
sampling noise of the outcome.
"""

import numpy as np

ROUNDING = 1e-12  # mass of pairs per row below which nothing but rounding is left


def measure_best_roc_auc(probabilities: np.ndarray) -> float | None:
    """Compute the expected ROC-AUC of the true probabilities as a score.

    Over all ordered pairs of different rows, the chance that the first is a churner and the second is not is
    ``p_i (1 - p_j)``; the ROC-AUC is the share of that mass where ``p_i > p_j``, ties counting half::

        AUC = sum_{i != j} p_i (1 - p_j) ([p_i > p_j] + [p_i = p_j] / 2)  /  sum_{i != j} p_i (1 - p_j)

    Args:
        probabilities: float64[n], the true P(y = churned | x) of each row.

    Returns:
        The ROC-AUC, or ``None`` where no pair of a churner and a stayer is possible.

    Examples:
        >>> measure_best_roc_auc(np.array([0.0, 1.0]))
        1.0
        >>> measure_best_roc_auc(np.array([0.3, 0.3, 0.3]))
        0.5
        >>> measure_best_roc_auc(np.array([0.3])) is None
        True
    """
    churned, stayed, alone = _sum_by_level(probabilities)
    pairs = churned.sum() * stayed.sum() - alone.sum()
    if pairs <= ROUNDING * len(probabilities):
        return None
    stayed_below = np.cumsum(stayed) - stayed
    ordered = churned @ stayed_below + (churned * stayed - alone).sum() / 2
    return float(min(ordered / pairs, 1.0))


def shift_prior(probabilities: np.ndarray, churn_rate: float) -> np.ndarray:
    """Move all log-odds by one constant until their mean is ``churn_rate``.

    That is what label shift does to P(y | x) when P(x | y) stays: the odds of every customer are multiplied
    by the same number. It is found by bisection.

    Args:
        probabilities: float64[n] in (0, 1).
        churn_rate: The mean wanted, in (0, 1).

    Returns:
        float64[n] in (0, 1), ranked as before.

    Examples:
        >>> shift_prior(np.array([0.2, 0.2]), 0.5).round(6).tolist()
        [0.5, 0.5]
    """
    odds = probabilities / (1 - probabilities)
    low, high = -30.0, 30.0
    for _ in range(80):
        middle = (low + high) / 2
        moved = odds * np.exp(middle)
        low, high = (middle, high) if np.mean(moved / (1 + moved)) < churn_rate else (low, middle)
    moved = odds * np.exp((low + high) / 2)
    return np.asarray(moved / (1 + moved))


def _sum_by_level(probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums of p, 1 - p and p (1 - p) over the rows of each distinct p, ascending."""
    _, level = np.unique(probabilities, return_inverse=True)
    stayers = 1 - probabilities
    weights = (probabilities, stayers, probabilities * stayers)
    churned, stayed, alone = (np.bincount(level, weights=weight) for weight in weights)
    return churned, stayed, alone
