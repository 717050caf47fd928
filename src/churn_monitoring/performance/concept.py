"""What changed between reference and batch once labels are known: the rate, or how labels follow the scores?

    LabelledSample (reference, batch) ─ measure_concept_tests ─┬ intercept          label shift, nothing to relearn
                                                               ├ calibration_slope ┐
                                                               ├ roc_auc_gap       ├ concept drift
                                                               └ local             ┘

Under label shift the logit of P(y | score) moves by a constant; under covariate shift with a well-specified
score it does not move. A changed slope is neither, nor is a ranking worse than the scores promise, nor a
segment whose labels are no longer those of the same score elsewhere. Levels, floors and the direction of the
slope (a steeper one is no concept drift) are looked at later.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import chdtrc

from churn_monitoring.core.options import ConceptOptions, TableSchema
from churn_monitoring.core.records import ConceptTest, FeatureDrift
from churn_monitoring.performance.departures import NullModel, combine_departures, fit_null_model, measure_departures
from churn_monitoring.performance.gap import measure_gap
from churn_monitoring.performance.local import measure_local
from churn_monitoring.performance.parts import cut_parts
from churn_monitoring.performance.scored import LabelledSample, ScoredLabels

# A reference slope flatter than this (per unit of calibrated logit, where 1 is right) is not divided by.
FLATTEST_SLOPE = 0.05


def measure_concept_tests(
    reference: LabelledSample,
    batch: LabelledSample,
    schema: TableSchema,
    options: ConceptOptions,
    *,
    weights: np.ndarray | None = None,
) -> tuple[ConceptTest, ...]:
    """Test rate, slope, ranking and every segment of a batch against the reference.

    Logistic models of the label on reference and batch together hold the calibrated logit and its square, which
    takes up a calibration that is off in the same way on both:

    - ``intercept``: would an indicator of the batch improve on them (same rate at the same score)?
    - ``calibration_slope``: would its product with the logit improve on all three (same slope at any rate)?
    - ``roc_auc_gap``: is realized minus expected ROC-AUC lower on the batch than on the reference? Expected
      is :func:`estimate_roc_auc` after :func:`match_rate`, so that a changed rate does not count.
    - ``local``: do mean residuals of the model with the indicator differ in the parts of some feature?

    All but the gap are score tests corrected for skewness (:func:`measure_departures`); likelihood ratios have no
    weighted form. Under a changed mix, what the score leaves unexplained of the label makes slope and segments
    differ without any drift; ``weights`` give the reference the batch's mix. Rows are taken as independent.

    Sizes in the simulated world, 19 features, at nominal 5 / 1 / 0.1 %. Nothing wrong, 200 rows, 4,000 batches:
    intercept 4.4 / 0.7 / 0.2, slope 5.6 / 1.0 / 0.1, gap 2.8 / 0.2 / 0, local 5.0 / 0.8 / 0.05. Hard shifts of the
    mix and a champion fitted to death, at nominal 5 % and 1,000 rows: plain 70 to 100, 6 to 30, 0 to 60 and 11 to
    77; weighted 4 to 8, 4 to 6, 3 to 4 and 2 to 6; at 5,000 rows plain up to 100, 58, 90 and 99, weighted at most
    3, 6, 13 (a gap of 0.005) and 5. The labels of a sixth of the customers turned: local finds them in every batch
    of 1,000 rows at p < 2e-4, the others in 85 to 100 % at 1e-3.

    Args:
        reference: the champion's held-out rows.
        batch: matured rows of one batch.
        schema: which features are numbers and which categories.
        options: how features are cut into parts.
        weights: ``[n]`` of the reference rows (:func:`fit_density_ratio`), to be given where the mix changed.

    Returns:
        Raw tests, no level or floor applied. Empty where either side has one class or one score; no ``local``
        where no part is large enough.
    """
    if reference.scored.missing_part or batch.scored.missing_part:
        return ()
    own = np.ones(reference.scored.rows) if weights is None else weights
    pair = _Pair.stack(reference.scored, batch.scored, own)
    same = pair.fit(3)
    moved = pair.fit(4, same)
    rate_change = batch.scored.positives / batch.scored.rows - float(own @ reference.scored.labels) / float(own.sum())
    local = measure_local(moved, cut_parts(reference.rows, batch.rows, schema, options.local_bins), options)
    return (
        pair.test("intercept", same, rate_change),
        pair.test("calibration_slope", moved, pair.measure_slope_change(moved)),
        measure_gap(reference.scored, batch.scored, own),
        *((local,) if local else ()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Reference and batch below each other, as the nested models of the tests need them.

    The columns of ``design`` are one, logit, its square, an indicator of the batch, and its product with the
    logit, which is in standard deviations (``scale``) of the reference's.
    """

    design: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    scale: float

    @classmethod
    def stack(cls, reference: ScoredLabels, batch: ScoredLabels, weights: np.ndarray) -> "_Pair":
        """Reference above batch; ``weights`` are the reference's."""
        own = reference.logits
        scale = float(own.std())
        logits = (np.concatenate([own, batch.logits]) - own.mean()) / scale
        in_batch = np.repeat([0.0, 1.0], [reference.rows, batch.rows])
        return cls(
            np.column_stack([np.ones(logits.size), logits, logits**2, in_batch, in_batch * logits]),
            np.concatenate([reference.labels, batch.labels]),
            np.concatenate([weights, np.ones(batch.rows)]),
            scale,
        )

    def fit(self, columns: int, smaller: NullModel | None = None) -> NullModel:
        """The model of the first ``columns`` columns, from that of one column less where there is one."""
        start = None if smaller is None else np.append(smaller.coefficients, 0.0)
        return fit_null_model(self.design[:, :columns], self.labels, self.weights, start)

    def test(self, name: Literal["intercept", "calibration_slope"], null: NullModel, effect_size: float) -> ConceptTest:
        """Would the column after those of ``null`` improve on it?"""
        contrast = self.design[:, null.design.shape[1]] * self.weights
        statistic, p_value = combine_departures(measure_departures(contrast[None, :], null))
        return ConceptTest(name, statistic, p_value, effect_size)

    def measure_slope_change(self, moved: NullModel) -> float:
        """Change of the slope relative to the common one at the reference's mean logit."""
        steepness = max(abs(float(moved.coefficients[1])), FLATTEST_SLOPE * self.scale)
        return float(self.fit(5, moved).coefficients[4]) / steepness


