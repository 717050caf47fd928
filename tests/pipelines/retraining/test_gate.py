"""The gate as the pipeline asks it: segments of the table, the attempt's level, and what is written down of both."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from churn_monitoring.core.records import Attempt, Quality
from churn_monitoring.learning.candidate import ScoredRows
from churn_monitoring.learning.window import Window
from churn_monitoring.performance.calibration import fit_platt
from churn_monitoring.pipelines.retraining.nodes import Challenger, Stop, WindowCheck
from churn_monitoring.pipelines.retraining.promotion import AttemptJudgement, compare_with_champion
from churn_monitoring.pipelines.retraining.summary import summarize_attempt

DAY = date(2026, 4, 6)
GO_ON = WindowCheck(Quality("ok"), Stop())
KEPT = Attempt("run", date(2026, 3, 30), "retraining", "kept", "2", "2", {"comparison_positives": 90.0})


@pytest.fixture
def window(draw_rows, champion) -> Window:
    rows = draw_rows(3000, 31)
    scored = rows.assign(score=champion.score(rows))
    return Window(("2026-03-30",), scored.head(1000), scored.tail(2000).reset_index(drop=True))


@pytest.fixture
def judge_challenger(window, champion, parameters):
    """Judges a challenger that knows the label by ``knows``, and the wrong one of monthly customers if ``lost``."""

    def call(
        *, knows: float = 0.12, noise: float = 0.05, lost: bool = False, attempts=(), segments=("plan",)
    ) -> AttemptJudgement:
        rows = window.comparison
        labels = rows["label"].to_numpy(float)
        known = np.where((rows["plan"] == "monthly") & lost, -0.1, knows) * labels
        spread = np.random.default_rng(5).normal(0.0, noise, len(labels))
        scores = np.clip(0.8 * rows["score"].to_numpy(float) + known + spread, 0.001, 0.999)
        compared = ScoredRows(np.arange(len(labels)), labels, scores)
        challenger = Challenger("xgboost", None, None, compared, 0.8, calibration=fit_platt(labels, scores))
        policy = parameters.model_copy(update={"segments": segments})
        return compare_with_champion(challenger, challenger, window, GO_ON, champion, attempts, policy)

    return call


def summarize(judgement: AttemptJudgement, window: Window):
    receipt = {"version_before": "2", "version_after": "2"}
    summaries, facts, _ = summarize_attempt(judgement, window, GO_ON, receipt, [], [], DAY, "churn")
    return next(iter(summaries.values())), facts


def test_a_challenger_that_gains_everywhere_is_promoted(judge_challenger):
    judgement = judge_challenger()
    assert judgement.verdict == "promoted"
    assert not any(one.blocked for one in judgement.guardrails)


def test_a_challenger_that_loses_a_segment_named_in_the_parameters_is_kept_out_and_the_segment_named(
    judge_challenger, window
):
    judgement = judge_challenger(knows=0.5, lost=True)
    assert judgement.comparison.challengers["xgboost"].paired.difference.low > 0.01
    assert judgement.verdict == "kept"
    assert any("ROC-AUC where plan = monthly" in reason for reason in judgement.reasons)
    summary, facts = summarize(judgement, window)
    (blocked,) = [one for one in summary["guardrails"] if one["blocked"] and one["name"] == "segment"]
    assert blocked["where"] == "plan = monthly"
    assert facts["metrics"]["loss_segment.plan.monthly"] == blocked["loss"]["value"] > 0.02


def test_a_segment_that_is_not_named_is_not_guarded(judge_challenger):
    assert [one.where for one in judge_challenger(segments=()).guardrails] == [None, None, None]


def test_every_loss_is_a_metric_that_the_tracking_server_takes(judge_challenger, window):
    from mlflow.utils.validation import _validate_metric_name

    _, facts = summarize(judge_challenger(), window)
    for name in facts["metrics"]:
        _validate_metric_name(name)
    assert {"loss_average_precision", "loss_brier", "loss_recall", "loss_segment.plan.yearly"} <= set(facts["metrics"])


def test_a_later_comparison_with_the_same_champion_has_to_be_surer(judge_challenger, window):
    first, third = judge_challenger(), judge_challenger(attempts=(KEPT, KEPT))
    assert (first.comparison.attempt, third.comparison.attempt) == (1, 3)
    low = [one.comparison.challengers["xgboost"].paired.difference.low for one in (first, third)]
    assert low[1] < low[0]
    summary, facts = summarize(third, window)
    assert summary["comparison"]["attempt"] == facts["metrics"]["comparison_attempt"] == 3
    assert summary["comparison"]["confidence"] == pytest.approx(1.0 - 0.05 / 3.0)
    assert "comparison 3 since the last promotion" in third.reasons[1]


def test_counting_begins_anew_after_a_promotion(judge_challenger):
    promoted = replace(KEPT, verdict="promoted")
    assert judge_challenger(attempts=(KEPT, promoted)).comparison.attempt == 1


def test_a_gain_that_a_first_attempt_believes_a_twelfth_does_not(judge_challenger):
    told = {"noise": 0.15}
    little = next(
        knows for knows in np.arange(0.0, 0.3, 0.005) if judge_challenger(knows=knows, **told).verdict == "promoted"
    )
    assert little > 0.0
    assert judge_challenger(knows=little, **told, attempts=(KEPT,) * 11).verdict == "kept"
