"""A churn business whose rate doubles while P(x | y) stays: recalibrated once, never retrained, and quiet again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from churn_monitoring.bench.player import InMemory, Played, Player
from churn_monitoring.bench.scenarios import Scenario
from churn_monitoring.bench.streams import Bench, build_policy, train_champion
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.pipelines import matured
from churn_monitoring.pipelines.monitoring.intake import Batch
from churn_monitoring.pipelines.recalibration import nodes
from churn_monitoring.simulation import simulate
from churn_monitoring.tables import read_labels

from ..conftest import ROOT

CHANGED = 3
SHIFT = Scenario(
    "label_shift",
    "the rate doubles",
    ({"kind": "label_shift", "from_week": CHANGED},),
    weeks=9,
    from_week=CHANGED,
    label_delay_weeks=0,
)


@dataclass(frozen=True)
class Loop:
    """What a cycle would have done: a judgement per batch, the champions, and since which batch each serves."""

    policy: Parameters
    played: list[Played]
    champions: list[ChampionPackage]
    since: list[int]
    frames: dict[str, pd.DataFrame]


def play_loop(values: Mapping[str, Any], seed: int) -> Loop:
    """Play the stream with labels that come with the batch, and carry every recalibration out as the cycle does."""
    policy = build_policy(Bench(values, None, 400, {"customers": 2000}), SHIFT, seed)
    simulated = simulate(policy.table, policy.simulation, None)
    champions, since = [replace(train_champion(simulated.customers, policy), version="1")], [0]
    player, played = Player(policy, {}), []
    deliveries = {name: InMemory(name, frame, date.fromisoformat(name)) for name, frame in simulated.batches.items()}
    for place, (name, delivery) in enumerate(deliveries.items()):
        day = date.fromisoformat(name)
        played.append(player.play(Batch(name, day, day, delivery), champions[-1]))
        if played[-1].judgement.decision.remedy == "recalibrate":
            gather = partial(matured.gather_window_batches, player.ledger, deliveries, {}, champions[-1], day)
            chosen = nodes.choose_rate_rows(gather(policy)[0], player.ledger, champions[-1])
            attempt = nodes.attempt_recalibration(chosen, champions[-1], policy)
            package = nodes.build_recalibrated(attempt, chosen, champions[-1], day, policy)["package"]
            if package is not None:
                champions.append(replace(package, version=str(len(champions) + 1)))
                since.append(place + 1)
    return Loop(policy, played, champions, since, simulated.batches)


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    """The shipped parameters with small candidates and no out-of-fold rows."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "conf/base/parameters.yml").read_text(encoding="utf-8"))
    candidates = {
        name: {"estimator": name, "n_estimators": 30, "max_depth": 3} for name in read["training"]["candidates"]
    }
    changed = {"training": {"candidates": candidates}, "reference": {"min_rows": 0}}
    return read | {block: read[block] | told for block, told in changed.items()}


@pytest.fixture(scope="module")
def loop(values: dict[str, Any]) -> Loop:
    return play_loop(values, seed=7)


def tell_actions(loop: Loop) -> list[str]:
    return [one.judgement.decision.action for one in loop.played]


def test_it_is_recalibrated_once_as_soon_as_labels_show_it_and_never_retrained(loop: Loop) -> None:
    assert loop.since == [0, CHANGED]
    assert [one.judgement.decision.remedy for one in loop.played].count("recalibrate") == 1
    assert "retrain" not in tell_actions(loop)


def test_batches_before_the_shift_and_all_after_the_recalibration_are_quiet(loop: Loop) -> None:
    actions = tell_actions(loop)
    assert actions[: CHANGED - 1] == ["none"] * (CHANGED - 1)
    assert actions[CHANGED:] == ["none"] * (len(actions) - CHANGED)


def test_the_new_version_is_the_same_model(loop: Loop) -> None:
    old, new = loop.champions
    frame = pd.concat(loop.frames.values(), ignore_index=True)
    assert np.abs(new.score(frame) - old.score(frame)).max() <= 1e-12
    assert new.facts["recalibrated_from"] == old.version


def test_the_brier_score_of_the_batches_that_follow_is_repaired(loop: Loop) -> None:
    """Against the old version on the same rows, and against the best that one constant on the logit could do."""
    old, new = loop.champions
    frame = pd.concat(list(loop.frames.values())[loop.since[1] :], ignore_index=True)
    labels, scores = read_labels(frame[loop.policy.table.target], loop.policy.table).to_numpy(float), old.score(frame)
    errors = [(version.calibration.apply(scores) - labels) ** 2 for version in (old, new)]
    gained = errors[0] - errors[1]
    assert gained.mean() / (gained.std() / len(gained) ** 0.5) > 4.0
    shifts = [replace(old.calibration, intercept=old.calibration.intercept + step) for step in np.linspace(0, 2, 81)]
    best = min(np.mean((one.apply(scores) - labels) ** 2) for one in shifts)
    assert errors[1].mean() - best < 0.1 * (errors[0].mean() - best)


@pytest.mark.slow
def test_over_many_worlds_the_shift_is_repaired_and_what_follows_is_quiet(values: dict[str, Any]) -> None:
    loops = [play_loop(values, seed) for seed in range(100, 112)]
    assert all(len(loop.champions) >= 2 for loop in loops)
    assert not any("retrain" in tell_actions(loop) for loop in loops)
    after = [action for loop in loops for action in tell_actions(loop)[loop.since[1] :]]
    assert np.mean([action == "none" for action in after]) >= 0.95
