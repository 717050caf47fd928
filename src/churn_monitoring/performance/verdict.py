"""What labelled batches amount to: low performance, a drop, concept drift, label shift, timid scores, the regime.

Numbers in, verdicts out: the tests were made elsewhere, the levels come from the promise per year. Whatever takes
two looks takes them at different customers, so that one unlucky customer base does not confirm itself.
"""

from collections.abc import Sequence
from typing import Literal

from scipy.special import ndtr, ndtri

from churn_monitoring.core.options import ConceptOptions, PerformanceOptions
from churn_monitoring.core.records import (
    ConceptTest,
    EarlierEvidence,
    Estimate,
    EstimatedPerformance,
    FeatureDrift,
    LabelledEvidence,
)

LAST_THREE = 3


def judge_low_performance(
    labelled: Sequence[LabelledEvidence],
    earlier: EarlierEvidence | None,
    threshold: float,
    options: PerformanceOptions,
) -> Literal["info", "critical"] | None:
    """Whether realized ROC-AUC is below ``threshold``, and how surely.

    Critical: the upper end of the newest one-sided interval at ``low_confidence`` is below it; or the point
    estimate is in ``low_points_of_three`` of the last three batches, the newest among them, and the upper end of
    the pooled customers' interval is below it too. Info: only the newest point estimate is below it, which happens
    in 4 to 20 % of batches when nothing is wrong and the truth is 0.03 above.
    """
    measured = [item.performance.roc_auc for item in labelled if item.performance is not None]
    if not measured or measured[-1].value >= threshold:
        return None
    low_points = sum(roc_auc.value < threshold for roc_auc in measured[-LAST_THREE:])
    pooled = earlier.pooled_roc_auc if earlier else None
    together = measured[-1] if pooled is None else pooled
    if _upper_end(measured[-1], options) < threshold:
        return "critical"
    surely = options.low_points_of_three == 1 or _upper_end(together, options) < threshold
    return "critical" if low_points >= options.low_points_of_three and surely else "info"


def has_dropped(
    labelled: Sequence[LabelledEvidence], reference: Estimate, level: float, options: PerformanceOptions
) -> bool:
    """Whether the newest realized ROC-AUC is significantly and relevantly below the reference's.

    It takes ``drop_z`` standard errors and ``drop_floor``, and a one-sided p-value below ``level``.
    """
    if not labelled or labelled[-1].performance is None or labelled[-1].auc_drop_z is None:
        return False
    z = labelled[-1].auc_drop_z
    fall = reference.value - labelled[-1].performance.roc_auc.value
    return z < -options.drop_z and float(ndtr(z)) < level and fall >= options.drop_floor


def is_estimated_low(
    estimated: EstimatedPerformance | None, threshold: float, level: float, options: PerformanceOptions
) -> bool:
    """Whether the ROC-AUC expected of unlabelled rows is below ``threshold``, one-sided at ``level``."""
    if estimated is None or estimated.roc_auc.value >= threshold:
        return False
    spread = (estimated.roc_auc.high - estimated.roc_auc.value) / _quantile((1.0 + options.confidence) / 2.0)
    return spread == 0.0 or float(ndtr((estimated.roc_auc.value - threshold) / spread)) < level


def find_test(tests: Sequence[ConceptTest], name: str) -> ConceptTest | None:
    """The test of that name, if it was made."""
    return next((test for test in tests if test.test == name), None)


def reaches(test: ConceptTest, level: float, options: ConceptOptions) -> bool:
    """Whether a test's p-value is below ``level`` and its effect large enough to matter."""
    effect = test.effect_size if test.test == "roc_auc_gap" else abs(test.effect_size)
    return test.p_value < level and effect >= floor_of(test, options)


def floor_of(test: ConceptTest, options: ConceptOptions) -> float:
    """The least effect that counts, in the unit of the test."""
    floors = {
        "intercept": options.rate_floor,
        "calibration_slope": options.slope_floor,
        "roc_auc_gap": options.auc_gap_floor,
        "local": options.local_floor,
    }
    return floors[test.test]


