"""What a sequence of labelled batches amounts to: low performance, confirmed concept drift, the regime.

One batch is judged by its own tests; these rules add persistence, so that a year of quiet batches stays quiet.
"""

from collections.abc import Sequence
from typing import Literal

from churn_monitoring.core.options import ConceptOptions, PerformanceOptions
from churn_monitoring.core.records import Estimate, FeatureDrift, LabelledEvidence

LAST_THREE = 3
TWO_SIDED_NORMAL_95 = 1.959964
ONE_SIDED_NORMAL_95 = 1.644854


def judge_low_performance(
    labelled: Sequence[LabelledEvidence], threshold: float, options: PerformanceOptions
) -> Literal["warning", "critical"] | None:
    """Whether realized ROC-AUC is below ``threshold``, and how surely.

    Critical: the upper end of the newest one-sided 95 % interval is below it, or the point estimate is in
    ``low_points_of_three`` of the last three batches, the newest among them. Warning: the newest point
    estimate is below it. The bare point rule alarms in 4 to 20 % of batches when nothing is wrong.
    """
    measured = [item.performance.roc_auc for item in labelled if item.performance is not None]
    if not measured or measured[-1].value >= threshold:
        return None
    low_points = sum(roc_auc.value < threshold for roc_auc in measured[-LAST_THREE:])
    if _one_sided_upper(measured[-1]) < threshold or low_points >= options.low_points_of_three:
        return "critical"
    return "warning"


def has_dropped(labelled: Sequence[LabelledEvidence], reference: Estimate, options: PerformanceOptions) -> bool:
    """Whether the newest realized ROC-AUC is significantly and relevantly below the reference's."""
    if not labelled or labelled[-1].performance is None or labelled[-1].auc_drop_z is None:
        return False
    fall = reference.value - labelled[-1].performance.roc_auc.value
    return labelled[-1].auc_drop_z < -options.drop_z and fall >= options.drop_floor


def reaches(concept: FeatureDrift | None, p_value: float, options: ConceptOptions) -> bool:
    """Whether a concept test is below ``p_value`` and its effect above the floor of that test."""
    if concept is None or concept.p_value is None:
        return False
    floor = options.slope_floor if concept.test == "calibration_slope" else options.auc_gap_floor
    return concept.p_value < p_value and abs(concept.effect_size) >= floor


def is_concept_confirmed(labelled: Sequence[LabelledEvidence], options: ConceptOptions) -> bool:
    """Concept drift on the newest labels: one batch at ``p_value``, or two at ``repeated_p_value``."""
    if not labelled or not reaches(labelled[-1].concept, options.repeated_p_value, options):
        return False
    if reaches(labelled[-1].concept, options.p_value, options):
        return True
    recent = labelled[-options.repeat_within : -1]
    return any(reaches(item.concept, options.repeated_p_value, options) for item in recent)


def find_regime(labelled: Sequence[LabelledEvidence], options: ConceptOptions) -> tuple[str, ...]:
    """Ids of the newest batches that belong together: since the concept changed, else all.

    The regime starts at the oldest batch whose concept test reaches ``repeated_p_value`` and from which on
    at least half of the batches do.
    """
    flags = [reaches(item.concept, options.repeated_p_value, options) for item in labelled]
    for start, flag in enumerate(flags):
        if flag and 2 * sum(flags[start:]) >= len(flags) - start:
            return tuple(item.batch_id for item in labelled[start:])
    return tuple(item.batch_id for item in labelled)


def _one_sided_upper(roc_auc: Estimate) -> float:
    half_width = roc_auc.high - roc_auc.value
    return roc_auc.value + half_width * ONE_SIDED_NORMAL_95 / TWO_SIDED_NORMAL_95
