"""The life of a problem: what is news, once, and what is not."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.alerting.lifecycle import RANK, Judged, News, Problem, follow
from churn_monitoring.core.records import Alert, Severity

START = date(2026, 3, 2)
KEYS, SEVERITIES = ("drift", "performance", "data"), ("info", "warning", "critical")
STREAMS = st.lists(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(SEVERITIES)), max_size=20)


def judge(week: int, found: Mapping[str, Any], **more: Any) -> Judged:
    alerts = [Alert(key, severity, f"{key} in week {week}", 1.0, 0.5) for key, severity in found.items()]
    return Judged(f"week {week}", START + timedelta(weeks=week), alerts, **more)


def play(stream: Sequence[Mapping[str, Any]]) -> tuple[list[tuple[int, News]], tuple[Problem, ...]]:
    """News by week, and what is open in the end; reminders after 14 days, two quiet batches resolve."""
    problems: tuple[Problem, ...] = ()
    told = []
    for week, found in enumerate(stream):
        problems, news = follow(problems, judge(week, found), 14, 2)
        told += [(week, one) for one in news]
    return told, problems


def kinds(told: Sequence[tuple[int, News]]) -> list[tuple[int, str]]:
    return [(week, news.kind) for week, news in told]


def test_a_drift_of_six_weeks_opens_once_is_reminded_of_by_the_rule_and_is_resolved_once() -> None:
    told, still_open = play([{}, *[{"drift": "warning"}] * 6, {}, {}, {}])
    assert kinds(told) == [(1, "opened"), (3, "reminder"), (5, "reminder"), (8, "resolved")]
    assert still_open == ()
    (_, resolved) = told[-1]
    assert (resolved.problem.first_batch, resolved.problem.last_batch) == ("week 1", "week 6")
    assert resolved.problem.quiet == ("week 7", "week 8")


def test_one_quiet_batch_among_others_neither_resolves_nor_opens_again() -> None:
    told, still_open = play([{"drift": "warning"}, {}, {"drift": "warning"}, {}])
    assert kinds(told) == [(0, "opened"), (2, "reminder")]
    assert [problem.quiet for problem in still_open] == [("week 3",)]


def test_it_worsens_once_however_its_severity_wavers() -> None:
    stream = [{"data": severity} for severity in ("warning", "critical", "warning", "critical")]
    told, (still_open,) = play(stream)
    assert kinds(told) == [(0, "opened"), (1, "worsened"), (3, "reminder")]
    assert (told[1][1].before, told[1][1].problem.severity) == ("warning", "critical")
    assert still_open.severity == "critical"
    assert still_open.message == "data in week 3"


def test_nobody_is_reminded_of_information() -> None:
    told, _ = play([{"data": "info"}] * 6)
    assert kinds(told) == [(0, "opened")]


@given(STREAMS)
def test_every_episode_has_exactly_one_opening_and_at_most_one_resolution(stream: list[dict[str, Severity]]) -> None:
    told, still_open = play(stream)
    for key in KEYS:
        own = [news.kind for _, news in told if news.problem.key == key]
        changes = [kind for kind in own if kind in ("opened", "resolved")]
        assert changes == ["opened", "resolved"] * (len(changes) // 2) + ["opened"] * (len(changes) % 2)
        assert own[:1] in ([], ["opened"])
        assert (changes[-1:] == ["opened"]) == (key in {problem.key for problem in still_open})
        seen = [week for week, found in enumerate(stream) if key in found]
        assert bool(seen) == bool(own), "whatever was found was told"


@given(STREAMS)
def test_within_an_episode_news_of_severity_only_ever_gets_worse(stream: list[dict[str, Severity]]) -> None:
    told, _ = play(stream)
    for _, news in told:
        if news.kind == "worsened":
            assert news.before is not None
            assert RANK[news.problem.severity] > RANK[news.before]
        else:
            assert news.before is None


@given(STREAMS)
def test_judging_any_batch_again_as_it_was_tells_nothing_and_changes_nothing(stream: list[dict[str, Severity]]) -> None:
    problems: tuple[Problem, ...] = ()
    for week, found in enumerate(stream):
        problems, _ = follow(problems, judge(week, found), 14, 2)
        for earlier in range(week + 1):
            again = judge(earlier, stream[earlier], newest=earlier == week, known=stream[earlier])
            repaired = {one.key for one in problems if one.first_batch == one.last_batch == f"week {earlier}"}
            assert not repaired - set(stream[earlier])
            assert follow(problems, again, 14, 2) == (problems, ())


def test_a_batch_that_was_repaired_resolves_what_it_alone_has_shown_at_once() -> None:
    problems, _ = follow((), judge(0, {"data": "critical", "drift": "warning"}), 14, 2)
    problems, _ = follow(problems, judge(1, {"drift": "warning"}), 14, 2)
    after, news = follow(problems, judge(0, {}, newest=False, known={"data": "critical"}), 14, 2)
    assert [(one.kind, one.problem.key) for one in news] == [("resolved", "data")]
    assert [problem.key for problem in after] == ["drift"], "a later batch has shown it too"


def test_an_older_batch_that_comes_late_opens_what_it_shows_and_resolves_nothing_else() -> None:
    problems, _ = follow((), judge(5, {"drift": "warning"}), 14, 2)
    after, news = follow(problems, judge(2, {"data": "critical"}, newest=False), 14, 2)
    assert [(one.kind, one.problem.key) for one in news] == [("opened", "data")]
    assert {problem.key: problem.quiet for problem in after} == {"data": (), "drift": ()}


def test_a_batch_that_tells_nothing_counts_as_no_quiet_one() -> None:
    problems, _ = follow((), judge(0, {"drift": "warning"}), 14, 2)
    for week in (1, 2, 3):
        after, news = follow(problems, judge(week, {}, conclusive=False), 14, 2)
        assert (after, news) == (problems, ())


def test_the_same_quiet_batch_judged_twice_counts_once() -> None:
    problems, _ = follow((), judge(0, {"drift": "warning"}), 14, 2)
    for _ in range(3):
        problems, news = follow(problems, judge(1, {}), 14, 2)
        assert news == ()
    assert problems[0].quiet == ("week 1",)


def test_nothing_given_is_changed_and_of_two_alerts_of_one_key_the_worse_counts() -> None:
    problem = Problem("drift", "warning", "m", "week 0", START, "week 0", START)
    once = judge(1, {"drift": "warning"})
    twice = replace(once, alerts=(*once.alerts, Alert("drift", "critical", "worse", 1.0, 0.0)))
    (after,), (news,) = follow((problem,), twice, 14, 2)
    assert (news.kind, after.message) == ("worsened", "worse")
    assert problem == Problem("drift", "warning", "m", "week 0", START, "week 0", START)
