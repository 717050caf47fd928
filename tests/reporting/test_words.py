from typing import get_args

import pytest

from churn_monitoring.core.records import Action
from churn_monitoring.reporting.words import VERDICTS, describe_next_steps


def test_every_action_has_a_verdict():
    assert set(VERDICTS) == set(get_args(Action))


@pytest.mark.parametrize("action", get_args(Action))
def test_every_action_has_a_next_step_whatever_is_absent(report, bare, action):
    for known in (report, bare):
        known["decision"]["action"] = action
        steps = describe_next_steps(known)
        assert steps
        assert all(step.endswith(".") for step in steps)


def test_a_broken_batch_names_the_columns_to_repair_and_how_to_judge_it_again(report):
    report["decision"]["action"] = "fix_data"
    report["data_quality"]["findings"][1]["severity"] = "failed"
    steps = describe_next_steps(report)
    assert "charges" in steps[0]
    assert "2025-05-26" in steps[1]


def test_a_cooldown_says_until_when(report):
    report["decision"]["cooldown"] = {"active": True, "until": "2025-06-30"}
    assert "2025-06-30" in describe_next_steps(report)[0]


def test_an_alert_without_labels_asks_for_the_cause_of_the_drift_first(report):
    report["decision"]["action"] = "alert"
    report["alerts"] = [
        {"key": "feature_drift"},
        {"key": "data_quality:new_category:plan"},
        {"key": "unheard_of"},
    ]
    steps = describe_next_steps(report)
    assert len(steps) == 2
    assert "business cause" in steps[0]