def find_concept_drift(tests: Sequence[ConceptTest], level: float, options: ConceptOptions) -> ConceptTest | None:
    """The surest of the tests that tell concept drift at ``level``.

    Neither the intercept nor a steeper slope is one: the ranking is as good as the scores promise or better, and
    recalibration brings the scores back (:func:`find_label_shift`, :func:`find_steeper_slope`).
    """
    found = [test for test in tests if _tells_concept_drift(test, level, options)]
    return min(found, key=lambda test: test.p_value, default=None)


def _tells_concept_drift(test: ConceptTest, level: float, options: ConceptOptions) -> bool:
    steeper = test.test == "calibration_slope" and test.effect_size > 0.0
    return test.test != "intercept" and not steeper and reaches(test, level, options)


def confirm_concept_drift(
    labelled: Sequence[LabelledEvidence],
    earlier: EarlierEvidence | None,
    levels: tuple[float, float],
    options: ConceptOptions,
) -> ConceptTest | None:
    """The newest labels' sign of concept drift, if it is confirmed.

    Args:
        labelled: batches with judged labels, oldest first.
        earlier: other customers of the batches just before the newest.
        levels: at which the newest alone is enough, and at which both have to agree.
        options: floors.
    """
    if not labelled:
        return None
    alone, repeated = levels
    newest = find_concept_drift(labelled[-1].tests, max(levels), options)
    if newest is None or newest.p_value < alone:
        return newest
    return newest if earlier and find_concept_drift(earlier.tests, repeated, options) else None


def find_label_shift(
    labelled: Sequence[LabelledEvidence], level: float, options: ConceptOptions
) -> tuple[ConceptTest, float] | None:
    """The newest labels' intercept test and change of the churn rate, if the rate moved at equal scores."""
    if not labelled:
        return None
    test = find_test(labelled[-1].tests, "intercept")
    return (test, test.effect_size) if test is not None and reaches(test, level, options) else None


def find_steeper_slope(
    labelled: Sequence[LabelledEvidence], level: float, options: ConceptOptions
) -> ConceptTest | None:
    """The newest labels' slope test, if high and low scores differ by more than they say."""
    test = find_test(labelled[-1].tests, "calibration_slope") if labelled else None
    return test if test is not None and test.effect_size > 0.0 and reaches(test, level, options) else None


def summarize_concept(
    tests: Sequence[ConceptTest], level: float, options: ConceptOptions, feature: str
) -> FeatureDrift | None:
    """The concept tests as one record: the surest above its floor, else the surest; None without tests.

    The adjusted p-value pays for having several tests (Bonferroni).
    """
    told = [test for test in tests if test.test != "intercept"]
    if not told:
        return None
    strongest = min(told, key=lambda test: (not _tells_concept_drift(test, 2.0, options), test.p_value))
    return FeatureDrift(
        feature=feature,
        kind="concept",
        test=strongest.test,
        statistic=strongest.statistic,
        p_value=strongest.p_value,
        adjusted_p_value=min(1.0, len(told) * strongest.p_value),
        effect_size=strongest.effect_size,
        drifted=_tells_concept_drift(strongest, level, options),
    )


def find_regime(
    labelled: Sequence[LabelledEvidence], levels: tuple[float, float], options: ConceptOptions
) -> str | None:
    """Id of the batch at which the newest regime begins: since the concept changed; None where it did not.

    That is the oldest batch one of whose concept tests reaches the weaker level and from which on at least half of
    the batches do; one weak sign alone is none.

    Args:
        labelled: batches with judged labels, oldest first.
        levels: at which one batch is enough, and at which it takes two.
        options: floors.
    """
    alone, repeated = levels[0], max(levels)
    sure, weak = (
        [find_concept_drift(item.tests, level, options) is not None for item in labelled] for level in (alone, repeated)
    )
    for start, flag in enumerate(weak):
        if flag and 2 * sum(weak[start:]) >= len(weak) - start and (any(sure[start:]) or sum(weak[start:]) > 1):
            return labelled[start].batch_id
    return None


def _upper_end(roc_auc: Estimate, options: PerformanceOptions) -> float:
    """Upper end of the one-sided interval at ``low_confidence``, from the two-sided one at ``confidence``."""
    half_width = roc_auc.high - roc_auc.value
    return roc_auc.value + half_width * _quantile(options.low_confidence) / _quantile((1.0 + options.confidence) / 2.0)


def _quantile(probability: float) -> float:
    return float(ndtri(probability))
