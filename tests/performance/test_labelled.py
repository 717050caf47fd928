"""One batch's labels in one record, complete, partial or missing; and those of the batches before it."""

from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import LabelledEvidence
from churn_monitoring.performance.concept import measure_concept_tests, measure_target
from churn_monitoring.performance.labelled import (
    JudgedAgainst,
    ScoredBatch,
    choose_judged,
    has_enough,
    measure_auc_drop,
    measure_earlier,
    measure_labelled,
)
from churn_monitoring.performance.metrics import measure_performance
from churn_monitoring.performance.ranking import measure_roc_auc, roc_auc_standard_error
from churn_monitoring.performance.scored import LabelledSample, ReferenceScores, ScoredLabels

BASE = yaml.safe_load((Path(__file__).resolve().parents[2] / "conf/base/parameters.yml").read_text(encoding="utf-8"))
TABLE = TableSchema(
    id="customer", target="churned", positive="yes", date=None, numeric=("age",), categorical=("plan",), ignored=()
)
POLICY = Parameters.model_validate(BASE).model_copy(update={"table": TABLE, "segments": ("plan",)})
DAY = date(2025, 2, 3)


def draw_scores(seed: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    logits = rng.normal(-1.0, 1.5, size=rows)
    return (rng.random(rows) < expit(logits)).astype(float), expit(logits)


def draw_rows(seed: int, rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(10_000 + seed)
    return pd.DataFrame({"age": rng.normal(40, 9, rows), "plan": rng.choice(["basic", "pro"], rows)})


def deliver(labels: np.ndarray, scores: np.ndarray, seed: int = 0, **more: Any) -> ScoredBatch:
    """A batch of customers nobody else is and the champion was not fitted on."""
    batch = ScoredBatch(
        batch_id="2025-02-03",
        batch_date=DAY,
        threshold=0.4,
        ids=pd.Series([f"c{seed}-{number}" for number in range(labels.size)], dtype=object),
        labels=labels,
        scores=scores,
        probabilities=scores,
        seen=np.zeros(labels.size, dtype=bool),
        rows=draw_rows(seed, labels.size),
    )
    return replace(batch, **more)


def draw_batch(seed: int, rows: int, **more: Any) -> ScoredBatch:
    return deliver(*draw_scores(seed, rows), seed, **more)


def build_reference(seed: int = 0) -> JudgedAgainst:
    labels, scores = draw_scores(seed, 2000)
    scored = ReferenceScores(labels, scores, scores)
    return JudgedAgainst(scored, LabelledSample(scored.scored, draw_rows(seed, 2000)), lambda _: None)


REFERENCE = build_reference()


def judge(batch: ScoredBatch, against: JudgedAgainst = REFERENCE, *, with_tests: bool = True) -> LabelledEvidence:
    return measure_labelled(batch, against, POLICY, with_tests=with_tests)


def test_rows_without_a_label_are_left_out_of_everything() -> None:
    labels, scores = draw_scores(1, 500)
    partial = labels.copy()
    partial[::4] = np.nan
    known = ~np.isnan(partial)
    found = judge(deliver(partial, scores, 1))
    batch = LabelledSample(ScoredLabels(labels[known], scores[known]), draw_rows(1, 500)[known])
    assert (found.rows, found.positives, found.label_coverage) == (375, labels[known].sum(), 0.75)
    assert found.performance == measure_performance(
        labels[known], scores[known], scores[known], 0.4, POLICY.performance
    )
    assert found.tests == measure_concept_tests(REFERENCE.sample, batch, TABLE, POLICY.concept)
    assert found.target == measure_target(REFERENCE.sample.scored, batch.scored, POLICY.concept, "churned")
    assert found.auc_drop_z == measure_auc_drop(REFERENCE.rank_error, labels[known], scores[known])
    assert found.reason is None
    assert (found.batch_id, found.batch_date) == ("2025-02-03", DAY)


def test_the_levels_of_the_segments_have_performances_of_their_own() -> None:
    batch = draw_batch(2, 600)
    found, basic = judge(batch), (batch.rows["plan"] == "basic").to_numpy()
    assert set(found.segments) == {"plan = basic", "plan = pro"}
    parts = batch.labels[basic], batch.scores[basic], batch.probabilities[basic]
    assert found.segments["plan = basic"] == measure_performance(*parts, 0.4, POLICY.performance)


def test_concept_tests_are_made_only_where_they_are_asked_for() -> None:
    batch = draw_batch(2, 400)
    without, with_them = (judge(batch, with_tests=asked) for asked in (False, True))
    assert without.tests == ()
    assert {test.test for test in with_them.tests} == {"intercept", "calibration_slope", "roc_auc_gap", "local"}
    assert replace(with_them, tests=()) == without


def test_the_reference_is_weighed_for_the_features_of_the_judged_rows() -> None:
    batch, asked = draw_batch(3, 400), []
    weights = np.linspace(0.5, 1.5, 2000)

    def weigh(rows: pd.DataFrame) -> np.ndarray:
        asked.append(rows)
        return weights

    found = judge(batch, replace(REFERENCE, weigh=weigh))
    pd.testing.assert_frame_equal(asked[0], batch.rows)
    assert found.tests == measure_concept_tests(REFERENCE.sample, batch.sample, TABLE, POLICY.concept, weights=weights)


@pytest.mark.parametrize("rows", [0, 40])
def test_a_batch_without_labels_says_so(rows: int) -> None:
    found = judge(deliver(np.full(rows, np.nan), np.full(rows, 0.3)))
    assert (found.rows, found.label_coverage) == (0, 0.0)
    assert (found.performance, found.target, found.tests, found.auc_drop_z) == (None, None, (), None)
    assert found.reason == "no label has matured yet"


def test_too_few_labels_are_counted_in_the_reason() -> None:
    labels = np.repeat([1.0, 0.0, np.nan], [12, 40, 48])[np.random.default_rng(1).permutation(100)]
    found = judge(deliver(labels, np.linspace(0.1, 0.9, 100)))
    assert (found.performance, found.target, found.tests) == (None, None, ())
    assert found.reason == "12 positives and 40 negatives among 52 matured labels; 30 and 30 are needed"
    assert (found.rows, found.positives, found.label_coverage) == (52, 12, 0.52)


def test_labels_that_are_missing_for_the_likely_churners_judge_nothing() -> None:
    labels, scores = draw_scores(4, 500)
    late = np.where((labels == 1.0) & (np.random.default_rng(4).random(500) < 0.7), np.nan, labels)
    found = judge(deliver(late, scores))
    assert (found.performance, found.target, found.tests) == (None, None, ())
    assert found.reason is not None
    assert "not at random" in found.reason


def test_constant_scores_leave_performance_and_no_test() -> None:
    found = judge(deliver(np.tile([0.0, 1.0], 100), np.full(200, 0.3)))
    assert found.performance is not None
    assert found.performance.roc_auc.value == 0.5
    assert found.tests == ()


def test_the_expected_ranking_is_what_the_scores_promise_whatever_the_concept() -> None:
    labels, scores = draw_scores(5, 4_000)
    expected = judge(deliver(labels, scores)).expected_roc_auc
    realized = measure_roc_auc(labels, scores, 0.95)
    assert expected == pytest.approx(realized.value, abs=0.02)
    shuffled = np.random.default_rng(6).permutation(labels)
    assert judge(deliver(shuffled, scores)).expected_roc_auc == pytest.approx(expected, abs=0.02)


def test_customers_the_champion_was_fitted_on_do_not_judge_it() -> None:
    batch = draw_batch(7, 400)
    seen = np.arange(400) < 150
    flattering = np.where(seen, batch.labels, batch.scores)
    found = judge(replace(batch, seen=seen, scores=flattering))
    others = batch.labels[~seen], batch.scores[~seen], batch.probabilities[~seen]
    assert found.performance == measure_performance(*others, 0.4, POLICY.performance)
    assert (found.rows, found.label_coverage) == (400, 1.0)


@pytest.mark.parametrize(("positives", "negatives", "left"), [(30, 30, 60), (29, 200, 329), (200, 29, 329)])
def test_the_customers_it_was_fitted_on_are_kept_where_the_others_are_too_few(
    positives: int, negatives: int, left: int
) -> None:
    labels = np.repeat([1.0, 0.0, 1.0, 0.0], [positives, negatives, 50, 50])
    batch = deliver(labels, np.linspace(0.1, 0.9, labels.size))
    batch = replace(batch, seen=np.arange(labels.size) >= positives + negatives)
    judged = choose_judged(batch, POLICY.performance)
    assert judged.labels.size == left
    assert has_enough(judged.sample.scored, POLICY.performance)


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0, np.nan]), st.booleans()), max_size=200))
def test_the_judged_rows_are_labelled_and_unseen_or_all_the_labelled(drawn: list[tuple[float, bool]]) -> None:
    labels, seen = np.array([one for one, _ in drawn]), np.array([one for _, one in drawn], dtype=bool)
    judged = choose_judged(deliver(labels, np.full(labels.size, 0.3), seen=seen), POLICY.performance)
    unseen = int((~np.isnan(labels) & ~seen).sum())
    assert not np.isnan(judged.labels).any()
    assert judged.labels.size in {unseen, int((~np.isnan(labels)).sum())}
    assert len(judged.rows) == judged.ids.size == judged.scores.size == judged.labels.size


