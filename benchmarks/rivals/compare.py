"""The streams of docs/verdicts.md, judged by Evidently and NannyML as they come out of the box.

    python benchmarks/rivals/compare.py [--seeds 3]

Streams are written to a temporary folder, each library judges them in its own environment (see README.md), and their
`alert` or `none` is held against what is right: an action other than `none` is asked for, or nothing is.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import verdicts

from churn_monitoring.bench.scenarios import Scenario
from churn_monitoring.bench.streams import Bench, build_policy, train_champion
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.performance.labels import LabelTable, gather_labels, join_labels
from churn_monitoring.simulation import simulate
from churn_monitoring.tables import coerce_rows

ROOT = verdicts.ROOT
RULES = {
    "evidently": {"dataset": "Evidently, dataset drift", "any_column": "Evidently, any column"},
    "nannyml": {"any": "NannyML, any alert", "performance_only": "NannyML, performance only"},
}


def write_stream(folder: Path, bench: Bench, scenario: Scenario, seed: int) -> list[frozenset[str]]:
    """One stream in the exchange format; returns what is right per batch."""
    policy = build_policy(bench, scenario, seed)
    simulated = simulate(policy.table, policy.simulation, bench.table)
    champion = train_champion(simulated.customers, policy)
    folder.mkdir(parents=True)
    reference = champion.reference_features.assign(score=champion.reference["score"], label=champion.reference["label"])
    reference.to_parquet(folder / "reference.parquet", index=False)
    told = {
        "numeric": list(policy.table.numeric),
        "categorical": list(policy.table.categorical),
        "threshold": champion.threshold,
        "rows": bench.rows,
    }
    (folder / "stream.json").write_text(json.dumps(told))
    files = {name: partial(_hand_out, table) for name, table in simulated.labels.items()}
    labels = gather_labels(files, policy.table, date.max)
    for week, (batch_id, frame) in enumerate(simulated.batches.items(), start=1):
        rows = _describe(batch_id, frame, labels, champion, policy)
        rows.assign(label=np.nan).to_parquet(folder / f"batch-{week:04d}.parquet", index=False)
        if week < len(simulated.batches):
            known = rows[["score", "label"]].dropna()
            known.to_parquet(folder / f"labelled-{week + 1:04d}.parquet", index=False)
    return [frozenset(scenario.right_actions(week)) for week in range(1, scenario.weeks + 1)]


def _describe(
    batch_id: str, frame: pd.DataFrame, labels: LabelTable, champion: ChampionPackage, policy: Parameters
) -> pd.DataFrame:
    schema = policy.table
    rows = coerce_rows(frame.reset_index(drop=True), schema).rows
    known = join_labels(rows[schema.id], pd.Series(np.nan, index=rows.index), batch_id, labels)
    return rows[list(schema.features)].assign(score=champion.score(rows), label=known)


def _hand_out(table: pd.DataFrame) -> pd.DataFrame:
    return table


def play(suite: verdicts.Suite, seeds: int, folder: Path) -> Iterator[tuple[str, str, str, frozenset[str]]]:
    """Library, rule, verdict and right actions of every batch."""
    bench = verdicts.load_bench(suite)
    if bench is None:
        return
    right: dict[Path, list[frozenset[str]]] = {}
    for scenario in suite.scenarios:
        if scenario.name not in verdicts.RIVAL_SCENARIOS:
            continue
        chosen = verdicts.replace(scenario, weeks=min(scenario.weeks, verdicts.RIVAL_WEEKS))
        for seed in range(1, seeds + 1):
            stream = folder / suite.name / f"{scenario.name}-{seed}"
            right[stream] = write_stream(stream, bench, chosen, seed)
    for library, rules in RULES.items():
        python = ROOT / f".venv-{library}" / "bin" / "python"
        judge = ROOT / "benchmarks" / "rivals" / f"judge_{library}.py"
        subprocess.run([str(python), str(judge), *map(str, right)], check=True, stdout=subprocess.DEVNULL)
        for stream, actions in right.items():
            batches = json.loads((stream / f"{library}.json").read_text())["batches"]
            for judged, wanted in zip(batches.values(), actions, strict=True):
                for rule in rules:
                    yield library, rule, judged["verdicts"][rule], wanted


def count(suite: verdicts.Suite, seeds: int, folder: Path) -> list[verdicts.RivalCount]:
    """How often each rule was wrong on the streams of one suite."""
    judged: dict[str, list[tuple[bool, frozenset[str]]]] = {}
    for library, rule, verdict, wanted in play(suite, seeds, folder):
        judged.setdefault(RULES[library][rule], []).append((verdict != "none", wanted))
    return [verdicts.count_alarms(suite.name, judge, batches) for judge, batches in judged.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=verdicts.RIVAL_SEEDS)
    seeds = parser.parse_args().seeds
    suites = [suite for suite in verdicts.list_suites() if suite.name in verdicts.RIVAL_SUITES]
    with tempfile.TemporaryDirectory() as folder:
        counts = [asdict(one) for suite in suites for one in count(suite, seeds, Path(folder))]
    verdicts.KEPT.mkdir(parents=True, exist_ok=True)
    (verdicts.KEPT / "rivals.json").write_text(json.dumps({"seeds": seeds, "counts": counts}), encoding="utf-8")


if __name__ == "__main__":
    main()
