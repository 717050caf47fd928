"""Labels beside the scores they belong to, checked once so that every statistic may rely on them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import logit

# Probabilities are kept this far from 0 and 1 before the logit, so that certainty stays finite.
PROBABILITY_MARGIN = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class ScoredLabels:
    """Rows whose outcome is known, with calibrated probabilities.

    Attributes:
        labels: ``float64[n]`` of 0.0 and 1.0.
        probabilities: ``float64[n]`` in [0, 1], the calibrated probability of a 1.

    Raises:
        ValueError: lengths differ, a label is neither 0 nor 1, or a probability is not in [0, 1].
    """

    labels: np.ndarray
    probabilities: np.ndarray

    def __post_init__(self) -> None:
        check_scored(self.labels, self.probabilities)
        if self.probabilities.size and not (0.0 <= self.probabilities.min() <= self.probabilities.max() <= 1.0):
            raise ValueError("probabilities must lie in [0, 1]: calibrate the scores first")

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.labels.size)

    @property
    def positives(self) -> int:
        """Rows labelled 1."""
        return int(self.labels.sum())

    @property
    def negatives(self) -> int:
        """Rows labelled 0."""
        return self.rows - self.positives

    @property
    def logits(self) -> np.ndarray:
        """``float64[n]``, logit of the probabilities kept 1e-9 away from 0 and 1."""
        kept = np.clip(self.probabilities, PROBABILITY_MARGIN, 1.0 - PROBABILITY_MARGIN)
        return np.asarray(logit(kept), dtype=float)

    @property
    def missing_part(self) -> str | None:
        """Why these rows cannot show how well the scores rank, in words; None where they can."""
        if not self.positives or not self.negatives:
            return f"{self.positives} positives and {self.negatives} negatives: both classes are needed"
        if np.ptp(self.logits) == 0.0:
            return "every row has the same score"
        return None


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSample:
    """Rows whose outcome is known: scored, and with the features they were scored from.

    Attributes:
        scored: labels and calibrated probabilities of ``n`` rows.
        rows: ``n`` coerced rows in the same order; without columns there is nothing to look for locally.

    Raises:
        ValueError: ``scored`` and ``rows`` are not equally long.
    """

    scored: ScoredLabels
    rows: pd.DataFrame

    def __post_init__(self) -> None:
        if len(self.rows) != self.scored.rows:
            raise ValueError(f"{len(self.rows)} rows of features beside {self.scored.rows} labels")

    def take(self, chosen: np.ndarray) -> "LabelledSample":
        """The rows at these positions, or where this mask is true."""
        positions = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
        scored = ScoredLabels(self.scored.labels[positions], self.scored.probabilities[positions])
        return LabelledSample(scored, self.rows.iloc[positions])


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceScores:
    """The champion's held-out rows: what a batch's labels are compared with.

    Attributes:
        labels: ``float64[n]`` of 0.0 and 1.0.
        scores: ``float64[n]``, out-of-sample, as the model gives them.
        probabilities: ``float64[n]``, the same scores calibrated.
    """

    labels: np.ndarray
    scores: np.ndarray
    probabilities: np.ndarray

    def __post_init__(self) -> None:
        check_scored(self.labels, self.scores)

    @property
    def scored(self) -> ScoredLabels:
        """Labels with calibrated probabilities only."""
        return ScoredLabels(self.labels, self.probabilities)


def check_scored(labels: np.ndarray, *scores: np.ndarray) -> None:
    """Refuse what no statistic here is defined for.

    Args:
        labels: ``[n]``, every entry 0 or 1.
        scores: any number of ``[n]``, every entry finite.

    Raises:
        ValueError: naming what is wrong and where it comes from.
    """
    if labels.ndim != 1 or any(one.shape != labels.shape for one in scores):
        shapes = ", ".join(str(one.shape) for one in scores)
        raise ValueError(f"labels {labels.shape} and scores {shapes} must be vectors of one length")
    if not np.isin(labels, (0.0, 1.0)).all():
        raise ValueError("labels must be 0 or 1: leave out rows whose label is not known")
    if not all(np.isfinite(one).all() for one in scores):
        raise ValueError("scores must be finite: the model gave NaN or infinity")
