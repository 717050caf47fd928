"""How surprising values are to a model that may be wrong about how common they are, but not about the rest.

    probabilities ─ balance_margin (classes as common as they are here) ─ measure_surprise (nats per row)

Of a right model the surprise is zero on average, whatever the mix of the rows; a joint distribution that has
come apart makes it positive.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_STEPS = 30
MAX_HALVINGS = 12
TOLERANCE = 1e-4  # largest difference of a class's mean probability from its share at which Newton stops
SINGULAR = 1e-10  # directions with less curvature, relative to the steepest, are left where they are


def balance_margin(probabilities: NDArray[np.float64], classes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Multiply each class by one factor in all rows, so that its mean probability is its share of ``classes``.

    ``q_ik = p_ik w_k / sum_l p_il w_l`` with ``mean_i q_ik = share_k``: what label shift does to a posterior.
    The factors maximize the likelihood of ``classes`` (a model of intercepts with offset ``log p``), which is
    concave; Newton's method with halved steps finds them.

    Args:
        probabilities: float64[n, k], positive, rows of sum 1; not changed.
        classes: int64[n] in 0 … k - 1.

    Returns:
        float64[n, k], rows of sum 1; a class that no row has gets probability 0.

    Examples:
        >>> balanced = balance_margin(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([1, 0]))
        >>> balanced.mean(axis=0).round(3)
        array([0.5, 0.5])
    """
    share = np.bincount(classes, minlength=probabilities.shape[1]) / classes.size
    present = np.flatnonzero(share)
    shares, logs = share[present], np.log(probabilities[:, present])
    factors = np.log(shares / np.exp(logs).mean(axis=0))
    balanced, reached = _weigh(logs, factors, shares)
    for _ in range(MAX_STEPS):
        gap = shares - balanced.mean(axis=0)
        if np.abs(gap).max() < TOLERANCE:
            break
        curvature = np.diag(balanced.mean(axis=0)) - balanced.T @ balanced / classes.size
        step = np.linalg.lstsq(curvature, gap, rcond=SINGULAR)[0]
        for halving in range(MAX_HALVINGS):
            proposed = factors + step / 2.0**halving
            tried, gained = _weigh(logs, proposed, shares)
            if gained >= reached:
                break
        else:
            break
        factors, balanced, reached = proposed, tried, gained
    result = np.zeros_like(probabilities)
    result[:, present] = balanced
    return result


def _weigh(
    logs: NDArray[np.float64], factors: NDArray[np.float64], shares: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """The weighed probabilities, and the log-likelihood per row up to a constant."""
    weighed = logs + factors
    top = weighed.max(axis=1, keepdims=True)
    powers = np.exp(weighed - top)
    sums = powers.sum(axis=1, keepdims=True)
    return powers / sums, float(factors @ shares - (top + np.log(sums)).mean())


@dataclass(frozen=True, slots=True, eq=False)
class Surprise:
    """Of each row, float64[n], and the ``variance`` that the model expects of it, on average."""

    rows: NDArray[np.float64]
    variance: float


def measure_surprise(probabilities: NDArray[np.float64], classes: NDArray[np.int64]) -> Surprise:
    """Nats by which each row's class surprises more than the model expects to be surprised.

    With the balanced probabilities q, the shares m of the classes and ``lift_k = log(q_k / m_k)``:
    ``sum_k q_k lift_k - lift_y``. Its mean is the mean log loss less the mean entropy of q, zero where the model
    is right; that of the rows' ``-log q_y - H(q)`` is the same, but with the variance of m added to it, in which
    a weak dependency drowns. The variance expected of a row is ``sum_k q_k lift_k^2 - (sum_k q_k lift_k)^2``.

    Args:
        probabilities: float64[n, k] as for :func:`balance_margin`.
        classes: int64[n] in 0 … k - 1.
    """
    balanced = balance_margin(probabilities, classes)
    shares = np.bincount(classes, minlength=probabilities.shape[1]) / classes.size
    lift = np.zeros_like(balanced)
    present = shares > 0
    lift[:, present] = np.log(balanced[:, present] / shares[present])
    expected = (balanced * lift).sum(axis=1)
    variance = float(((balanced * np.square(lift)).sum(axis=1) - np.square(expected)).mean())
    return Surprise(expected - lift[np.arange(classes.size), classes], max(variance, 0.0))
