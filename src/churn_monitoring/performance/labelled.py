"""Everything the matured labels of one batch say, in one record for the decision.

labels (some unknown) ─ only the known ─┬─ measure_performance ─┐
                                        ├─ measure_target ──────┼─ LabelledEvidence
                                        ├─ measure_concept ─────┤
                                        └─ measure_auc_drop ────┘
"""

from datetime import date

import numpy as np

from churn_monitoring.core.options import ConceptOptions, PerformanceOptions
from churn_monitoring.core.records import LabelledEvidence
from churn_monitoring.performance.concept import compare_concept, measure_concept, measure_target
from churn_monitoring.performance.metrics import measure_performance
from churn_monitoring.performance.ranking import delong_components, roc_auc_standard_error
from churn_monitoring.performance.scored import ReferenceScores, ScoredLabels


def measure_labelled(
    batch_id: str,
    batch_date: date,
    labels: np.ndarray,
    scores: np.ndarray,
    probabilities: np.ndarray,
    reference: ReferenceScores,
    threshold: float,
    performance_options: PerformanceOptions,
    concept_options: ConceptOptions,
    target_name: str,
) -> LabelledEvidence:
    """Judge the rows of a batch whose labels have matured.

    Args:
        batch_id: of the batch.
        batch_date: of the batch, not of the labels' arrival.
        labels: ``[n]`` of 0, 1 and NaN for not (yet) known.
        scores: ``[n]`` of the present champion.
        probabilities: ``[n]``, the same calibrated.
        reference: the champion's held-out rows.
        threshold: the champion's operating threshold on the probability.
        performance_options: least counts and confidence.
        concept_options: levels and floors.
        target_name: the column the labels come from.

    Returns:
        ``rows`` counts the known labels, ``label_coverage`` is their share of the batch. Below the least
        counts only these two and ``reason`` say anything.
    """
    known = ~np.isnan(labels)
    batch = ScoredLabels(labels[known], probabilities[known])
    coverage = batch.rows / labels.size if labels.size else 0.0
    performance = measure_performance(batch.labels, scores[known], batch.probabilities, threshold, performance_options)
    if performance is None:
        reason = _explain_too_few(batch, performance_options)
        return LabelledEvidence(batch_id, batch_date, batch.rows, coverage, None, None, None, reason=reason)
    return LabelledEvidence(
        batch_id=batch_id,
        batch_date=batch_date,
        rows=batch.rows,
        label_coverage=coverage,
        performance=performance,
        target=measure_target(reference.scored, batch, concept_options, target_name),
        concept=measure_concept(reference.scored, batch, concept_options, target_name),
        auc_drop_z=measure_auc_drop(reference, batch.labels, scores[known]),
        reason=compare_concept(reference.scored, batch, concept_options).reason,
    )


def measure_auc_drop(reference: ReferenceScores, labels: np.ndarray, scores: np.ndarray) -> float | None:
    """Standard errors by which the batch's ROC-AUC lies above (below: negative) the reference's.

    Both standard errors are DeLong's and the rows are different ones, so their squares add. None where either
    has one class only, or where neither varies (perfect or constant ranking on both).
    """
    if any(np.unique(part).size < 2 for part in (reference.labels, labels)):
        return None
    change = delong_components(labels, scores).roc_auc
    change -= delong_components(reference.labels, reference.scores).roc_auc
    spread = np.hypot(
        roc_auc_standard_error(labels, scores), roc_auc_standard_error(reference.labels, reference.scores)
    )
    return float(change / spread) if spread else None


def _explain_too_few(batch: ScoredLabels, options: PerformanceOptions) -> str:
    """Why performance is not computed."""
    if not batch.rows:
        return "no label has matured yet"
    return (
        f"{batch.positives} positives and {batch.negatives} negatives among {batch.rows} matured labels; "
        f"{options.min_positives} and {options.min_negatives} are needed"
    )
