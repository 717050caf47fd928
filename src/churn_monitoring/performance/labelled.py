"""Everything the matured labels of one batch say, in one record for the decision.

labels (some unknown) ─ only the known, of customers the champion was not fitted on
    ├─ measure_performance, measure_segments ─┐
    ├─ measure_target, measure_concept_tests ─┼─ LabelledEvidence   (newest batch)
    ├─ measure_auc_drop, expected ROC-AUC ────┘
    └─ the batches before, newest row per customer ─ EarlierEvidence
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from churn_monitoring.core.options import PerformanceOptions
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import ConceptTest, EarlierEvidence, LabelledEvidence
from churn_monitoring.performance.concept import measure_concept_tests, measure_target
from churn_monitoring.performance.estimation import estimate_roc_auc, match_rate
from churn_monitoring.performance.labels import explain_unusable
from churn_monitoring.performance.metrics import measure_performance
from churn_monitoring.performance.ranking import delong_components, measure_roc_auc, roc_auc_standard_error
from churn_monitoring.performance.scored import LabelledSample, ReferenceScores, ScoredLabels
from churn_monitoring.performance.segments import measure_segments
from churn_monitoring.tables import are_among


@dataclass(frozen=True, eq=False)
class ScoredBatch:
    """Predictions of one batch with the labels known by now.

    Attributes:
        batch_id: of the batch.
        batch_date: of the batch, not of the labels' arrival.
        threshold: operating threshold on the probability, of the champion that scored it.
        ids: customers, ``[n]``.
        labels: ``float64[n]`` of 0, 1 and NaN for not (yet) known.
        scores: ``float64[n]`` as the model gives them.
        probabilities: ``float64[n]``, the same calibrated.
        seen: ``bool[n]``, whether the champion was fitted on a row of this customer.
        rows: coerced features of the same rows; without columns where they were not kept.
    """

    batch_id: str
    batch_date: date
    threshold: float
    ids: pd.Series
    labels: np.ndarray
    scores: np.ndarray
    probabilities: np.ndarray
    seen: np.ndarray
    rows: pd.DataFrame

    @property
    def known(self) -> np.ndarray:
        """``bool[n]``, whether a row's label is known."""
        return np.asarray(~np.isnan(self.labels))

    def take(self, mask: np.ndarray) -> "ScoredBatch":
        """The rows for which ``mask`` (``bool[n]``) holds."""
        if mask.all():
            return self
        return ScoredBatch(
            self.batch_id,
            self.batch_date,
            self.threshold,
            self.ids[mask],
            self.labels[mask],
            self.scores[mask],
            self.probabilities[mask],
            self.seen[mask],
            self.rows[mask],
        )

    @property
    def sample(self) -> LabelledSample:
        """Labels, probabilities and features; every label has to be known."""
        return LabelledSample(ScoredLabels(self.labels, self.probabilities), self.rows)


def choose_judged(batch: ScoredBatch, options: PerformanceOptions) -> ScoredBatch:
    """The rows that judge the champion: labelled, and of customers it was not fitted on.

    A model recognizes the customers it learned from, so that their scores are no forecasts. Where the others are
    too few (a business that delivers its whole base every week), all labelled rows are taken: a monitor that is
    too kind is better than none.
    """
    labelled = batch.take(batch.known)
    unseen = labelled.take(~labelled.seen)
    return unseen if has_enough(unseen.sample.scored, options) else labelled


def has_enough(scored: ScoredLabels, options: PerformanceOptions) -> bool:
    """Whether there are labels enough of each class to be judged by."""
    return scored.positives >= options.min_positives and scored.negatives >= options.min_negatives


@dataclass(frozen=True, eq=False)
class JudgedAgainst:
    """What labelled batches are compared with.

    Attributes:
        reference: the champion's held-out rows: labels and scores.
        sample: the same rows, with their features.
        weigh: gives, for the features of some batch, the weights of the reference rows that make the reference
            look like it; None where it looks like it already.
    """

    reference: ReferenceScores
    sample: LabelledSample
    weigh: Callable[[pd.DataFrame], np.ndarray | None]

    @cached_property
    def rank_error(self) -> tuple[float, float] | None:
        """ROC-AUC of the reference and its standard error; None with one class only."""
        return _measure_rank(self.reference.labels, self.reference.scores)

    @cached_property
    def excess(self) -> float:
        """What the reference's scores promise beyond what it realized."""
        scored = self.sample.scored
        return estimate_roc_auc(match_rate(scored)) - delong_components(scored.labels, scored.probabilities).roc_auc

    def test(self, current: LabelledSample, policy: Parameters) -> tuple[ConceptTest, ...]:
        """The concept tests of some labelled rows."""
        weights = self.weigh(current.rows)
        return measure_concept_tests(self.sample, current, policy.table, policy.concept, weights=weights)


