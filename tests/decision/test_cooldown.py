"""Waiting after an attempt, and the retraining that was decided but never made."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.core.records import Action, Attempt, Cooldown, LedgerEntry
from churn_monitoring.decision.cooldown import FUTILE, compute_cooldown, find_due_retraining

MONDAY = date(2026, 3, 2)
DAYS = st.dates(min_value=date(2026, 1, 1), max_value=date(2026, 3, 1))


def attempt(day: date, kind: Any = "retraining", verdict: str = "promoted") -> Attempt:
    return Attempt("run", day, kind, verdict, "1", "1")


def judged(day: date, action: Action, as_of: date | None = None) -> LedgerEntry:
    return LedgerEntry(f"run-{day}", day.isoformat(), day, as_of or day, action, False, "1", 10, 10, "abc")


def wait(attempts: list[Attempt], as_of: date, days: int = 7, most: int = 56) -> Cooldown:
    return compute_cooldown(attempts, as_of, days, most)


def find_due(ledger: list[LedgerEntry], attempts: list[Attempt], days: int, most: int = 56) -> date | None:
    return find_due_retraining(ledger, attempts, days, most)


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


@pytest.mark.parametrize(("later", "active"), [(0, True), (6, True), (7, False), (8, False)])
def test_the_cooldown_ends_after_exactly_its_days(later: int, active: bool) -> None:
    found = wait([attempt(MONDAY)], MONDAY + timedelta(days=later))
    assert (found.active, found.until) == (active, week(1) if active else None)


@pytest.mark.parametrize(("kind", "verdict"), [("retraining", "insufficient_evidence"), ("rollback", "rolled_back")])
def test_every_attempt_counts_however_it_ended(kind: str, verdict: str) -> None:
    assert wait([attempt(MONDAY, kind, verdict)], MONDAY + timedelta(days=3)).active


def test_an_attempt_of_a_later_day_is_not_known_yet() -> None:
    assert not wait([attempt(week(1))], MONDAY).active


def test_the_day_of_the_run_decides_and_not_todays_date() -> None:
    past = date(2001, 1, 1)
    assert wait([attempt(past)], past + timedelta(days=1)).active


@given(st.lists(DAYS, max_size=5), DAYS, st.integers(0, 40))
def test_a_cooldown_is_active_if_and_only_if_some_known_attempt_is_recent(
    days: list[date], as_of: date, length: int
) -> None:
    found = wait([attempt(day) for day in days], as_of, length)
    assert found.active == any(0 <= (as_of - day).days < length for day in days)
    assert (found.until is not None) == found.active
    if found.until is not None:
        assert found.until > as_of
        assert not wait([attempt(day) for day in days if day <= as_of], found.until, length).active


@pytest.mark.parametrize(
    ("verdicts", "days"),
    [
        (["promoted"], 7),
        (["kept"], 14),
        (["kept", "kept"], 28),
        (["kept", "refused_data", "kept"], 56),
        (["kept"] * 4, 56),
        (["kept"] * 500, 56),
        (["kept", "kept", "promoted"], 7),
        (["promoted", "kept"], 14),
        (["kept", "insufficient_evidence"], 7),
        (["kept", "rolled_back"], 7),
    ],
)
def test_the_wait_doubles_with_every_attempt_in_a_row_that_was_of_no_use(verdicts: list[str], days: int) -> None:
    tried = [attempt(week(-number), verdict=verdict) for number, verdict in enumerate(reversed(verdicts))]
    assert wait(tried, MONDAY).until == MONDAY + timedelta(days=days)


@pytest.mark.parametrize(("days", "most", "expected"), [(7, 10, 10), (7, 7, 7), (7, 0, 7), (0, 56, None), (30, 56, 56)])
def test_the_wait_is_never_longer_than_the_longest_nor_shorter_than_the_shortest(
    days: int, most: int, expected: int | None
) -> None:
    found = wait([attempt(MONDAY, verdict="kept")], MONDAY, days, most)
    assert found.until == (None if expected is None else MONDAY + timedelta(days=expected))


def test_a_futile_attempt_of_a_later_day_does_not_lengthen_the_wait() -> None:
    tried = [attempt(week(0), verdict="kept"), attempt(week(3), verdict="kept")]
    assert wait(tried, week(1)).until == week(2)
    assert wait(tried, week(3)).until == week(3) + timedelta(days=28)


@given(st.lists(st.tuples(DAYS, st.sampled_from([*FUTILE, "promoted", "insufficient_evidence"])), max_size=6), DAYS)
def test_the_order_in_which_attempts_are_remembered_does_not_matter(tried: list[tuple[date, str]], as_of: date) -> None:
    attempts = [attempt(day, verdict=verdict) for day, verdict in dict(tried).items()]
    assert wait(attempts, as_of) == wait(attempts[::-1], as_of)


def test_a_decision_within_the_doubled_wait_is_not_due() -> None:
    assert find_due([judged(week(1), "retrain")], [attempt(week(0), verdict="kept")], 7) is None
    assert find_due([judged(week(2), "retrain")], [attempt(week(0), verdict="kept")], 7) == week(2)


def test_a_decided_retraining_that_was_killed_before_it_began_is_due() -> None:
    ledger = [judged(week(0), "none"), judged(week(1), "retrain")]
    assert find_due(ledger, [], 7) == week(1)


@pytest.mark.parametrize("later", [0, 1, 30])
def test_an_attempt_on_or_after_its_day_answers_a_decision(later: int) -> None:
    answered = attempt(week(1) + timedelta(days=later))
    assert find_due([judged(week(1), "retrain")], [answered], 0) is None


def test_an_attempt_before_the_decision_does_not_answer_it() -> None:
    assert find_due([judged(week(2), "retrain")], [attempt(week(0))], 7) == week(2)


def test_a_decision_within_the_cooldown_is_not_due() -> None:
    ledger = [judged(week(1), "retrain")]
    assert find_due(ledger, [attempt(week(0))], 8) is None
    assert find_due(ledger, [attempt(week(0))], 7) == week(1)


@pytest.mark.parametrize("action", ["none", "alert", "fix_data"])
def test_only_the_newest_judgement_counts(action: Action) -> None:
    assert find_due([judged(week(0), "retrain"), judged(week(1), action)], [], 7) is None


def test_a_batch_that_arrives_late_does_not_take_back_a_newer_decision() -> None:
    ledger = [judged(week(2), "retrain"), judged(week(0), "none")]
    assert find_due(ledger, [], 7) == week(2)


def test_of_batches_judged_on_one_day_the_newest_batch_speaks() -> None:
    today = week(9)
    ledger = [judged(week(2), "retrain", today), judged(week(1), "none", today)]
    assert find_due(ledger, [], 7) == today
    assert find_due([*ledger, judged(week(3), "alert", today)], [], 7) is None


def test_nothing_is_due_before_anything_was_judged() -> None:
    assert find_due([], [attempt(MONDAY)], 7) is None


@given(
    st.lists(st.tuples(DAYS, st.sampled_from(["none", "alert", "retrain"])), min_size=1, max_size=6), st.integers(0, 9)
)
def test_once_attempted_on_its_day_nothing_is_due_any_more(judgements: list[tuple[date, Action]], length: int) -> None:
    ledger = [judged(day, action) for day, action in judgements]
    due = find_due(ledger, [], length)
    if due is not None:
        assert find_due(ledger, [attempt(due)], length) is None
