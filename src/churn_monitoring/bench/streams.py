"""One seed of a scenario: simulate the business, train its champion, play the weeks, hold them against the truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from churn_monitoring.bench.player import Played, play_frames
from churn_monitoring.bench.scenarios import Scenario
from churn_monitoring.bench.tally import StreamOutcome
from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.pipelines.training import nodes as training
from churn_monitoring.simulation import simulate


@dataclass(frozen=True)
class Bench:
    """Where streams come from.

    Attributes:
        parameters: as in YAML, plain values.
        table: the labelled table to replay; None for the simulated world.
        rows: of each batch.
        changed: simulation options that differ, such as ``returning_share``.
    """

    parameters: Mapping[str, Any]
    table: pd.DataFrame | None
    rows: int
    changed: Mapping[str, Any]


def play_seed(bench: Bench, scenarios: Sequence[Scenario], seed: int) -> list[StreamOutcome]:
    """Simulate and judge one stream of every scenario; one training table gives one champion, trained once."""
    champions: dict[tuple[TableSchema, int], ChampionPackage] = {}
    outcomes = []
    for scenario in scenarios:
        policy = build_policy(bench, scenario, seed)
        simulated = simulate(policy.table, policy.simulation, bench.table)
        key = policy.table, int(pd.util.hash_pandas_object(simulated.customers).sum())
        if key not in champions:
            champions[key] = train_champion(simulated.customers, policy)
        played = play_frames(simulated.batches, simulated.labels, champions[key], policy)
        outcomes.append(judge_stream(scenario, seed, played))
    return outcomes


def build_policy(bench: Bench, scenario: Scenario, seed: int) -> Parameters:
    """The parameters of one stream: the user's, with the scenario's changes and the seed."""
    values = _copy(bench.parameters)
    simulation = values["simulation"]
    simulation |= {
        "seed": seed,
        "weeks": scenario.weeks,
        "batch_rows": bench.rows,
        "label_delay_weeks": scenario.label_delay_weeks,
        "scenario": scenario.name,
        "scenarios": {scenario.name: [dict(change) for change in scenario.changes]},
        **bench.changed,
    }
    values["seed"] = seed
    values["drift"]["domain_rows"] = 0  # reported only; it decides nothing and takes a third of the time
    for name, value in scenario.policy.items():
        *blocks, key = name.split(".")
        block = values
        for one in blocks:
            block = block[one]
        block[key] = value
    return Parameters.model_validate(values)


def train_champion(customers: pd.DataFrame, policy: Parameters) -> ChampionPackage:
    """A champion by the training pipeline's own nodes."""
    as_of = str(policy.simulation.start)
    table = training.read_customers(customers, policy.table, as_of, policy.customers)
    split = training.split_customers(table, policy.table, policy.training, policy.seed)
    first, second = (
        training.evaluate_candidate(
            training.fit_on_train(table, split, policy.table, candidate, policy.seed),
            table,
            split,
            candidate,
            policy,
        )
        for candidate in policy.training.candidates.values()
    )
    chosen = training.choose_candidate(first, second, policy.performance_threshold)
    return training.build_champion(chosen, table, split, policy)


def judge_stream(scenario: Scenario, seed: int, played: Sequence[Played]) -> StreamOutcome:
    """Hold what was decided in each week against what was right."""
    actions = tuple(one.judgement.calibrated.action for one in played)
    weeks = range(1, len(played) + 1)
    answered = [week for week, action in zip(weeks, actions, strict=True) if _answers(scenario, week, action)]
    first = answered[0] if answered else None
    return StreamOutcome(
        scenario=scenario.name,
        seed=seed,
        actions=actions,
        spec_actions=tuple(one.judgement.spec.action for one in played),
        right=tuple(scenario.right_actions(week) for week in weeks),
        quiet=tuple(scenario.action == "none" or week < scenario.from_week for week in weeks),
        detected_after=None if first is None else first - scenario.known_from + 1,
        in_time=None if scenario.action == "none" else first is not None and first <= scenario.due_by,
        estimate_errors=tuple(_compare_estimates(scenario, played)),
    )


def _answers(scenario: Scenario, week: int, action: str) -> bool:
    return scenario.action != "none" and week >= scenario.from_week and action == scenario.action


def _compare_estimates(scenario: Scenario, played: Sequence[Played]) -> list[float]:
    """Estimated minus realized ROC-AUC from the change on, where both are known by the end."""
    realized: dict[str, float] = {}
    for one in played:
        realized |= {
            item.batch_id: item.performance.roc_auc.value for item in one.labelled.everything if item.performance
        }
    changed = played if scenario.action == "none" else played[scenario.from_week - 1 :]
    return [
        one.estimated_roc_auc - realized[one.batch_id]
        for one in changed
        if one.estimated_roc_auc is not None and one.batch_id in realized
    ]


def _copy(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copy(value) if isinstance(value, Mapping) else value for name, value in values.items()}
