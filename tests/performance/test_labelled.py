"""One batch's labels in one record, complete, partial or missing."""

from dataclasses import asdict
from datetime import date

import numpy as np
import pytest
from scipy.special import expit

from churn_monitoring.core.options import ConceptOptions, PerformanceOptions
from churn_monitoring.core.records import LabelledEvidence
from churn_monitoring.performance.concept import measure_concept, measure_target
from churn_monitoring.performance.labelled import measure_auc_drop, measure_labelled
from churn_monitoring.performance.metrics import measure_performance
from churn_monitoring.performance.ranking import measure_roc_auc, roc_auc_standard_error
from churn_monitoring.performance.scored import ReferenceScores, ScoredLabels

PERFORMANCE = PerformanceOptions(
    min_positives=30, min_negatives=30, confidence=0.95, low_points_of_three=2, drop_z=3.0, drop_floor=0.03
)
CONCEPT = ConceptOptions(
    p_value=0.001,
    repeated_p_value=0.01,
    repeat_within=3,
    slope_floor=0.20,
    auc_gap_floor=0.03,
    rate_floor=0.04,
)


def draw_scores(seed: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    logits = rng.normal(-1.0, 1.5, size=rows)
    return (rng.random(rows) < expit(logits)).astype(float), expit(logits)


def build_reference(seed: int = 0) -> ReferenceScores:
    labels, scores = draw_scores(seed, 2000)
    return ReferenceScores(labels, scores, scores)


def judge(labels: np.ndarray, scores: np.ndarray, reference: ReferenceScores | None = None) -> LabelledEvidence:
    return measure_labelled(
        "2025-02-03",
        date(2025, 2, 3),
        labels,
        scores,
        scores,
        reference or build_reference(),
        threshold=0.4,
        performance_options=PERFORMANCE,
        concept_options=CONCEPT,
        target_name="churned",
    )


def test_rows_without_a_label_are_left_out_of_everything() -> None:
    labels, scores = draw_scores(1, 500)
    partial = labels.copy()
    partial[::4] = np.nan
    known = ~np.isnan(partial)
    found, reference = judge(partial, scores), build_reference().scored
    batch = ScoredLabels(labels[known], scores[known])
    assert (found.rows, found.label_coverage) == (375, 0.75)
    assert found.performance == measure_performance(batch.labels, scores[known], scores[known], 0.4, PERFORMANCE)
    assert found.concept == measure_concept(reference, batch, CONCEPT, "churned")
    assert found.target == measure_target(reference, batch, CONCEPT, "churned")
    assert found.reason is None
    assert (found.batch_id, found.batch_date) == ("2025-02-03", date(2025, 2, 3))


@pytest.mark.parametrize("rows", [0, 40])
def test_a_batch_without_labels_says_so(rows: int) -> None:
    found = judge(np.full(rows, np.nan), np.full(rows, 0.3))
    assert (found.rows, found.label_coverage) == (0, 0.0)
    assert (found.performance, found.target, found.concept, found.auc_drop_z) == (None, None, None, None)
    assert found.reason == "no label has matured yet"


def test_too_few_labels_are_counted_in_the_reason() -> None:
    labels = np.array([1.0] * 12 + [0.0] * 40 + [np.nan] * 48)
    found = judge(labels, np.linspace(0.1, 0.9, 100))
    assert (found.performance, found.target, found.concept) == (None, None, None)
    assert found.reason is not None
    assert "12 positives and 40 negatives among 52" in found.reason
    assert (found.rows, found.label_coverage) == (52, 0.52)


def test_constant_scores_leave_performance_and_say_why_concept_is_unknown() -> None:
    found = judge(np.repeat([0.0, 1.0], 100), np.full(200, 0.3))
    assert found.performance is not None
    assert found.performance.roc_auc.value == 0.5
    assert found.concept is not None
    assert found.concept.p_value is None
    assert found.reason is not None
    assert "same score" in found.reason


def test_the_drop_is_measured_in_both_standard_errors() -> None:
    reference = build_reference()
    labels, scores = draw_scores(2, 400)
    noisy = np.random.default_rng(3).permutation(scores)
    drop = measure_auc_drop(reference, labels, noisy)
    spread = np.hypot(roc_auc_standard_error(labels, noisy), roc_auc_standard_error(reference.labels, reference.scores))
    values = [measure_roc_auc(*pair, 0.95).value for pair in ((labels, noisy), (reference.labels, reference.scores))]
    assert drop == pytest.approx((values[0] - values[1]) / spread, abs=1e-12)
    assert drop < -3.0


def test_a_drop_that_cannot_be_measured_is_none() -> None:
    labels = np.repeat([0.0, 1.0], 40)
    perfect = ReferenceScores(labels, labels, labels)
    assert measure_auc_drop(perfect, labels, labels) is None
    assert measure_auc_drop(perfect, np.zeros(10), np.zeros(10)) is None
    assert measure_auc_drop(perfect, np.empty(0), np.empty(0)) is None


def test_a_reference_of_one_class_still_leaves_performance() -> None:
    labels, scores = draw_scores(4, 400)
    found = judge(labels, scores, ReferenceScores(np.zeros(50), np.linspace(0, 1, 50), np.linspace(0, 1, 50)))
    assert found.performance is not None
    assert found.auc_drop_z is None
    assert found.reason is not None
    assert "reference" in found.reason


def test_the_same_rows_give_the_same_record_and_stay_as_they_were() -> None:
    labels, scores = draw_scores(5, 300)
    labels[:50] = np.nan
    kept = labels.copy(), scores.copy()
    assert asdict(judge(labels, scores)) == asdict(judge(labels, scores))
    np.testing.assert_array_equal(labels, kept[0])
    np.testing.assert_array_equal(scores, kept[1])


def test_low_performance_and_drop_stay_quiet_at_350_rows_without_drift() -> None:
    reference, drops, low = build_reference(6), 0, 0
    for seed in range(300):
        labels, scores = draw_scores(1000 + seed, 350)
        drop = measure_auc_drop(reference, labels, scores)
        assert drop is not None
        drops += drop < -PERFORMANCE.drop_z
        low += measure_roc_auc(labels, scores, 0.95).high < 0.75
    assert drops <= 2
    assert low <= 1