def measure_labelled(
    batch: ScoredBatch, against: JudgedAgainst, policy: Parameters, *, with_tests: bool
) -> LabelledEvidence:
    """Judge a batch by its matured labels.

    Args:
        batch: with at least one known label, or none.
        against: the champion's held-out rows.
        policy: options of labels, performance, concept; names of segments and columns.
        with_tests: whether the concept tests are made, which takes most of the time.

    Returns:
        ``rows`` counts the known labels, ``label_coverage`` is their share of the batch. Where the labels cannot be
        judged, only these two and ``reason`` say anything.
    """
    judged = choose_judged(batch, policy.performance)
    coverage = float(batch.known.mean()) if batch.labels.size else 0.0
    told = (batch.batch_id, batch.batch_date, int(batch.known.sum()), coverage)
    positives = int(np.nansum(batch.labels))
    reason = explain_unusable(batch.known, batch.scores, policy.labels)
    performance = measure_performance(
        judged.labels, judged.scores, judged.probabilities, batch.threshold, policy.performance
    )
    if reason is not None or performance is None:
        why = reason or _explain_too_few(judged.sample.scored, policy.performance)
        return LabelledEvidence(*told, None, positives=positives, reason=why)
    current = judged.sample
    return LabelledEvidence(
        *told,
        performance=performance,
        target=measure_target(against.sample.scored, current.scored, policy.concept, policy.table.target),
        tests=against.test(current, policy) if with_tests else (),
        auc_drop_z=measure_auc_drop(against.rank_error, judged.labels, judged.scores),
        positives=positives,
        expected_roc_auc=_expect_roc_auc(against.excess, current.scored),
        segments=measure_segments(
            judged.labels,
            judged.scores,
            judged.probabilities,
            batch.threshold,
            judged.rows,
            policy.segments,
            policy.performance,
        ),
    )


def measure_earlier(
    newest: ScoredBatch, before: Sequence[ScoredBatch], against: JudgedAgainst, policy: Parameters
) -> EarlierEvidence | None:
    """Judge the customers of the batches just before the newest who are not in the newest.

    Args:
        newest: the batch the verdict is about.
        before: earlier batches of the same champion whose labels can be judged, oldest first; the last
            ``concept.repeat_within - 1`` are used.
        against: the champion's held-out rows.
        policy: options of performance and concept.

    Returns:
        None without earlier batches.
    """
    recent = [choose_judged(batch, policy.performance) for batch in before[1 - policy.concept.repeat_within :]]
    current = choose_judged(newest, policy.performance)
    if not recent:
        return None
    ids = pd.concat([batch.ids for batch in recent], ignore_index=True)
    repeated = ids.duplicated(keep="last").to_numpy() & ids.notna().to_numpy()
    fresh = ~(repeated | are_among(ids, current.ids))
    labels, scores, probabilities = (
        np.concatenate([getattr(batch, name) for batch in recent])[fresh]
        for name in ("labels", "scores", "probabilities")
    )
    rows = pd.concat([batch.rows for batch in recent], ignore_index=True)[fresh]
    sample = LabelledSample(ScoredLabels(labels, probabilities), rows)
    together = np.concatenate([labels, current.labels]), np.concatenate([scores, current.scores])
    return EarlierEvidence(
        batches=tuple(batch.batch_id for batch in recent),
        rows=int(labels.size),
        tests=against.test(sample, policy) if has_enough(sample.scored, policy.performance) else (),
        pooled_roc_auc=measure_roc_auc(*together, policy.performance.confidence)
        if np.unique(together[0]).size == 2
        else None,
    )


def measure_auc_drop(reference: tuple[float, float] | None, labels: np.ndarray, scores: np.ndarray) -> float | None:
    """Standard errors by which the batch's ROC-AUC lies above (below: negative) the reference's.

    Both standard errors are DeLong's and the rows are different ones, so their squares add.

    Args:
        reference: ROC-AUC of the reference and its standard error.
        labels: ``[n]`` of 0 and 1.
        scores: ``[n]``.

    Returns:
        None where either has one class only, or where neither varies (perfect or constant ranking on both).
    """
    batch = _measure_rank(labels, scores)
    if reference is None or batch is None:
        return None
    spread = float(np.hypot(batch[1], reference[1]))
    return (batch[0] - reference[0]) / spread if spread else None


def _measure_rank(labels: np.ndarray, scores: np.ndarray) -> tuple[float, float] | None:
    if np.unique(labels).size < 2:
        return None
    return delong_components(labels, scores).roc_auc, roc_auc_standard_error(labels, scores)


def _expect_roc_auc(excess: float, batch: ScoredLabels) -> float:
    """What the scores promise at the batch's own churn rate, corrected by what the reference's promised too much."""
    return float(np.clip(estimate_roc_auc(match_rate(batch)) - excess, 0.0, 1.0))


def _explain_too_few(batch: ScoredLabels, options: PerformanceOptions) -> str:
    """Why performance is not computed."""
    return (
        f"{batch.positives} positives and {batch.negatives} negatives among {batch.rows} matured labels; "
        f"{options.min_positives} and {options.min_negatives} are needed"
    )
