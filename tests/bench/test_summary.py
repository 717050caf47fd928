"""The table of a bench, counted by hand."""

import json

import pytest

from churn_monitoring.bench.scenarios import Scenario
from churn_monitoring.bench.summary import render_markdown, show_rate, show_summary, summarize_bench
from churn_monitoring.bench.tally import StreamOutcome

NONE, RETRAIN = frozenset({"none"}), frozenset({"retrain"})
QUIET = Scenario("quiet", "nothing changes", weeks=4, from_week=5)
DRIFT = Scenario("concept_drift", "concept drift, sudden", (), "retrain", 4, from_week=2)
ANSWERED = StreamOutcome(
    "concept_drift",
    1,
    ("none", "retrain", "retrain", "alert"),
    ("retrain", "none", "retrain", "retrain"),
    (NONE, RETRAIN, RETRAIN, RETRAIN),
    (True, False, False, False),
    detected_after=1,
    in_time=True,
    estimate_errors=(0.01, -0.03),
)
MISSED = StreamOutcome(
    "concept_drift",
    2,
    ("none", "none", "none", "none"),
    ("none", "alert", "alert", "alert"),
    (NONE, RETRAIN, RETRAIN, RETRAIN),
    (True, False, False, False),
    in_time=False,
)
CALM = StreamOutcome(
    "quiet", 1, ("none", "alert", "none", "none"), ("retrain",) * 4, (NONE,) * 4, (True,) * 4, estimate_errors=(0.02,)
)


@pytest.fixture
def summary():
    return summarize_bench((QUIET, DRIFT), [CALM, ANSWERED, MISSED], 52)


def test_each_line_counts_the_streams_of_its_scenario(summary):
    quiet, drift = summary.lines
    assert (quiet.streams, quiet.batches, quiet.wrong.count, quiet.wrong_spec.count) == (1, 4, 1, 4)
    assert (quiet.in_time, quiet.delay, quiet.retrained.count) == (None, None, 0)
    assert (drift.streams, drift.batches, drift.wrong.count, drift.wrong_spec.count) == (2, 6, 4, 4)
    assert (drift.in_time.count, drift.in_time.of, drift.delay, drift.retrained.count) == (1, 2, 1.0, 2)
    assert (quiet.estimate_error, drift.estimate_error) == (pytest.approx(0.02), pytest.approx(0.02))


def test_quiet_batches_are_those_of_streams_with_nothing_to_find_and_the_weeks_before_a_change_count_nowhere(summary):
    assert (summary.false_alarms.count, summary.false_alarms.of) == (1, 4)
    assert (summary.spec_false_alarms.count, summary.spec_false_alarms.of) == (4, 4)
    assert (summary.wrong.count, summary.wrong.of) == (5, 10)
    assert (summary.spec_wrong.count, summary.spec_wrong.of) == (8, 10)


def test_a_year_has_as_many_batches_as_promised(summary):
    assert summary.false_alarms_a_year.value == pytest.approx(1 * 52 / 4)
    assert summary.false_retrainings_a_year.value == 0.0
    assert summary.spec_false_retrainings_a_year.value == pytest.approx(4 * 52 / 4)
    daily = summarize_bench((QUIET, DRIFT), [CALM, ANSWERED, MISSED], 365)
    assert daily.false_alarms_a_year.value == pytest.approx(1 * 365 / 4)


def test_it_is_plain_json_with_where_the_streams_came_from(summary):
    shown = show_summary(summary, {"source": "world", "rows": 300, "seeds": 2})
    assert json.loads(json.dumps(shown, allow_nan=False))["rows"] == 300
    assert [line["scenario"] for line in shown["lines"]] == ["quiet", "concept_drift"]


def test_it_is_two_markdown_tables_with_as_many_cells_in_every_row(summary):
    first, second = (table.splitlines() for table in render_markdown(summary).split("\n\n"))
    assert (len(first), len(second)) == (4, 6)
    for table in (first, second):
        assert {line.count("|") for line in table} == {table[0].count("|")}
        assert set(table[1]) == set("| -")
    assert "| concept drift, sudden | `retrain` | 1 of 2 = 50.0 %" in first[3]
    assert first[2].startswith("| nothing changes | `none` |  |  | 1 of 4 = 25.0 %")


def test_where_there_is_nothing_to_detect_nothing_is_shown():
    assert show_rate(None) == ""


def test_a_bench_without_streams_says_so():
    summary = summarize_bench((QUIET,), [], 52)
    assert (summary.lines[0].streams, summary.wrong.of) == (0, 0)
    assert "0 of 0" in render_markdown(summary)