def measure_target(reference: ScoredLabels, batch: ScoredLabels, options: ConceptOptions, feature: str) -> FeatureDrift:
    """Change of the label's rate: chi-square with Yates' correction on reference and batch by label.

    Evidence of *a* change: a harder or easier mix of customers moves it as surely as label shift does, so it
    never speaks for concept drift. ``effect_size`` is the absolute change of the rate, compared with
    ``options.rate_floor``. Without rows on either side the p-value is None; where all rows are of one and the
    same class it is 1.

    Args:
        reference: the champion's held-out rows.
        batch: matured rows of one batch.
        options: level and floor.
        feature: name to report, the target's.
    """
    if not reference.rows or not batch.rows:
        return FeatureDrift(feature, "target", "chi_square", 0.0, None, None, 0.0, drifted=False)
    table = np.array([[reference.positives, reference.negatives], [batch.positives, batch.negatives]], dtype=float)
    statistic = _yates(table)
    p_value = float(chdtrc(1.0, statistic))
    change = abs(batch.positives / batch.rows - reference.positives / reference.rows)
    return FeatureDrift(
        feature=feature,
        kind="target",
        test="chi_square",
        statistic=statistic,
        p_value=p_value,
        adjusted_p_value=p_value,
        effect_size=change,
        drifted=p_value < options.rate_p_value and change >= options.rate_floor,
    )


def _yates(table: np.ndarray) -> float:
    """Chi-square of a 2 x 2 table, each deviation half a count smaller; 0 where a row or column is empty."""
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    if not expected.all():
        return 0.0
    deviations = np.maximum(np.abs(table - expected) - 0.5, 0.0)
    return float((deviations**2 / expected).sum())
