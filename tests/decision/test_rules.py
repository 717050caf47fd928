"""The decision table: the first rule that applies wins, and no cooldown hides anything."""

from datetime import date
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.core.options import ConceptOptions
from churn_monitoring.core.records import (
    Alert,
    Cooldown,
    Estimate,
    Evidence,
    FeatureDrift,
    LabelledEvidence,
    Quality,
    QualityStatus,
)
from churn_monitoring.decision.rules import RULES, decide_action

CONCEPT = ConceptOptions(
    p_value=0.001, repeated_p_value=0.01, repeat_within=3, slope_floor=0.2, auc_gap_floor=0.03, rate_floor=0.04
)
WAITING, FREE = Cooldown(active=True, until=date(2026, 3, 9)), Cooldown(active=False, until=None)
BROKEN = Alert("data_quality:constant:age", "critical", "Column 'age' is constant.", 1.0, 0.0)
MISSING = Alert("data_quality:missing_share:age", "warning", "Column 'age' misses more.", 0.03, 0.02)
DRIFTED = Alert("feature_drift", "warning", "Feature drift in age.", 0.0, 0.001)
CONFIRMED = Alert("concept_drift", "critical", "Concept drift: the slope moved.", 1e-9, 0.001)
SMALL = Alert("small_reference", "info", "The batch is large for its reference.", 0.5, 0.2)
ALERTS = (BROKEN, MISSING, DRIFTED, CONFIRMED, SMALL)


def gather(status: QualityStatus = "ok", *, concept: bool = False) -> Evidence:
    test = FeatureDrift("churned", "concept", "calibration_slope", 40.0, 1e-9, 1e-9, 0.4, drifted=True)
    labelled = LabelledEvidence("b", date(2026, 3, 2), 500, 1.0, None, None, test if concept else None)
    auc = Estimate(0.8, 0.78, 0.82)
    return Evidence("b", date(2026, 3, 2), 500, Quality(status), (), None, (labelled,), 2000, auc)


def test_the_table_reads_from_broken_data_to_any_problem() -> None:
    assert [rule.action for rule in RULES] == ["fix_data", "retrain", "alert"]


def test_broken_data_wins_over_concept_drift_and_everything_else() -> None:
    decision = decide_action(gather("failed", concept=True), ALERTS, FREE, CONCEPT)
    assert decision.action == "fix_data"
    assert decision.reasons == (BROKEN.message, MISSING.message)


def test_concept_drift_wins_over_other_problems() -> None:
    decision = decide_action(gather("warning", concept=True), [CONFIRMED, MISSING, DRIFTED], FREE, CONCEPT)
    assert (decision.action, decision.reasons) == ("retrain", (CONFIRMED.message,))


def test_any_other_problem_is_for_a_person_to_look_at() -> None:
    decision = decide_action(gather("warning"), [MISSING, DRIFTED, SMALL], FREE, CONCEPT)
    assert (decision.action, decision.reasons) == ("alert", (MISSING.message, DRIFTED.message))


@pytest.mark.parametrize("alerts", [(), (SMALL,)])
def test_without_a_problem_nothing_is_done_and_said_so(alerts: tuple[Alert, ...]) -> None:
    decision = decide_action(gather(), alerts, FREE, CONCEPT)
    assert (decision.action, decision.reasons) == ("none", ("Nothing found that asks for action.",))


def test_a_cooldown_delays_a_retraining_and_says_until_when() -> None:
    decision = decide_action(gather(concept=True), [CONFIRMED], WAITING, CONCEPT)
    assert decision.action == "retrain"
    assert decision.reasons == (
        CONFIRMED.message,
        "Retraining waits until 2026-03-09, the end of the cooldown.",
    )
    assert decision.cooldown == WAITING


@pytest.mark.parametrize("status", ["ok", "warning", "failed"])
@pytest.mark.parametrize("concept", [False, True])
@given(alerts=st.sampled_from([chosen for size in range(6) for chosen in combinations(ALERTS, size)]))
def test_a_cooldown_never_hides_an_alert_or_changes_the_action(
    status: QualityStatus, concept: bool, alerts: tuple[Alert, ...]
) -> None:
    evidence = gather(status, concept=concept)
    free, waiting = (decide_action(evidence, alerts, cooldown, CONCEPT) for cooldown in (FREE, WAITING))
    assert waiting.action == free.action
    assert waiting.reasons[: len(free.reasons)] == free.reasons
    assert len(waiting.reasons) - len(free.reasons) == (free.action == "retrain")
    assert (free.action == "none") == (
        status != "failed" and not concept and all(alert.severity == "info" for alert in alerts)
    )
