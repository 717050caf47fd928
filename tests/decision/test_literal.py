"""The specification's rules to the letter: each fires alone, at its threshold, without any of our cautions."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import (
    Cooldown,
    Decision,
    Estimate,
    Evidence,
    FeatureDrift,
    Finding,
    LabelledEvidence,
    Performance,
    Quality,
)
from churn_monitoring.decision.literal import decide_literally
from churn_monitoring.decision.rules import decide

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = Parameters.model_validate(yaml.safe_load((ROOT / "conf/base/parameters.yml").read_text(encoding="utf-8")))
DAY = date(2026, 3, 2)
WAITING, FREE = Cooldown(active=True, until=date(2026, 3, 9)), Cooldown(active=False, until=None)
QUIET = Evidence("2026-03-02", DAY, 500, Quality("ok"), (), None, (), 5000, Estimate(0.85, 0.84, 0.86))


def compare(p_value: float | None, name: str = "age", kind: Any = "numeric") -> FeatureDrift:
    """A comparison that the calibrated rules would not call drift."""
    return FeatureDrift(name, kind, "kolmogorov_smirnov", 0.02, p_value, p_value, 0.01, drifted=False)


def compare_ten(*p_values: float) -> tuple[FeatureDrift, ...]:
    rest = [0.5] * (10 - len(p_values))
    return tuple(compare(p_value, f"f{number}") for number, p_value in enumerate([*p_values, *rest]))


def label(roc_auc: float = 0.84, p_value: float | None = 0.5) -> LabelledEvidence:
    estimate = Estimate(roc_auc, roc_auc - 0.05, roc_auc + 0.05)
    performance = Performance(estimate, 0.5, 0.8, 0.5, 0.5, 0.5, 0.1, 0.4, 0.4, rows=500, positives=100)
    return LabelledEvidence("2026-02-23", DAY, 500, 1.0, performance, compare(p_value, "churned", "target"))


def judge(cooldown: Cooldown = FREE, policy: Parameters = SHIPPED, **changes: Any) -> Decision:
    return decide_literally(replace(QUIET, **changes), policy, cooldown)


def find(severity: Any) -> Quality:
    return Quality("warning", (Finding("new_category", "plan", severity, 0.1, 0.005, "plan has new values"),))


def test_where_no_threshold_is_crossed_nothing_is_done() -> None:
    decision = judge(features=compare_ten(), prediction=compare(0.3), labelled=(label(),), quality=find("info"))
    assert (decision.action, decision.reasons) == ("none", ("No threshold of the specification is crossed.",))


@pytest.mark.parametrize(("roc_auc", "action"), [(0.7499, "retrain"), (0.75, "none")])
def test_a_point_estimate_below_the_threshold_retrains_however_uncertain(roc_auc: float, action: str) -> None:
    decision = judge(labelled=(label(roc_auc),))
    assert decision.action == action
    if action == "retrain":
        assert decision.reasons == ("ROC-AUC 0.750 < 0.75.",)


@pytest.mark.parametrize(("significant", "action"), [(0, "none"), (1, "alert"), (3, "alert"), (4, "retrain")])
def test_features_at_a_bare_p_value_alert_and_more_than_their_share_retrain(significant: int, action: str) -> None:
    decision = judge(features=compare_ten(*[0.049] * significant))
    assert decision.action == action
    assert (action == "retrain") == any("40% of the features" in reason for reason in decision.reasons)
    if significant:
        assert decision.reasons[-1] == f"{significant} of 10 features at p < 0.05."


@pytest.mark.parametrize(("p_value", "action"), [(0.049, "retrain"), (0.05, "none"), (None, "none")])
def test_the_chi_square_on_labels_counts_as_concept_drift(p_value: float | None, action: str) -> None:
    decision = judge(labelled=(label(p_value=p_value),))
    assert decision.action == action
    assert (action == "retrain") == decision.reasons[0].startswith("Chi-square on labels")


@pytest.mark.parametrize(("p_value", "action"), [(0.049, "alert"), (0.05, "none"), (None, "none")])
def test_scores_at_a_bare_p_value_alert(p_value: float | None, action: str) -> None:
    assert judge(prediction=compare(p_value, "prediction", "prediction")).action == action


@pytest.mark.parametrize(("severity", "action"), [("failed", "alert"), ("warning", "alert"), ("info", "none")])
def test_broken_data_is_an_alert_like_any_other(severity: str, action: str) -> None:
    decision = judge(quality=find(severity))
    assert decision.action == action
    assert ("plan has new values" in decision.reasons) == (action == "alert")


def test_a_batch_that_could_not_be_read_is_to_be_repaired_by_any_rules() -> None:
    unreadable = Quality("failed", (Finding("unreadable", None, "failed", 0.0, 0.0, "no columns"),))
    decision = judge(rows=0, quality=unreadable)
    assert (decision.action, decision.reasons) == ("fix_data", ("no columns",))


def test_only_the_newest_labels_are_looked_at() -> None:
    assert judge(labelled=(label(0.5, 1e-9), label())).action == "none"
    assert judge(labelled=(label(), label(0.5, 1e-9))).action == "retrain"
    unjudged = LabelledEvidence("2026-02-23", DAY, 0, 0.0, None)
    assert judge(labelled=(label(0.5, 1e-9), unjudged)).action == "none"


def test_every_rule_that_fired_is_told_and_a_cooldown_only_adds_that_it_waits() -> None:
    everything = {
        "features": compare_ten(*[0.001] * 5),
        "prediction": compare(0.001),
        "labelled": (label(0.6, 1e-9),),
        "quality": find("warning"),
    }
    free, waiting = judge(FREE, **everything), judge(WAITING, **everything)
    assert (free.action, len(free.reasons)) == ("retrain", 6)
    assert waiting.reasons[:-1] == free.reasons
    assert waiting.reasons[-1] == "Retraining waits until 2026-03-09, the end of the cooldown."
    assert waiting.cooldown == WAITING


def test_what_the_calibrated_rules_take_for_chance_retrains_to_the_letter() -> None:
    evidence = replace(QUIET, features=compare_ten(0.01, 0.02, 0.03, 0.04), labelled=(label(0.745, 0.03),))
    assert decide(evidence, SHIPPED, FREE)[1].action == "none"
    assert decide_literally(evidence, SHIPPED, FREE).action == "retrain"


@pytest.mark.parametrize(
    ("changes", "evidence"),
    [
        ({"performance_threshold": 0.80}, {"labelled": (label(0.78),)}),
        ({"drift_threshold": 0.10}, {"labelled": (label(p_value=0.07),)}),
        ({"drift_share_threshold": 0.10}, {"features": compare_ten(0.01, 0.01)}),
    ],
)
def test_each_threshold_of_the_specification_moves_the_literal_verdict(
    changes: dict[str, float], evidence: dict[str, Any]
) -> None:
    assert judge(**evidence).action != "retrain"
    assert judge(policy=SHIPPED.model_copy(update=changes), **evidence).action == "retrain"