def look_back(newest: ScoredBatch, *before: ScoredBatch, **changes: int) -> Any:
    policy = POLICY.model_copy(update={"concept": POLICY.concept.model_copy(update=changes)})
    return measure_earlier(newest, before, REFERENCE, policy)


def test_without_batches_before_there_is_nothing_earlier() -> None:
    assert look_back(draw_batch(1, 300)) is None


def test_earlier_customers_are_tested_as_one_sample() -> None:
    first, second, newest = (draw_batch(seed, 300, batch_id=f"b{seed}") for seed in (1, 2, 3))
    found = look_back(newest, first, second)
    labels, scores = (np.concatenate([getattr(one, name) for one in (first, second)]) for name in ("labels", "scores"))
    sample = LabelledSample(ScoredLabels(labels, scores), pd.concat([first.rows, second.rows], ignore_index=True))
    assert (found.batches, found.rows) == (("b1", "b2"), 600)
    assert found.tests == measure_concept_tests(REFERENCE.sample, sample, TABLE, POLICY.concept)
    everyone = np.concatenate([labels, newest.labels]), np.concatenate([scores, newest.scores])
    assert found.pooled_roc_auc == measure_roc_auc(*everyone, 0.95)


@pytest.mark.parametrize(("within", "batches"), [(2, ("b3",)), (3, ("b2", "b3")), (9, ("b1", "b2", "b3"))])
def test_only_so_many_batches_count_as_just_before(within: int, batches: tuple[str, ...]) -> None:
    before = [draw_batch(seed, 100, batch_id=f"b{seed}") for seed in (1, 2, 3)]
    assert look_back(draw_batch(4, 100), *before, repeat_within=within).batches == batches


