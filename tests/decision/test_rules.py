"""The decision table: the first rule that applies wins, and no cooldown hides anything."""

from dataclasses import replace
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.alerting.rules import raise_alerts
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import (
    Alert,
    ConceptTest,
    Cooldown,
    Estimate,
    Evidence,
    Finding,
    LabelledEvidence,
    Performance,
    Probe,
    Quality,
    QualityStatus,
)
from churn_monitoring.decision.rules import RULES, decide, decide_action, render_rules

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = Parameters.model_validate(yaml.safe_load((ROOT / "conf/base/parameters.yml").read_text(encoding="utf-8")))
WAITING, FREE = Cooldown(active=True, until=date(2026, 3, 9)), Cooldown(active=False, until=None)
BROKEN = Alert("data_quality:constant:age", "critical", "Column 'age' is constant.", 1.0, 0.0)
MISSING = Alert("data_quality:missing_share:age", "warning", "Column 'age' misses more.", 0.03, 0.02)
DRIFTED = Alert("feature_drift", "warning", "Feature drift in age.", 0.0, 0.001)
LOW = Alert("performance", "critical", "ROC-AUC is 0.7, below the threshold.", 0.7, 0.75)
CONFIRMED = Alert("concept_drift", "critical", "Concept drift: the slope moved.", 1e-9, 0.001)
GAINS = Alert("probe", "critical", "Retraining would help.", 0.03, 0.01)
BROKE_PROMISE = Alert("probation", "critical", "Version 3 falls short of its promise.", 0.62, 0.78)
NO_BETTER = Alert("promise_broken", "warning", "Version 3 falls short; version 2 is no better.", 0.62, 0.78)
SHIFTED = Alert("label_shift", "warning", "Label shift: the churn rate changed.", 0.1, 0.04)
SMALL = Alert("small_reference", "info", "The batch is large for its reference.", 0.5, 0.2)
CHANCE = Alert("performance", "info", "ROC-AUC is 0.74; that alone may be chance.", 0.74, 0.75)
ALERTS = (BROKEN, MISSING, DRIFTED, CONFIRMED, GAINS, BROKE_PROMISE, NO_BETTER, SHIFTED, SMALL)


def gather(status: QualityStatus = "ok") -> Evidence:
    auc = Estimate(0.8, 0.78, 0.82)
    return Evidence("b", date(2026, 3, 2), 500, Quality(status), (), None, (), 5000, auc)


def test_the_table_reads_from_broken_data_to_any_problem() -> None:
    table = [(rule.action, rule.remedy) for rule in RULES]
    assert table == [
        ("fix_data", None),
        ("alert", "roll_back"),
        ("retrain", None),
        ("alert", "recalibrate"),
        ("alert", None),
    ]


def test_broken_data_wins_over_concept_drift_and_everything_else() -> None:
    decision = decide_action(gather("failed"), ALERTS, FREE)
    assert decision.action == "fix_data"
    assert decision.reasons == (BROKEN.message, MISSING.message)


def test_a_promotion_that_breaks_its_promise_is_taken_back_rather_than_learned_over() -> None:
    decision = decide_action(gather("warning"), [BROKE_PROMISE, CONFIRMED, GAINS, SHIFTED, DRIFTED], FREE)
    assert (decision.action, decision.remedy, decision.reasons) == ("alert", "roll_back", (BROKE_PROMISE.message,))
    assert decide_action(gather("failed"), [BROKE_PROMISE, BROKEN], FREE).remedy is None


def test_a_shortfall_of_a_champion_whose_predecessor_is_no_better_is_for_a_person_or_for_retraining() -> None:
    alone = decide_action(gather(), [NO_BETTER], FREE)
    assert (alone.action, alone.remedy, alone.reasons) == ("alert", None, (NO_BETTER.message,))
    assert decide_action(gather(), [NO_BETTER, CONFIRMED], FREE).action == "retrain"


@pytest.mark.parametrize("reason", [CONFIRMED, GAINS])
def test_concept_drift_and_a_gain_by_the_probe_win_over_other_problems(reason: Alert) -> None:
    decision = decide_action(gather("warning"), [reason, MISSING, DRIFTED, LOW], FREE)
    assert (decision.action, decision.reasons) == ("retrain", (reason.message,))


def test_concept_drift_and_the_probe_are_both_named_where_both_speak() -> None:
    assert decide_action(gather(), [CONFIRMED, GAINS], FREE).reasons == (CONFIRMED.message, GAINS.message)


