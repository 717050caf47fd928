"""Which action is right in which week, and by when it is due."""

import pytest

from churn_monitoring.bench.scenarios import SCENARIOS, Scenario, find_scenarios
from churn_monitoring.core.options import Change

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def rights(scenario: Scenario) -> list[set[str]]:
    return [set(scenario.right_actions(week)) for week in range(1, scenario.weeks + 1)]


def test_nothing_is_right_but_none_before_a_change_and_after_its_last_week():
    scenario = Scenario("x", "x", (), "fix_data", 8, from_week=4, to_week=6)
    assert rights(scenario) == [{"none"}] * 3 + [{"fix_data"}] * 3 + [{"none"}] * 2


def test_what_only_labels_can_tell_is_known_when_the_first_of_them_come():
    told = {"action": "retrain", "from_week": 4, "label_delay_weeks": 3, "deadline": 2}
    by_labels = Scenario("x", "x", needs_labels=True, **told)
    at_once = Scenario("x", "x", **told)
    assert (by_labels.known_from, by_labels.due_by) == (7, 8)
    assert (at_once.known_from, at_once.due_by) == (4, 5)


def test_other_actions_are_tolerated_only_before_the_answer_is_due():
    told = {"from_week": 2, "deadline": 3, "weeks": 6, "tolerated": frozenset({"none", "alert"})}
    scenario = Scenario("x", "x", (), "retrain", **told)
    assert scenario.due_by == 4
    assert rights(scenario) == [{"none"}, *[{"none", "alert", "retrain"}] * 2, *[{"retrain"}] * 3]


def test_always_tolerated_actions_stay_right_for_good():
    told = {"from_week": 2, "weeks": 5, "tolerated": frozenset({"alert"}), "always": True}
    assert rights(Scenario("x", "x", (), "retrain", **told)) == [{"none"}, *[{"alert", "retrain"}] * 4]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_scenario_begins_quietly_is_answered_within_its_weeks_and_can_be_simulated(scenario):
    assert scenario.right_actions(1) == {"none"}
    if scenario.action == "none":
        assert rights(scenario) == [{"none"}] * scenario.weeks
    else:
        assert scenario.action in scenario.right_actions(scenario.due_by)
        assert scenario.from_week <= scenario.due_by <= scenario.weeks
        assert scenario.to_week is None or scenario.due_by <= scenario.to_week <= scenario.weeks
    for change in scenario.changes:
        told = Change.model_validate(change)
        assert (told.from_week, told.to_week) in {(scenario.from_week, scenario.to_week), (1, None)}


def test_names_of_scenarios_are_unique_and_found_in_the_order_of_the_catalogue():
    assert len(BY_NAME) == len(SCENARIOS)
    assert find_scenarios(None) == SCENARIOS
    assert find_scenarios("concept_drift, quiet,") == (BY_NAME["quiet"], BY_NAME["concept_drift"])


def test_an_unknown_scenario_is_named():
    with pytest.raises(KeyError, match="quite"):
        find_scenarios("quiet,quite")
