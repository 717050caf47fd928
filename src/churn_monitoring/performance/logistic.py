"""Logistic regression by maximum likelihood for a handful of columns, on any data.

Small enough to be checked by eye, and defined where packages warn or stop: separable labels (the likelihood
still has a supremum, and likelihood ratios need no more) and collinear columns (the shortest step is taken).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

MAX_STEPS = 100
MAX_HALVINGS = 30
# Twice the log-likelihood still to be gained at which Newton stops; the step it belongs to is taken as well.
DECREMENT = 1e-10
# Directions with less curvature than this, relative to the steepest, are left where they are.
SINGULAR = 1e-13
# Relative rounding error of a log-likelihood: a step may seem to descend by this much.
ROUNDING = 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class LogisticFit:
    """Coefficients ``float64[k]`` and the log-likelihood they reach (at most 0)."""

    coefficients: np.ndarray
    log_likelihood: float


def fit_logistic(design: np.ndarray, labels: np.ndarray, offset: np.ndarray | None = None) -> LogisticFit:
    """Maximize the Bernoulli likelihood of ``labels`` given ``expit(offset + design @ coefficients)``.

    Newton's method from zero with step halving. Where labels are separable the coefficients are large and
    arbitrary but finite, and the log-likelihood is within about 1e-9 of its supremum.

    Args:
        design: ``[n, k]``; a column of ones is the caller's to add. Columns of similar scale converge best.
        labels: ``[n]`` in [0, 1]; fractions are allowed (smoothed targets).
        offset: ``[n]``, a part of the linear predictor that is not fitted.
    """
    base = np.zeros(labels.size) if offset is None else offset
    coefficients = np.zeros(design.shape[1])
    reached = _log_likelihood(base, labels)
    for _ in range(MAX_STEPS):
        predictor = base + design @ coefficients
        gradient = design.T @ (labels - expit(predictor))
        curvature = (design.T * (expit(predictor) * expit(-predictor))) @ design
        step = np.linalg.lstsq(curvature, gradient, rcond=SINGULAR)[0]
        coefficients, reached = _climb(design, labels, base, (coefficients, step, reached))
        if float(gradient @ step) < DECREMENT:
            break
    return LogisticFit(coefficients, reached)


def _climb(
    design: np.ndarray, labels: np.ndarray, base: np.ndarray, state: tuple[np.ndarray, np.ndarray, float]
) -> tuple[np.ndarray, float]:
    """Take the step, or the first halving of it that does not go down; stay where none does."""
    coefficients, step, reached = state
    for halving in range(MAX_HALVINGS):
        proposed = coefficients + step / 2.0**halving
        gained = _log_likelihood(base + design @ proposed, labels)
        if gained >= reached - ROUNDING * abs(reached):
            return proposed, gained
    return coefficients, reached


def _log_likelihood(predictor: np.ndarray, labels: np.ndarray) -> float:
    """Sum of ``y log p + (1 − y) log(1 − p)``, without overflow."""
    return -float((labels * np.logaddexp(0.0, -predictor) + (1.0 - labels) * np.logaddexp(0.0, predictor)).sum())