def test_a_churn_rate_that_moved_at_equal_scores_is_answered_by_recalibrating() -> None:
    decision = decide_action(gather("warning"), [SHIFTED, DRIFTED], FREE)
    assert (decision.action, decision.remedy) == ("alert", "recalibrate")
    assert decide_action(gather(), [DRIFTED], FREE).remedy is None


def test_switched_off_a_moved_churn_rate_is_an_alert_and_nothing_more() -> None:
    performance = Performance(Estimate(0.8, 0.76, 0.84), 0.5, 0.8, 0.6, 0.6, 0.6, 0.15, 0.45, 0.4, 500, 200)
    test = ConceptTest("intercept", 6.0, 1e-9, 0.14)
    labelled = LabelledEvidence("b", date(2026, 3, 2), 500, 1.0, performance, tests=(test,), positives=200)
    moved = replace(gather(), labelled=(labelled,))
    off = SHIPPED.model_copy(update={"recalibration": SHIPPED.recalibration.model_copy(update={"enabled": False})})
    (alerts, asked), (told, kept) = decide(moved, SHIPPED, FREE), decide(moved, off, FREE)
    assert [alert.key for alert in alerts] == [alert.key for alert in told] == ["label_shift"]
    assert (asked.action, asked.remedy) == ("alert", "recalibrate")
    assert (kept.action, kept.remedy, kept.reasons) == ("alert", None, asked.reasons)


@pytest.mark.parametrize("problem", [MISSING, DRIFTED, LOW])
def test_any_other_problem_is_for_a_person_to_look_at(problem: Alert) -> None:
    decision = decide_action(gather("warning"), [problem, SMALL], FREE)
    assert (decision.action, decision.reasons) == ("alert", (problem.message,))


@pytest.mark.parametrize("alerts", [(), (SMALL,), (CHANCE, SMALL)])
def test_without_a_problem_nothing_is_done_and_said_so(alerts: tuple[Alert, ...]) -> None:
    decision = decide_action(gather(), alerts, FREE)
    assert (decision.action, decision.reasons) == ("none", ("Nothing found that asks for action.",))


def test_a_cooldown_delays_a_retraining_and_says_until_when() -> None:
    decision = decide_action(gather(), [CONFIRMED], WAITING)
    assert decision.action == "retrain"
    assert decision.reasons == (
        CONFIRMED.message,
        "Retraining waits until 2026-03-09, the end of the cooldown.",
    )
    assert decision.cooldown == WAITING


@pytest.mark.parametrize("status", ["ok", "warning", "failed"])
@given(alerts=st.sampled_from([chosen for size in range(len(ALERTS) + 1) for chosen in combinations(ALERTS, size)]))
def test_a_cooldown_never_hides_an_alert_or_changes_the_action(
    status: QualityStatus, alerts: tuple[Alert, ...]
) -> None:
    free, waiting = (decide_action(gather(status), alerts, cooldown) for cooldown in (FREE, WAITING))
    assert waiting.action == free.action
    assert waiting.reasons[: len(free.reasons)] == free.reasons
    assert len(waiting.reasons) - len(free.reasons) == (free.action == "retrain")
    assert (free.action == "none") == (status != "failed" and all(alert.severity == "info" for alert in alerts))


def test_deciding_is_raising_the_alerts_and_applying_the_table() -> None:
    finding = Finding("new_category", "plan", "warning", 0.02, 0.005, "plan has new values")
    gain = Probe("xgboost", ("b",), 800, 120, Estimate(0.04, 0.02, 0.06), 1e-5)
    evidence = Evidence(
        "b",
        date(2026, 3, 2),
        500,
        Quality("warning", (finding,)),
        (),
        None,
        (),
        5000,
        Estimate(0.8, 0.78, 0.82),
        probe=gain,
    )
    alerts, decision = decide(evidence, SHIPPED, WAITING)
    assert [alert.key for alert in alerts] == ["probe", "data_quality:new_category:plan"]
    assert alerts == raise_alerts(evidence, SHIPPED)
    assert decision == decide_action(evidence, alerts, WAITING)
    assert decision.action == "retrain"


def test_the_documented_table_has_a_row_for_every_action_in_the_order_they_are_tried() -> None:
    rows = render_rules().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == [*(rule.action for rule in RULES), "none"]
    assert all(rule.when in row and rule.meaning in row for rule, row in zip(RULES, rows, strict=False))
    assert {row.count("|") for row in render_rules().splitlines()} == {6}
