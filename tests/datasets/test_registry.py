"""The alias moves only for the one that was compared with what still serves."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from mlflow import MlflowClient

from churn_monitoring.datasets import registry
from churn_monitoring.datasets.claims import CLAIM, make_claim
from churn_monitoring.datasets.registry import (
    CHAMPION,
    find_champion,
    list_versions,
    move_aliases,
    put_in_service,
    tag_version,
)
from churn_monitoring.datasets.verification import Verification

ROUNDS = 20


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions that hold nothing and are sound."""

    def register(model_name: str, package: Any, replaces: str) -> str:
        client = MlflowClient()
        if not client.search_registered_models(filter_string=f"name = '{model_name}'"):
            client.create_registered_model(model_name)
        return str(client.create_model_version(model_name, source="nowhere", tags=make_claim(replaces)).version)

    monkeypatch.setattr(registry, "register_package", register)
    monkeypatch.setattr(registry, "verify_version", lambda *_: Verification("", 1))


def when_verifying(monkeypatch: pytest.MonkeyPatch, act: Callable[[str], None]) -> None:
    """Something happens between the registration and the move of the alias."""

    def verify(model_name: str, version: str) -> Verification:
        act(version)
        return Verification("", 1)

    monkeypatch.setattr(registry, "verify_version", verify)


def claims(model_name: str) -> dict[str, str]:
    return {str(version.version): version.tags[CLAIM] for version in list_versions(model_name)}


def test_a_champion_that_is_not_the_one_compared_with_is_not_replaced(model_name: str) -> None:
    put_in_service(model_name, None)
    put_in_service(model_name, None, replaces="1")
    receipt = put_in_service(model_name, None, replaces="1")
    assert receipt == {
        "version_before": "2",
        "version_after": "2",
        "refused": "version 2 was put in service meanwhile, and this one was compared with version 1",
    }
    assert len(list_versions(model_name)) == 2


def test_a_move_during_the_verification_is_not_overwritten(model_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_service(model_name, None)
    put_in_service(model_name, None)
    when_verifying(monkeypatch, lambda _: move_aliases(model_name, "1"))
    receipt = put_in_service(model_name, None, replaces="2")
    assert (receipt["version_after"], find_champion(model_name)) == ("1", "1")
    assert "version 1 was put in service meanwhile" in receipt["refused"]
    assert claims(model_name)["3"] == "lost"


def test_whoever_registered_first_wins_however_slow_it_is(model_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_service(model_name, None)
    receipts = []

    def rival(version: str) -> None:
        if version == "2":
            receipts.append(put_in_service(model_name, None, replaces="1"))

    when_verifying(monkeypatch, rival)
    slow = put_in_service(model_name, None, replaces="1")
    assert (slow["refused"], slow["version_after"]) == ("", "2")
    holder = f"{socket.gethostname()}:{os.getpid()}"
    assert receipts[0]["refused"] == f"version 2 replaces version 1 already (process {holder})"
    assert claims(model_name) == {"1": "promoted", "2": "promoted", "3": "lost"}


def test_a_refused_version_leaves_the_way_free(model_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_service(model_name, None)
    with monkeypatch.context() as patch:
        patch.setattr(registry, "verify_version", lambda *_: Verification("it is broken"))
        assert "it is broken" in put_in_service(model_name, None, replaces="1")["refused"]
        patch.setattr(registry, "verify_version", lambda *_: Verification("", golden_rows=0))
        assert "no golden rows" in put_in_service(model_name, None, replaces="1")["refused"]
    assert put_in_service(model_name, None, replaces="1")["version_after"] == "4"
    assert claims(model_name) == {"1": "promoted", "2": "refused", "3": "refused", "4": "promoted"}


def test_an_interrupted_attempt_leaves_the_way_free(model_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(version: str) -> None:
        raise KeyboardInterrupt

    put_in_service(model_name, None)
    with monkeypatch.context() as patch:
        when_verifying(patch, interrupt)
        with pytest.raises(KeyboardInterrupt):
            put_in_service(model_name, None, replaces="1")
    assert put_in_service(model_name, None, replaces="1")["version_after"] == "3"


def test_a_killed_attempt_of_this_host_leaves_the_way_free_and_a_foreign_one_does_not(model_name: str) -> None:
    put_in_service(model_name, None)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    killed = registry.register_package(model_name, None, "1")  # type: ignore[arg-type]
    tag_version(model_name, killed, "claimed_by", f"{socket.gethostname()}:{ended.pid}")
    assert put_in_service(model_name, None, replaces="1")["version_after"] == "3"
    foreign = registry.register_package(model_name, None, "3")  # type: ignore[arg-type]
    tag_version(model_name, foreign, "claimed_by", "elsewhere:1")
    assert "version 4 replaces version 3 already" in put_in_service(model_name, None, replaces="3")["refused"]


@pytest.mark.parametrize("start", ["", "1"], ids=["first champion", "replacement"])
def test_of_two_promotions_at_once_exactly_one_serves_and_the_other_says_so(
    model_name: str, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    MlflowClient().create_registered_model(model_name)
    for _ in range(ROUNDS if start else 1):
        before = find_champion(model_name)
        if start and not before:
            before = put_in_service(model_name, None)["version_after"]
        both = Barrier(2)
        when_verifying(monkeypatch, lambda _, both=both: both.wait(60))  # type: ignore[misc]
        with ThreadPoolExecutor(2) as pool:
            pair = list(pool.map(partial(put_in_service, model_name, None), [before, before]))
        monkeypatch.setattr(registry, "verify_version", lambda *_: Verification("", 1))
        winners = [receipt for receipt in pair if not receipt["refused"]]
        assert len(winners) == 1, pair
        assert find_champion(model_name) == winners[0]["version_after"]
        (loser,) = [receipt for receipt in pair if receipt["refused"]]
        assert winners[0]["version_after"] in loser["refused"]
    states = list(claims(model_name).values())
    assert states.count("lost") == (ROUNDS if start else 1)
    assert "open" not in states


def test_the_alias_never_points_nowhere_while_it_moves(model_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_service(model_name, None)
    seen = []
    set_alias = MlflowClient.set_registered_model_alias

    def watch(client: MlflowClient, name: str, alias: str, version: str) -> None:
        seen.append(find_champion(name))
        set_alias(client, name, alias, version)

    monkeypatch.setattr(MlflowClient, "set_registered_model_alias", watch)
    put_in_service(model_name, None, replaces="1")
    assert seen == ["1", "1"]
    assert MlflowClient().get_model_version_by_alias(model_name, CHAMPION).version == 2
