"""Who may replace a champion when several try: the lowest open and living claim."""

import os
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest

from churn_monitoring.datasets.claims import CLAIM_SECONDS, Claim, find_winner, is_at_work, make_claim, read_claim

NOW = 1_000_000.0


def claim(version: int, **told: object) -> Claim:
    values = {"version": version, "replaces": "4", "holder": "here:1", "made_at": NOW - 1, "state": "open"}
    return Claim(**(values | told))  # type: ignore[arg-type]


def winner(*claims: Claim, replaces: str = "4", gone: tuple[str, ...] = ()) -> int | None:
    found = find_winner(claims, replaces, NOW, lambda holder: holder not in gone)
    return found.version if found else None


def test_the_lowest_version_wins_in_whatever_order_they_are_listed() -> None:
    assert winner(claim(7), claim(5), claim(6)) == 5


@pytest.mark.parametrize("state", ["promoted", "lost", "refused"])
def test_a_settled_claim_stands_in_nobodys_way(state: str) -> None:
    assert winner(claim(5, state=state), claim(6)) == 6


def test_a_claim_to_replace_another_version_does_not_count() -> None:
    assert winner(claim(5, replaces="3"), claim(6)) == 6
    assert winner(claim(5, replaces="3")) is None
    assert winner(claim(1, replaces=""), replaces="") == 1


def test_a_claim_whose_process_is_gone_is_dead() -> None:
    assert winner(claim(5, holder="here:9"), claim(6), gone=("here:9",)) == 6


def test_a_claim_is_dead_after_an_hour_its_own_holder_included() -> None:
    old = claim(5, made_at=NOW - CLAIM_SECONDS - 1)
    assert winner(old, claim(6)) == 6
    assert winner(old) is None
    assert winner(claim(5, made_at=NOW - CLAIM_SECONDS + 1), claim(6)) == 5


def test_a_claim_made_is_the_claim_read() -> None:
    version = SimpleNamespace(version=7, tags=make_claim("6"), creation_timestamp=5_000)
    assert read_claim(version) == Claim(7, "6", f"{socket.gethostname()}:{os.getpid()}", 5.0, "open")
    first = SimpleNamespace(version=1, tags=make_claim(""), creation_timestamp=5_000)
    assert read_claim(first) == Claim(1, "", f"{socket.gethostname()}:{os.getpid()}", 5.0, "open")


def test_a_version_registered_by_an_earlier_program_makes_no_claim() -> None:
    assert read_claim(SimpleNamespace(version=7, tags={}, creation_timestamp=5_000)) is None


def test_only_a_process_of_this_host_can_be_known_to_be_gone() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not is_at_work(f"{socket.gethostname()}:{ended.pid}")
    assert is_at_work(f"{socket.gethostname()}:{os.getpid()}")
    assert is_at_work(f"another-host:{ended.pid}")
    assert is_at_work("nonsense")
