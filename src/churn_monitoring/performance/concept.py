"""What changed between reference and batch once labels are known: the rate, or how labels follow the scores?

    ScoredLabels (reference, batch) ─ compare_concept ─ ConceptResult ─ measure_concept ─ FeatureDrift
                                      intercept: label shift, nothing to relearn
                                      calibration_slope, roc_auc_gap: concept drift

Under label shift the logit of P(y | score) moves by a constant; under covariate shift with a well-specified
score it does not move. A changed slope is neither, and so is a ranking worse than the scores promise.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import chdtrc, ndtr

from churn_monitoring.core.options import ConceptOptions
from churn_monitoring.core.records import FeatureDrift
from churn_monitoring.performance.estimation import estimate_roc_auc, match_rate, measure_label_noise
from churn_monitoring.performance.logistic import LogisticFit, fit_logistic
from churn_monitoring.performance.ranking import delong_components, roc_auc_standard_error
from churn_monitoring.performance.scored import ScoredLabels

# A reference slope flatter than this (per unit of calibrated logit, where 1 is right) is not divided by.
FLATTEST_SLOPE = 0.05


@dataclass(frozen=True, slots=True)
class ConceptTest:
    """One test between reference and batch, with the least effect that matters.

    Attributes:
        test: which of the three.
        statistic: likelihood ratio (chi-square, 1 degree of freedom), or z of the gap (negative is worse).
        p_value: two-sided for the likelihood ratios, one-sided for the gap.
        effect_size: signed: change of the positive rate, relative change of the slope, or ROC-AUC missing.
        magnitude: what the floor is applied to: ``abs(effect_size)``, for the gap ``effect_size`` itself.
        floor: least magnitude that counts.
    """

    test: Literal["intercept", "calibration_slope", "roc_auc_gap"]
    statistic: float
    p_value: float
    effect_size: float
    magnitude: float
    floor: float

    def reaches(self, level: float) -> bool:
        """Whether the p-value is below ``level`` and the effect is large enough to matter."""
        return self.p_value < level and self.magnitude >= self.floor


@dataclass(frozen=True, slots=True)
class ConceptResult:
    """The three tests, or the reason why there is none of them."""

    intercept: ConceptTest | None = None
    slope: ConceptTest | None = None
    gap: ConceptTest | None = None
    reason: str | None = None

    @property
    def strongest(self) -> ConceptTest | None:
        """Of slope and gap the one that speaks louder: one above its floor first, then by p-value."""
        tests = [test for test in (self.slope, self.gap) if test is not None]
        return min(tests, key=lambda test: (test.magnitude < test.floor, test.p_value), default=None)


def compare_concept(reference: ScoredLabels, batch: ScoredLabels, options: ConceptOptions) -> ConceptResult:
    """Test rate, slope and ranking of a batch against the reference.

    The likelihood ratios come from logistic models of the label on reference and batch together, with the
    calibrated logit, its square, an indicator of the batch and its product with the logit:

    - ``intercept``: does the indicator improve on logit and square (same rate at the same score)?
    - ``calibration_slope``: does the product improve on all three (same slope, whatever the rate)?
    - ``roc_auc_gap``: is realized minus expected ROC-AUC lower on the batch than on the reference? Expected
      is :func:`estimate_roc_auc` after :func:`match_rate`, so that a changed rate does not count.

    The square takes up a calibration that is off in the same way on both. At several thousand rows and a
    strong change of mix, a misspecified score makes the slope differ between regions without any drift; the
    floors are what stands against that. Rows are taken as independent.

    Args:
        reference: the champion's held-out rows.
        batch: matured rows of one batch.
        options: the floors.

    Returns:
        Only a reason where either part has one class or one score.
    """
    for name, part in (("reference", reference), ("batch", batch)):
        if part.missing_part:
            return ConceptResult(reason=f"the {name} cannot show concept drift: {part.missing_part}")
    intercept, slope = _compare_lines(reference, batch, options)
    return ConceptResult(intercept, slope, _compare_gap(reference, batch, options.auc_gap_floor))


def measure_concept(
    reference: ScoredLabels, batch: ScoredLabels, options: ConceptOptions, feature: str
) -> FeatureDrift:
    """Concept drift as one record: the stronger of the slope and the gap test.

    ``test`` says which. ``effect_size`` is the magnitude its floor is applied to, so that a later reader can
    ask for another level: ``p_value < level and effect_size >= floor of that test``. A test above its floor
    is preferred over one below, which could not count at any level. The adjusted p-value pays for having two
    tests (Bonferroni); ``drifted`` uses the p-value, as the levels in ``options`` are per test.

    Args:
        reference: the champion's held-out rows.
        batch: matured rows of one batch.
        options: levels and floors.
        feature: name to report, the target's.
    """
    test = compare_concept(reference, batch, options).strongest
    if test is None:
        return FeatureDrift(feature, "concept", "calibration_slope", 0.0, None, None, 0.0, drifted=False)
    return FeatureDrift(
        feature=feature,
        kind="concept",
        test=test.test,
        statistic=test.statistic,
        p_value=test.p_value,
        adjusted_p_value=min(1.0, 2.0 * test.p_value),
        effect_size=test.magnitude,
        drifted=test.reaches(options.p_value),
    )


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
        drifted=p_value < options.p_value and change >= options.rate_floor,
    )


def _compare_lines(
    reference: ScoredLabels, batch: ScoredLabels, options: ConceptOptions
) -> tuple[ConceptTest, ConceptTest]:
    """Likelihood-ratio tests of a moved intercept and of a changed slope."""
    center, scale = reference.logits.mean(), reference.logits.std()
    logits = (np.concatenate([reference.logits, batch.logits]) - center) / scale
    in_batch = np.repeat([0.0, 1.0], [reference.rows, batch.rows])
    labels = np.concatenate([reference.labels, batch.labels])
    design = np.column_stack([np.ones(logits.size), logits, logits**2, in_batch, in_batch * logits])
    same, moved, changed = (fit_logistic(design[:, :columns], labels) for columns in (3, 4, 5))
    steepness = max(abs(float(moved.coefficients[1])), FLATTEST_SLOPE * scale)
    relative = float(changed.coefficients[4]) / steepness
    rate_change = batch.positives / batch.rows - reference.positives / reference.rows
    return (
        _likelihood_ratio("intercept", (same, moved), rate_change, options.rate_floor),
        _likelihood_ratio("calibration_slope", (moved, changed), relative, options.slope_floor),
    )


def _likelihood_ratio(
    test: Literal["intercept", "calibration_slope"],
    fits: tuple[LogisticFit, LogisticFit],
    effect_size: float,
    floor: float,
) -> ConceptTest:
    """Twice the gain in log-likelihood of one more coefficient, which is chi-square(1) without drift."""
    statistic = max(2.0 * (fits[1].log_likelihood - fits[0].log_likelihood), 0.0)
    return ConceptTest(test, statistic, float(chdtrc(1.0, statistic)), effect_size, abs(effect_size), floor)


def _compare_gap(reference: ScoredLabels, batch: ScoredLabels, floor: float) -> ConceptTest:
    """Realized minus expected, the batch's minus the reference's, in standard errors; one-sided below 0."""
    parts = [_measure_gap(part) for part in (reference, batch)]
    change = parts[1][0] - parts[0][0]
    z = change / float(np.hypot(parts[0][1], parts[1][1]))
    return ConceptTest("roc_auc_gap", z, float(ndtr(z)), -change, -change, floor)


def _measure_gap(scored: ScoredLabels) -> tuple[float, float]:
    """Realized minus expected ROC-AUC at the rows' own rate, and its standard error.

    DeLong's, which also holds the chance in the scores and so errs on the quiet side; where it vanishes
    (perfect separation) the chance in the labels remains, which is never zero.
    """
    probabilities = match_rate(scored)
    realized = delong_components(scored.labels, probabilities).roc_auc
    standard_error = max(
        roc_auc_standard_error(scored.labels, probabilities),
        measure_label_noise(probabilities, rate_fitted=True),
    )
    return realized - estimate_roc_auc(probabilities), standard_error


def _yates(table: np.ndarray) -> float:
    """Chi-square of a 2 x 2 table, each deviation half a count smaller; 0 where a row or column is empty."""
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    if not expected.all():
        return 0.0
    deviations = np.maximum(np.abs(table - expected) - 0.5, 0.0)
    return float((deviations**2 / expected).sum())
