"""The ledger of champions, told by what happened."""

from datetime import UTC, date, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.promotion.reigns import UNRECORDED, Change, Reign, VersionFacts, list_reigns

FACTS = {"1": VersionFacts("xgboost", "da7a", "c0de", "0.1.0")}


def change(day: int, by: str, before: str, after: str, reason: str = "") -> Change:
    at = datetime(2026, 3, day, 12, tzinfo=UTC)
    return Change(f"run {day}", date(2026, 3, day), at, by, before, after, reason)


def tell(*changes: Change, in_service: str) -> list[tuple[str, str, int | None, int | None, str | None]]:
    """Version, by, first and last day of each reign, and what ended it."""
    return [
        (
            reign.version,
            reign.by,
            reign.since.day if reign.since else None,
            reign.until.day if reign.until else None,
            reign.ended_by,
        )
        for reign in list_reigns(changes, FACTS, in_service)
    ]


STORY = (
    change(1, "training", "", "1"),
    change(8, "promoted", "1", "2", "It gains."),
    change(15, "rolled_back", "2", "1", "It fell short."),
    change(22, "recalibrated", "1", "3"),
)


def test_a_poisoned_promotion_is_told_from_training_to_rollback() -> None:
    assert tell(*STORY, in_service="3") == [
        ("1", "training", 1, 8, "promoted"),
        ("2", "promoted", 8, 15, "rolled_back"),
        ("1", "rolled_back", 15, 22, "recalibrated"),
        ("3", "recalibrated", 22, None, None),
    ]


def test_a_reign_knows_why_it_began_why_it_ended_and_what_it_was_made_of() -> None:
    first, second, *_ = list_reigns(STORY, FACTS, "3")
    assert first == Reign(
        "1", "training", date(2026, 3, 1), STORY[0].at, "run 1", "", FACTS["1"],
        until=date(2026, 3, 8), until_at=STORY[1].at, ended_by="promoted", ended_for="It gains.",
    )  # fmt: skip
    assert (second.reason, second.ended_for, second.facts) == ("It gains.", "It fell short.", VersionFacts())


def test_what_changed_nothing_is_passed_over() -> None:
    assert len(tell(STORY[0], change(3, "promoted", "1", "1"), in_service="1")) == 1


def test_an_alias_that_no_run_moved_is_unrecorded_and_not_made_up() -> None:
    assert tell(STORY[0], in_service="7") == [
        ("1", "training", 1, None, UNRECORDED),
        ("7", UNRECORDED, None, None, None),
    ]
    assert tell(STORY[0], change(8, "promoted", "5", "6"), in_service="6") == [
        ("1", "training", 1, None, UNRECORDED),
        ("5", UNRECORDED, None, 8, "promoted"),
        ("6", "promoted", 8, None, None),
    ]


def test_without_any_champion_there_is_no_reign() -> None:
    assert list_reigns([], {}, "") == ()


@given(st.lists(st.tuples(st.sampled_from("1234"), st.sampled_from("1234")), max_size=12), st.sampled_from("1234"))
def test_reigns_follow_each_other_and_end_with_what_serves(pairs: list[tuple[str, str]], in_service: str) -> None:
    changes = [change(day, "promoted", before, after) for day, (before, after) in enumerate(pairs, start=1)]
    reigns = list_reigns(changes[::-1], {}, in_service)
    assert reigns[-1].version == in_service
    assert [reign.ended_by is None for reign in reigns] == [False] * (len(reigns) - 1) + [True]
    assert sum(reign.by != UNRECORDED for reign in reigns) == sum(before != after for before, after in pairs)
    assert all(one.until == two.since for one, two in pairwise(reigns) if two.by != UNRECORDED)
