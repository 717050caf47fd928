import inspect
import re
from typing import get_args

import pytest

from churn_monitoring.alerting import rules
from churn_monitoring.core.records import Action
from churn_monitoring.reporting.words import VERDICTS, describe_next_steps, tell_caution


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


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("estimated_performance", "Get labels of this batch"),
        ("season", "the reference covers it"),
        ("probe", "kedro run --pipeline retraining"),
        ("concept_drift", "kedro run --pipeline retraining"),
    ],
)
def test_each_kind_of_alert_has_its_step(report, key, said):
    report["decision"]["action"] = "alert"
    report["alerts"] = [{"key": key}]
    (step,) = describe_next_steps(report)
    assert said in step


def test_no_alert_that_can_be_raised_is_without_a_step(report):
    source = inspect.getsource(rules)
    for key in re.findall(r'Alert\("(\w+)"', source):
        report["decision"]["action"], report["alerts"] = "alert", [{"key": key}]
        assert "decide whether their cause is known" not in describe_next_steps(report)[0], key


def test_columns_that_no_longer_belong_together_say_where_to_look(report):
    report["decision"]["action"] = "fix_data"
    told = {"severity": "failed", "column": "charges"}
    report["data_quality"]["findings"] = [
        told | {"check": "dependency"},
        told | {"check": "dependency", "column": "age"},
    ]
    steps = describe_next_steps(report)
    assert steps[1].startswith("Look at the join behind column charges, age:")
    report["data_quality"]["findings"] = [told | {"check": "returning"}]
    assert "customers who were in both have other values now" in describe_next_steps(report)[1]
    report["data_quality"]["findings"] = [told | {"check": "constant"}]
    assert len(describe_next_steps(report)) == len(steps) - 1


def test_only_a_check_that_failed_is_looked_into(report):
    report["decision"]["action"] = "fix_data"
    report["data_quality"]["findings"] = [{"severity": "warning", "column": "charges", "check": "returning"}]
    assert not any("batch before" in step for step in describe_next_steps(report))


@pytest.mark.parametrize(("error", "said"), [(0.004, "too high by 0.004"), (-0.004, "too low by 0.004")])
def test_the_track_record_says_on_which_side_estimates_were_off(error, said):
    record = {"batches": 1, "mean_absolute_error": 0.01, "mean_error": error}
    told = tell_caution({"note": "Estimated.", "track_record": record})
    assert "On 1 earlier batch it" in told
    assert said in told
