"""A stream is simulated, played and judged the same every time, however many processes there are."""

from dataclasses import replace
from datetime import date

import pytest

from churn_monitoring.bench.player import Played
from churn_monitoring.bench.scenarios import Scenario
from churn_monitoring.bench.streams import Bench, build_policy, judge_stream, play_seed
from churn_monitoring.bench.workers import play_all
from churn_monitoring.core.errors import PerformanceTooLow
from churn_monitoring.core.records import Decision, Estimate, Evidence, Quality
from churn_monitoring.decision.judgement import Judgement
from churn_monitoring.pipelines.monitoring.maturing import LabelledBatches

from .conftest import BROKEN, QUIET


@pytest.fixture(scope="module")
def outcomes(tiny):
    """Both scenarios by seed, played in this process."""
    advanced = []
    found = play_all(tiny, (QUIET, BROKEN), (1, 2), jobs=1, advance=advanced.append)
    assert advanced == [2, 2]
    return found


def test_outcomes_come_in_the_order_of_seeds_and_scenarios(outcomes):
    told = [(one.seed, one.scenario) for one in outcomes]
    assert told == [(1, "quiet"), (1, "broken_column"), (2, "quiet"), (2, "broken_column")]
    assert all(len(one.actions) == len(one.spec_actions) == len(one.right) == len(one.quiet) == 3 for one in outcomes)


def test_a_seed_is_played_the_same_again_and_alone(outcomes, tiny):
    assert play_seed(tiny, (QUIET,), 1) == outcomes[:1]


def test_more_processes_change_nothing(outcomes, tiny):
    advanced = []
    assert play_all(tiny, (QUIET,), (1, 2), jobs=2, advance=advanced.append) == outcomes[::2]
    assert advanced == [1, 1]


def test_a_broken_week_is_fix_data_and_the_weeks_around_it_are_not(outcomes):
    for one in outcomes[1::2]:
        assert [action == "fix_data" for action in one.actions] == [False, True, False]
        assert (one.detected_after, one.in_time) == (1, True)
        assert one.quiet == (True, False, False)


def test_estimates_are_held_against_what_was_realized_where_labels_came(outcomes):
    quiet = outcomes[0]
    assert len(quiet.estimate_errors) == 2  # the third week's labels come a week after the end
    assert all(abs(error) < 0.15 for error in quiet.estimate_errors)


def test_an_error_in_one_stream_ends_the_bench(tiny):
    hopeless = Bench({**tiny.parameters, "performance_threshold": 0.99}, None, 300, {"customers": 1200})
    with pytest.raises(PerformanceTooLow, match="below performance_threshold"):
        play_all(hopeless, (QUIET,), (1,), jobs=1)


# --- The parameters of a stream --------------------------------------------------------------------------


def test_a_stream_has_the_users_parameters_and_the_changes_of_its_scenario(tiny):
    scenario = replace(BROKEN, policy={"labels.maturity_days": 35}, label_delay_weeks=4)
    before = dict(tiny.parameters["simulation"])
    policy = build_policy(tiny, scenario, 9)
    simulation = policy.simulation
    assert (policy.seed, simulation.seed, simulation.weeks, simulation.batch_rows) == (9, 9, 3, 300)
    assert (simulation.customers, simulation.label_delay_weeks) == (1200, 4)
    assert [change.kind for change in simulation.timeline] == ["broken_column"]
    assert policy.labels.maturity_days == 35
    assert build_policy(tiny, BROKEN, 9).labels.maturity_days == 0
    assert tiny.parameters["simulation"] == before


def test_thresholds_of_the_user_are_those_that_are_benched(tiny):
    edited = Bench({**tiny.parameters, "drift_threshold": 0.01}, None, 300, {})
    assert build_policy(edited, QUIET, 1).drift_threshold == 0.01


# --- Judging a stream ------------------------------------------------------------------------------------


def judged(scenario, *actions):
    """The outcome of a stream on which these actions were decided, week by week."""
    day = date(2025, 1, 6)
    evidence = Evidence("b", day, 300, Quality("ok"), (), None, (), 500, Estimate(0.8, 0.7, 0.9))
    decisions = [Decision(action, ("Said.",)) for action in actions]
    verdicts = [Judgement(evidence, (), decision, decision, "calibrated") for decision in decisions]
    return judge_stream(scenario, 1, [Played("b", day, one, LabelledBatches(), None) for one in verdicts])


DRIFT = Scenario("x", "x", (), "retrain", 5, from_week=2, needs_labels=True, deadline=2, label_delay_weeks=1)


@pytest.mark.parametrize(
    ("actions", "after", "in_time"),
    [
        (("none", "none", "retrain", "none", "none"), 1, True),
        (("none", "none", "none", "retrain", "none"), 2, True),  # due in week 4
        (("none", "none", "none", "none", "retrain"), 3, False),
        (("retrain", "none", "alert", "alert", "alert"), None, False),  # before the change: a false one
    ],
)
def test_an_answer_is_in_time_until_it_is_due(actions, after, in_time):
    outcome = judged(DRIFT, *actions)
    assert (outcome.detected_after, outcome.in_time) == (after, in_time)


def test_where_there_is_nothing_to_detect_nothing_is_detected():
    outcome = judged(QUIET, "none", "alert", "none")
    assert (outcome.detected_after, outcome.in_time, outcome.quiet) == (None, None, (True, True, True))
