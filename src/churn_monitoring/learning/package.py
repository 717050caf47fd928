"""The champion package: all that must travel with a model so that it can be monitored.

Model, reference, calibration and operating threshold are one version of one registered model; there is no
moment at which they disagree.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.records import Estimate
from churn_monitoring.learning.scorer import Scorer, TableScorer
from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.performance.scored import LabelledSample, ReferenceScores
from churn_monitoring.profiling import NumericProfile, TableProfile, build_grid, profile_numbers
from churn_monitoring.quality.dependency import Dependencies
from churn_monitoring.tables import are_among

SCORE_GRID_POINTS = 65_536
TUNED_PARTS = ("validation", "out_of_fold")  # parts of a reference that calibration and threshold have seen


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
        reference_features: coerced features (and date) of the same rows, in the same order.
        calibration: from score to probability.
        threshold: operating threshold on the calibrated probability.
        metrics: performance with intervals, as reported when it was built.
        facts: whatever else describes its making: row counts, fingerprints, unparseable shares, dates.
        dependencies: how the reference's features hang together; ``None`` where it was not fitted.
        training_rows: the rows the model was fitted on, features and ``label``; only their ids when loaded for
            monitoring, which has no need of more.
        calibration_rows: the rows, id and features, that the calibration was fitted on or the threshold chosen on and
            that are not among ``training_rows``; empty when loaded for monitoring.
        anchor: profile of the first reference in this line of champions, that of the one from training; ``None`` where
            ``profile`` is it. The reference moves with the champion, the anchor does not.
        version: version in the registry; empty before it is registered.
        replaces: version that was in service when this one was registered; empty before, and for the first.
    """

    model: Any
    candidate: str
    schema: TableSchema
    profile: TableProfile
    reference: pd.DataFrame
    reference_features: pd.DataFrame
    calibration: PlattCalibration
    threshold: float
    metrics: dict[str, Any]
    facts: dict[str, Any] = field(default_factory=dict)
    dependencies: Dependencies | None = None
    training_rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    calibration_rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    anchor: TableProfile | None = None
    version: str = ""
    replaces: str = ""

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
    def labelled_reference(self) -> LabelledSample:
        """Labels, probabilities and features of the held-out reference rows."""
        return LabelledSample(self.reference_scores.scored, self.reference_features)

    @property
    def tuned_rows(self) -> pd.DataFrame:
        """``calibration_rows``; of a package from before these were kept, those that are in its reference."""
        if len(self.calibration_rows):
            return self.calibration_rows
        tuned = self.reference["part"].isin(TUNED_PARTS).to_numpy()
        features = self.reference_features.loc[tuned, list(self.schema.features)]
        return features.assign(**{self.schema.id: self.reference.loc[tuned, "id"].to_numpy()}).reset_index(drop=True)

    @property
    def anchor_facts(self) -> dict[str, str]:
        """Which version the anchor is of, and its day, as facts of the package that succeeds this one."""
        return {
            "anchor_version": self.facts.get("anchor_version", self.version),
            "anchor_as_of": self.facts.get("anchor_as_of", self.facts["as_of"]),
        }

    @property
    def roc_auc(self) -> Estimate:
        """ROC-AUC of the reference rows with its interval."""
        return Estimate(**self.metrics["reference"]["roc_auc"])

    def has_seen(self, ids: pd.Series) -> np.ndarray:
        """bool[n]: whether the model was fitted on a row of this customer, so that its score is no forecast."""
        if self.schema.id not in self.training_rows:
            return np.zeros(len(ids), dtype=bool)
        return are_among(ids, self.training_rows[self.schema.id])

    def score(self, rows: pd.DataFrame) -> np.ndarray:
        """Probability-like score of each row, raw or coerced, ``float64[n]``; no row gives an empty array."""
        return np.empty(0) if rows.empty else self.scorer.score_table(rows)

    @cached_property
    def scorer(self) -> Scorer | TableScorer:
        """The model as arrays, which scores many times faster than the pipeline."""
        return Scorer(self.model) if isinstance(self.model, Pipeline) else TableScorer(self.model)
