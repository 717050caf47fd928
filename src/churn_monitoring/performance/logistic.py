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


def fit_logistic(
    design: np.ndarray,
    labels: np.ndarray,
    offset: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    ridge: np.ndarray | None = None,
    start: np.ndarray | None = None,
) -> LogisticFit:
    """Maximize the Bernoulli likelihood of ``labels`` given ``expit(offset + design @ coefficients)``.

    Newton's method with step halving. Where labels are separable the coefficients are large and
    arbitrary but finite, and the log-likelihood is within about 1e-9 of its supremum.

    Args:
        design: ``[n, k]``; a column of ones is the caller's to add. Columns of similar scale converge best.
        labels: ``[n]`` in [0, 1]; fractions are allowed (smoothed targets).
        offset: ``[n]``, a part of the linear predictor that is not fitted.
        weights: ``[n]``, how often each row counts; 1 where not given.
        ridge: ``[k]``, penalty ``ridge @ coefficients**2 / 2``, also taken off the log-likelihood returned.
        start: ``[k]``, where Newton starts; zero where not given. A good guess saves steps, a bad one costs them.
    """
    problem = _Problem(
        design,
        labels,
        np.zeros(labels.size) if offset is None else offset,
        np.ones(labels.size) if weights is None else weights,
        np.zeros(design.shape[1]) if ridge is None else ridge,
    )
    coefficients = np.zeros(design.shape[1]) if start is None else start
    reached = problem.log_likelihood(coefficients)
    for _ in range(MAX_STEPS):
        gradient, curvature = problem.slope(coefficients)
        step = np.linalg.lstsq(curvature, gradient, rcond=SINGULAR)[0]
        coefficients, reached = _climb(problem, coefficients, step, reached)
        if float(gradient @ step) < DECREMENT:
            break
    return LogisticFit(coefficients, reached)


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """What is maximized, and its derivatives."""

    design: np.ndarray
    labels: np.ndarray
    offset: np.ndarray
    weights: np.ndarray
    ridge: np.ndarray

    def log_likelihood(self, coefficients: np.ndarray) -> float:
        """Sum of ``w (y log p + (1 − y) log(1 − p))`` without overflow, less the penalty."""
        predictor = self.offset + self.design @ coefficients
        loss = np.logaddexp(0.0, predictor) - self.labels * predictor
        return -float(self.weights @ loss) - float(self.ridge @ coefficients**2) / 2.0

    def slope(self, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient, and the matrix of second derivatives with its sign turned."""
        p = expit(self.offset + self.design @ coefficients)
        gradient = self.design.T @ (self.weights * (self.labels - p)) - self.ridge * coefficients
        return gradient, (self.design.T * (self.weights * p * (1.0 - p))) @ self.design + np.diag(self.ridge)


def _climb(problem: _Problem, coefficients: np.ndarray, step: np.ndarray, reached: float) -> tuple[np.ndarray, float]:
    """Take the step, or the first halving of it that does not go down; stay where none does."""
    for halving in range(MAX_HALVINGS):
        proposed = coefficients + step / 2.0**halving
        gained = problem.log_likelihood(proposed)
        if gained >= reached - ROUNDING * abs(reached):
            return proposed, gained
    return coefficients, reached
