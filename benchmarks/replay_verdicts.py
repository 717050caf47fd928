"""How often a quiet replay raises an alarm, and how soon a drifted one is found, over many seeds.

    python benchmarks/replay_verdicts.py telco 20        # environment, seeds

Plays the nodes of training, monitoring in memory (no MLflow, no files but the table), each seed with its own
split of the table, weeks and candidates. Prints, with Wilson 95 % intervals: batches with an alert of severity
warning or above, runs with at least nine of ten weeks quiet, false retrainings; with the concept drift of the
environment's YAML: the week of the decision.
"""

import math
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from omegaconf import OmegaConf

from churn_monitoring.core import options as o
from churn_monitoring.core.records import LedgerEntry
from churn_monitoring.datasets.files import read_table
from churn_monitoring.pipelines.monitoring import intake, nodes
from churn_monitoring.pipelines.training import nodes as training
from churn_monitoring.simulation import Simulated, simulate

ROOT = Path(__file__).resolve().parents[1]
WEEKS_JUDGED = 10
DRIFT_WEEK = 5


def load_parameters(env: str) -> dict[str, Any]:
    blocks = [OmegaConf.load(ROOT / "conf" / name / "parameters.yml") for name in ("base", env)]
    return OmegaConf.to_container(OmegaConf.merge(*blocks), resolve=False)  # type: ignore[return-value]


def train(customers: Any, p: dict[str, Any], schema: o.TableSchema, seed: int) -> Any:
    performance, options = o.PerformanceOptions(**p["performance"]), o.TrainingOptions(**p["training"])
    table = training.read_customers(customers, schema, "2025-01-01")
    split = training.split_customers(table, schema, options, seed)
    candidates = []
    for candidate in options.candidates.values():
        model = training.fit_on_train(table, split, schema, candidate, seed)
        candidates.append(training.evaluate_candidate(model, table, split, candidate, performance))
    chosen = training.choose_candidate(*candidates, p["performance_threshold"])
    reference = o.ReferenceOptions(**p["reference"])
    return training.build_champion(chosen, table, split, schema, options, reference, performance, seed)


def play(world: Simulated, champion: Any, p: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Action and keys of the warnings of each week; nothing is retrained."""
    drift, concept = o.DriftOptions(**p["drift"]), o.ConceptOptions(**p["concept"])
    performance = o.PerformanceOptions(**p["performance"])
    files = {name: (lambda frame=frame: frame) for name, frame in world.labels.items()}
    ledger: list[LedgerEntry] = []
    kept: dict[str, Any] = {}
    found = []
    for batch_id, frame in world.batches.items():
        day = date.fromisoformat(batch_id)
        batch = intake.Batch(batch_id, day, day, SimpleNamespace(load=lambda frame=frame: frame))
        rows = intake.read_batch(batch, champion)
        scored, _ = nodes.score_batch(batch, rows, champion)
        profile = nodes.profile_batch(rows, scored, champion)
        labels = nodes.gather_known_labels(files, batch, champion)
        quality = nodes.measure_batch_quality(rows, profile, champion, labels, o.QualityOptions(**p["quality"]))
        measured = nodes.measure_batch_drift(rows, profile, champion, drift, p["drift_threshold"])
        matured = nodes.gather_matured_batches(
            batch, scored, kept, ledger, labels, champion, o.LabelOptions(**p["labels"])
        )
        labelled = nodes.measure_matured_batches(matured, champion, performance, concept)
        evidence = nodes.gather_evidence(batch, profile, quality, measured, labelled, {"estimated": None}, champion)
        alerts = nodes.raise_batch_alerts(
            evidence, p["performance_threshold"], p["drift_share_threshold"], drift, performance, concept
        )
        decision = nodes.decide_batch_action(evidence, alerts, (), p["retraining_cooldown_days"], concept)
        kept[batch_id] = lambda scored=scored: scored
        ledger.append(LedgerEntry("", batch_id, day, day, decision.action, False, champion.version, 0, 0, ""))
        found.append((decision.action, [alert.key for alert in alerts if alert.severity != "info"]))
    return found


def wilson(hits: int, trials: int) -> str:
    z, share = 1.96, hits / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    reach = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials**2)) / (1 + z * z / trials)
    return f"{hits} of {trials} = {share:.1%} ({max(centre - reach, 0):.1%} to {min(centre + reach, 1):.1%})"


def main(env: str, seeds: int) -> None:
    p = load_parameters(env)
    schema = o.TableSchema(**p["schema"])
    table = read_table(ROOT / "data" / "01_raw" / f"{env}.csv")
    alarmed, good_runs, retrained, decided, kinds = 0, 0, 0, [], {}
    for seed in range(seeds):
        quiet, drifted = (
            simulate(schema, o.SimulationOptions(**{**p["simulation"], "seed": seed, "scenario": name}), table)
            for name in ("quiet", "concept_drift")
        )
        champion = train(quiet.customers, p, schema, seed)
        weeks = play(quiet, champion, p)[1 : WEEKS_JUDGED + 1]
        loud = [keys for _, keys in weeks if keys]
        for keys in loud:
            for key in keys:
                kinds[key] = kinds.get(key, 0) + 1
        alarmed += len(loud)
        good_runs += len(loud) <= 1
        retrained += any(action == "retrain" for action, _ in weeks)
        first = [week for week, (action, _) in enumerate(play(drifted, champion, p), 1) if action == "retrain"]
        decided.append(first[0] if first else None)
    print(f"{env}, {seeds} seeds, {p['simulation']['batch_rows']} rows a week")
    print("  quiet: batches with a warning     ", wilson(alarmed, seeds * WEEKS_JUDGED), kinds)
    print("  quiet: runs with >= 9 of 10 quiet ", wilson(good_runs, seeds))
    print("  quiet: runs with a false retrain  ", wilson(retrained, seeds))
    in_time = sum(week is not None and DRIFT_WEEK <= week <= DRIFT_WEEK + 2 for week in decided)
    print(f"  drift from week {DRIFT_WEEK}: retrain by week {DRIFT_WEEK + 2}", wilson(in_time, seeds), decided)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
