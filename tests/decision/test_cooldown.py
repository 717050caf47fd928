"""Waiting after an attempt, and the retraining that was decided but never made."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.core.records import Action, Attempt, LedgerEntry
from churn_monitoring.decision.cooldown import compute_cooldown, find_due_retraining

MONDAY = date(2026, 3, 2)
DAYS = st.dates(min_value=date(2026, 1, 1), max_value=date(2026, 3, 1))


def attempt(day: date, kind: Any = "retraining", verdict: str = "kept") -> Attempt:
    return Attempt("run", day, kind, verdict, "1", "1")


def judged(day: date, action: Action, as_of: date | None = None) -> LedgerEntry:
    return LedgerEntry(f"run-{day}", day.isoformat(), day, as_of or day, action, False, "1", 10, 10, "abc")


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


@pytest.mark.parametrize(("later", "active"), [(0, True), (6, True), (7, False), (8, False)])
def test_the_cooldown_ends_after_exactly_its_days(later: int, active: bool) -> None:
    found = compute_cooldown([attempt(MONDAY)], MONDAY + timedelta(days=later), 7)
    assert (found.active, found.until) == (active, week(1) if active else None)


@pytest.mark.parametrize(("kind", "verdict"), [("retraining", "insufficient_evidence"), ("rollback", "rolled_back")])
def test_every_attempt_counts_however_it_ended(kind: str, verdict: str) -> None:
    assert compute_cooldown([attempt(MONDAY, kind, verdict)], MONDAY + timedelta(days=3), 7).active


def test_an_attempt_of_a_later_day_is_not_known_yet() -> None:
    assert not compute_cooldown([attempt(week(1))], MONDAY, 7).active


def test_the_day_of_the_run_decides_and_not_todays_date() -> None:
    past = date(2001, 1, 1)
    assert compute_cooldown([attempt(past)], past + timedelta(days=1), 7).active


@given(st.lists(DAYS, max_size=5), DAYS, st.integers(0, 40))
def test_a_cooldown_is_active_if_and_only_if_some_known_attempt_is_recent(
    days: list[date], as_of: date, length: int
) -> None:
    found = compute_cooldown([attempt(day) for day in days], as_of, length)
    assert found.active == any(0 <= (as_of - day).days < length for day in days)
    assert (found.until is not None) == found.active
    if found.until is not None:
        assert found.until > as_of
        assert not compute_cooldown([attempt(day) for day in days if day <= as_of], found.until, length).active


def test_a_decided_retraining_that_was_killed_before_it_began_is_due() -> None:
    ledger = [judged(week(0), "none"), judged(week(1), "retrain")]
    assert find_due_retraining(ledger, [], 7) == week(1)


@pytest.mark.parametrize("later", [0, 1, 30])
def test_an_attempt_on_or_after_its_day_answers_a_decision(later: int) -> None:
    answered = attempt(week(1) + timedelta(days=later))
    assert find_due_retraining([judged(week(1), "retrain")], [answered], 0) is None


def test_an_attempt_before_the_decision_does_not_answer_it() -> None:
    assert find_due_retraining([judged(week(2), "retrain")], [attempt(week(0))], 7) == week(2)


def test_a_decision_within_the_cooldown_is_not_due() -> None:
    ledger = [judged(week(1), "retrain")]
    assert find_due_retraining(ledger, [attempt(week(0))], 8) is None
    assert find_due_retraining(ledger, [attempt(week(0))], 7) == week(1)


@pytest.mark.parametrize("action", ["none", "alert", "fix_data"])
def test_only_the_newest_judgement_counts(action: Action) -> None:
    assert find_due_retraining([judged(week(0), "retrain"), judged(week(1), action)], [], 7) is None


def test_a_batch_that_arrives_late_does_not_take_back_a_newer_decision() -> None:
    ledger = [judged(week(2), "retrain"), judged(week(0), "none")]
    assert find_due_retraining(ledger, [], 7) == week(2)


def test_of_batches_judged_on_one_day_the_newest_batch_speaks() -> None:
    today = week(9)
    ledger = [judged(week(2), "retrain", today), judged(week(1), "none", today)]
    assert find_due_retraining(ledger, [], 7) == today
    assert find_due_retraining([*ledger, judged(week(3), "alert", today)], [], 7) is None


def test_nothing_is_due_before_anything_was_judged() -> None:
    assert find_due_retraining([], [attempt(MONDAY)], 7) is None


@given(
    st.lists(st.tuples(DAYS, st.sampled_from(["none", "alert", "retrain"])), min_size=1, max_size=6), st.integers(0, 9)
)
def test_once_attempted_on_its_day_nothing_is_due_any_more(judgements: list[tuple[date, Action]], length: int) -> None:
    ledger = [judged(day, action) for day, action in judgements]
    due = find_due_retraining(ledger, [], length)
    if due is not None:
        assert find_due_retraining(ledger, [attempt(due)], length) is None