def test_customers_of_the_newest_batch_are_not_looked_at_twice() -> None:
    newest = draw_batch(1, 300)
    found = look_back(newest, newest)
    assert (found.rows, found.tests) == (0, ())
    assert found.pooled_roc_auc == measure_roc_auc(newest.labels, newest.scores, 0.95)
    half = replace(
        newest, ids=pd.Series([f"new {number}" if number % 2 else who for number, who in enumerate(newest.ids)])
    )
    assert look_back(half, newest).rows == 150


def test_of_a_customer_in_both_earlier_batches_the_newer_row_counts() -> None:
    older = draw_batch(1, 300)
    newer = replace(older, labels=1.0 - older.labels)
    found = look_back(draw_batch(2, 300), older, newer)
    assert found.rows == 300
    assert found.tests == look_back(draw_batch(2, 300), newer).tests


def test_rows_without_an_id_are_customers_of_their_own() -> None:
    nobody = pd.Series([None] * 100, dtype=object)
    first, second = draw_batch(1, 100, ids=nobody), draw_batch(2, 100, ids=nobody)
    assert look_back(second, first).rows == 100


def test_too_few_earlier_customers_are_pooled_but_not_tested() -> None:
    found = look_back(draw_batch(1, 300), draw_batch(2, 60))
    assert (found.rows, found.tests) == (60, ())
    assert found.pooled_roc_auc is not None


def test_the_drop_is_measured_in_both_standard_errors() -> None:
    reference = REFERENCE.reference
    labels, scores = draw_scores(2, 400)
    noisy = np.random.default_rng(3).permutation(scores)
    drop = measure_auc_drop(REFERENCE.rank_error, labels, noisy)
    spread = np.hypot(roc_auc_standard_error(labels, noisy), roc_auc_standard_error(reference.labels, reference.scores))
    values = [measure_roc_auc(*pair, 0.95).value for pair in ((labels, noisy), (reference.labels, reference.scores))]
    assert drop == pytest.approx((values[0] - values[1]) / spread, abs=1e-12)
    assert drop < -3.0


def test_a_drop_that_cannot_be_measured_is_none() -> None:
    labels = np.repeat([0.0, 1.0], 40)
    assert measure_auc_drop((1.0, 0.0), labels, labels) is None
    assert measure_auc_drop((0.8, 0.01), np.zeros(10), np.zeros(10)) is None
    assert measure_auc_drop((0.8, 0.01), np.empty(0), np.empty(0)) is None
    assert measure_auc_drop(None, labels, labels) is None


def test_a_reference_of_one_class_has_no_ranking_to_drop_from() -> None:
    scores = np.linspace(0.0, 1.0, 50)
    assert replace(REFERENCE, reference=ReferenceScores(np.zeros(50), scores, scores)).rank_error is None


def test_the_same_rows_give_the_same_record_and_stay_as_they_were() -> None:
    labels, scores = draw_scores(5, 300)
    labels[:50] = np.nan
    batch, kept = deliver(labels, scores), (labels.copy(), scores.copy())
    assert asdict(judge(batch)) == asdict(judge(batch))
    np.testing.assert_array_equal(batch.labels, kept[0])
    np.testing.assert_array_equal(batch.scores, kept[1])


def test_low_performance_and_drop_stay_quiet_at_350_rows_without_drift() -> None:
    reference, drops, low = build_reference(6).rank_error, 0, 0
    for seed in range(300):
        labels, scores = draw_scores(1000 + seed, 350)
        drop = measure_auc_drop(reference, labels, scores)
        assert drop is not None
        drops += drop < -POLICY.performance.drop_z
        low += measure_roc_auc(labels, scores, 0.95).high < 0.75
    assert drops <= 2
    assert low <= 1
