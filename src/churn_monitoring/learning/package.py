"""The champion package: all that must travel with a model so that it can be monitored.

Model, reference, calibration and operating threshold are one version of one registered model; there is no
moment at which they disagree.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.records import Estimate
from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.performance.scored import ReferenceScores
from churn_monitoring.profiling import NumericProfile, TableProfile, build_grid, profile_numbers

SCORE_GRID_POINTS = 65_536


@dataclass(frozen=True)
class ChampionPackage:
    """One version of the champion.

    Attributes:
        model: fitted scikit-learn ``Pipeline`` from raw rows to ``predict_proba``.
        candidate: name of the candidate it was, such as ``xgboost``.
        schema: the columns it was trained with.
        profile: profile of the reference rows' features.
        reference: one row per held-out reference row: ``id``, ``label`` (0.0 or 1.0), ``score``
            (out-of-sample), ``probability`` (calibrated), ``part`` (``holdout``, ``validation``,
            ``out_of_fold``, ``comparison``).
        calibration: from score to probability.
        threshold: operating threshold on the calibrated probability.
        metrics: performance with intervals, as reported when it was built.
        facts: whatever else describes its making: row counts, fingerprints, unparseable shares, dates.
        training_rows: the rows the model was fitted on, features and ``label``; empty when loaded for
            monitoring, which has no need of them.
        version: version in the registry; empty before it is registered.
    """

    model: Any
    candidate: str
    schema: TableSchema
    profile: TableProfile
    reference: pd.DataFrame
    calibration: PlattCalibration
    threshold: float
    metrics: dict[str, Any]
    facts: dict[str, Any] = field(default_factory=dict)
    training_rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    version: str = ""

    @cached_property
    def score_profile(self) -> NumericProfile:
        """Profile of the held-out reference scores, on their own grid."""
        scores = self.reference["score"].to_numpy(float)
        return profile_numbers(scores, build_grid(scores, SCORE_GRID_POINTS))

    @property
    def reference_scores(self) -> ReferenceScores:
        """Labels, scores and probabilities of the held-out reference rows."""
        return ReferenceScores(*(self.reference[name].to_numpy(float) for name in ("label", "score", "probability")))

    @property
    def roc_auc(self) -> Estimate:
        """ROC-AUC of the reference rows with its interval."""
        return Estimate(**self.metrics["reference"]["roc_auc"])

    def score(self, rows: pd.DataFrame) -> np.ndarray:
        """Probability-like score of each row, ``float64[n]``; no row gives an empty array."""
        if rows.empty:
            return np.empty(0)
        return np.asarray(self.model.predict_proba(rows)[:, 1], dtype=float)
