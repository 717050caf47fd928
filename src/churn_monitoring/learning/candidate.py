"""A fitted candidate and how it did on rows it has not seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from churn_monitoring.core.records import Performance
from churn_monitoring.performance.calibration import PlattCalibration


@dataclass(frozen=True)
class ScoredRows:
    """Positions of rows in their table, with labels and out-of-sample scores; arrays of equal length."""

    positions: np.ndarray
    labels: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True)
class Candidate:
    """A candidate after fitting on train, calibrated and given its threshold on validation.

    Attributes:
        name: as in the parameters.
        model: fitted scikit-learn ``Pipeline``.
        calibration: from score to probability, fitted on validation.
        threshold: operating threshold on the probability, chosen on validation.
        validation: its rows, which choose among candidates.
        holdout: its rows, which nothing was fitted or chosen on.
        performance: by side, ``None`` where there are too few labels.
    """

    name: str
    model: Any
    calibration: PlattCalibration
    threshold: float
    validation: ScoredRows
    holdout: ScoredRows
    performance: dict[str, Performance | None]
