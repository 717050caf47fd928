"""The error rates of docs/verdicts.md: every suite of streams, played, kept, and written down.

    python benchmarks/verdicts.py                       # the seeds that are not kept yet, then the document
    python benchmarks/verdicts.py --only world-1000     # one suite
    python benchmarks/verdicts.py --fresh               # all of it anew
    python benchmarks/verdicts.py --rivals              # also Evidently and NannyML, where their environments are

The two real tables are looked for in ../shared/data; suites that need them are left out, and it is said, where they
are not there. Outcomes are kept in data/08_reporting/bench/verdicts, one file per suite.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from rich.progress import Progress

from churn_monitoring.bench.scenarios import SCENARIOS, Scenario, find_scenarios
from churn_monitoring.bench.streams import Bench
from churn_monitoring.bench.summary import render_markdown, show_rate, summarize_bench
from churn_monitoring.bench.tally import StreamOutcome, measure_share
from churn_monitoring.bench.workers import play_all

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
TABLES = {"telco": "WA_Fn-UseC_-Telco-Customer-Churn.csv", "bank": "Churn_Modelling.csv"}
KEPT = ROOT / "data" / "08_reporting" / "bench" / "verdicts"
DOCUMENT = ROOT / "docs" / "verdicts.md"
BATCHES_PER_YEAR = 52
SEEDS = 20
SEEDS_AT_ONCE = 4  # after so many their outcomes are kept
RIVALS = "Evidently and NannyML"
RIVAL_SEEDS = 3
RIVAL_WEEKS = 20  # of the quiet year
RIVAL_SUITES = ("world-1000", "telco-300", "bank-300")
RIVAL_SCENARIOS = (
    "quiet",
    "broken_column",
    "missing_burst",
    "permuted_category",
    "joined_columns",
    "concept_drift",
    "local_concept_drift",
    "covariate_shift",
    "label_shift",
    "new_category",
)
RETURNING = 0.8  # share of a replayed batch's customers who were in an earlier one


@dataclass(frozen=True)
class Suite:
    """Streams of one source and size."""

    source: str
    rows: int
    scenarios: tuple[Scenario, ...]
    changed: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        return f"{self.source}-{self.rows}"


def list_suites() -> list[Suite]:
    usual = tuple(one for one in SCENARIOS if one.name != "nudge")
    (quiet,), (nudge,) = find_scenarios("quiet"), find_scenarios("nudge")
    half_year = replace(quiet, weeks=26, from_week=27)
    # A batch of 50,000 rows is one in any week: a few of each stream say as much as many.
    at_once = {**nudge.changes[0], "from_week": 1}
    large = (replace(quiet, weeks=3, from_week=4), replace(nudge, weeks=2, from_week=1, changes=(at_once,)))
    shorter = (half_year, *(one for one in usual if one.name != "quiet"))
    suites = [Suite("world", 1000, usual), Suite("world", 200, (half_year,)), Suite("world", 50_000, large)]
    for source in TABLES:
        returning = (("returning_share", RETURNING),)
        suites += [
            Suite(source, 1000, shorter, returning),
            Suite(source, 300, tuple(one for one in usual if one.name != "season"), returning),
            Suite(source, 200, (half_year,), returning),
            Suite(source, 50_000, large, (("twins", True),)),
        ]
    return suites


def load_bench(suite: Suite) -> Bench | None:
    """The shipped parameters and the table; None where the table is not there."""
    values = yaml.safe_load((ROOT / "conf/base/parameters.yml").read_text(encoding="utf-8"))
    values |= {"model_name": "bench", "customers": "the simulated table"}
    if suite.source == "world":
        return Bench(values, None, suite.rows, dict(suite.changed))
    path = SHARED / TABLES[suite.source]
    if not path.is_file():
        return None
    for block, told in yaml.safe_load(
        (ROOT / f"conf/{suite.source}/parameters.yml").read_text(encoding="utf-8")
    ).items():
        values[block] = {**values[block], **told}
    return Bench(values, pd.read_csv(path, dtype=str), suite.rows, dict(suite.changed))


def play_suite(suite: Suite, bench: Bench, seeds: Sequence[int], kept: list[StreamOutcome]) -> None:
    """Play these seeds and keep their outcomes beside those already there, a few at a time: it may be interrupted."""
    with Progress(transient=True) as progress:
        task = progress.add_task(suite.name, total=len(suite.scenarios) * len(seeds))
        for start in range(0, len(seeds), SEEDS_AT_ONCE):
            some = seeds[start : start + SEEDS_AT_ONCE]
            kept += play_all(bench, suite.scenarios, some, None, lambda done: progress.advance(task, done))
            keep(suite, kept)


def keep(suite: Suite, outcomes: Sequence[StreamOutcome]) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    plain = [{**asdict(one), "right": [sorted(right) for right in one.right]} for one in outcomes]
    (KEPT / f"{suite.name}.json").write_text(json.dumps(plain), encoding="utf-8")


def read_kept(suite: Suite) -> list[StreamOutcome] | None:
    path = KEPT / f"{suite.name}.json"
    if not path.is_file():
        return None
    outcomes = []
    for told in json.loads(path.read_text(encoding="utf-8")):
        told["right"] = tuple(frozenset(right) for right in told["right"])
        lists = ("actions", "spec_actions", "quiet", "estimate_errors")
        outcomes.append(StreamOutcome(**{**told, **{name: tuple(told[name]) for name in lists}}))
    return outcomes


def render_document(suites: Sequence[Suite], written: str) -> str:
    """The document anew; a section of which fewer seeds are kept than it tells of stands as it is written."""
    standing = dict(re.findall(r"^(## .+)\n\n((?:(?!## ).*\n)*)", written + "\n", re.MULTILINE))
    parts = [read_part("head")]
    for suite in suites:
        outcomes = read_kept(suite) or []
        seeds = len({one.seed for one in outcomes})
        heading = next((one for one in standing if one.startswith(f"## {describe(suite)}, ")), None)
        if heading and seeds < int(re.findall(r"(\d+) seeds", heading)[-1]):
            parts += [heading, standing[heading].rstrip()]
        elif outcomes:
            played = {one.scenario for one in outcomes}
            scenarios = [one for one in suite.scenarios if one.name in played]
            parts.append(f"## {describe(suite)}, {seeds} seeds a line")
            parts.append(render_markdown(summarize_bench(scenarios, outcomes, BATCHES_PER_YEAR)))
    parts.append(read_part("tail"))
    if (KEPT / "rivals.json").is_file():
        parts.append(render_rivals(suites))
    else:
        parts += [f"{one}\n\n{text.rstrip()}" for one, text in standing.items() if one.startswith(f"## {RIVALS}")]
    return "\n\n".join(parts) + "\n"


def read_part(name: str) -> str:
    """What a person wrote for the beginning or the end of the document."""
    return (ROOT / "benchmarks" / f"verdicts_{name}.md").read_text(encoding="utf-8").rstrip()


@dataclass(frozen=True)
class RivalCount:
    """Batches of one suite that one judge got wrong: an alarm where nothing is wrong, or silence where something is."""

    suite: str
    judge: str
    wrong: int
    batches: int
    loud: int
    quiet: int


def count_alarms(suite: str, judge: str, judged: Sequence[tuple[bool, frozenset[str]]]) -> RivalCount:
    """Count batches, each as whether it raised an alarm and which actions were right."""
    quiet = [alarm for alarm, right in judged if right == {"none"}]
    silent = sum(not alarm and "none" not in right for alarm, right in judged)
    return RivalCount(suite, judge, sum(quiet) + silent, len(judged), sum(quiet), len(quiet))


def count_own(suite: Suite, seeds: int) -> list[RivalCount]:
    """The same of our rules and the specification's, on the same scenarios, seeds and weeks."""
    played = [one for one in read_kept(suite) or [] if one.scenario in RIVAL_SCENARIOS and one.seed <= seeds]
    return [
        count_alarms(
            suite.name,
            judge,
            [
                (action != "none", frozenset(right))
                for one in played
                for action, right in list(zip(getattr(one, actions), one.right, strict=True))[:RIVAL_WEEKS]
            ],
        )
        for judge, actions in (("this project", "actions"), ("the specification, literally", "spec_actions"))
    ]


def render_rivals(suites: Sequence[Suite]) -> str:
    told = json.loads((KEPT / "rivals.json").read_text(encoding="utf-8"))
    seeds, theirs = told["seeds"], [RivalCount(**one) for one in told["counts"]]
    lines = [
        f"## {RIVALS}, {seeds} {'seed' if seeds == 1 else 'seeds'} a line",
        "",
        "Default verdicts, everybody's as alarm or silence: wrong is an alarm where nothing is wrong, or silence where",
        "any action is asked for; which action is not asked here. benchmarks/rivals/README.md says what was called.",
        f"Streams of at most {RIVAL_WEEKS} weeks: {', '.join(RIVAL_SCENARIOS)}.",
        "",
        "| streams | rule | wrong batches | alarms on quiet batches |",
        "| --- | --- | --- | --- |",
    ]
    for suite in suites:
        of_suite = [one for one in theirs if one.suite == suite.name]
        for one in [*count_own(suite, seeds), *of_suite] if of_suite else []:
            wrong, loud = (
                show_rate(measure_share(*pair)) for pair in ((one.wrong, one.batches), (one.loud, one.quiet))
            )
            lines.append(f"| {describe(suite)} | {one.judge} | {wrong} | {loud} |")
    return "\n".join(lines)


def describe(suite: Suite) -> str:
    source = {"world": "The simulated world", "telco": "Replay of the Telco table", "bank": "Replay of the bank table"}
    told = dict(suite.changed)
    returning = f", {told['returning_share']:.0%} returning customers" if "returning_share" in told else ""
    twins = ", rows drawn with replacement and jittered" if told.get("twins") else ""
    return f"{source[suite.source]}, batches of {suite.rows:,} rows{returning}{twins}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="name of one suite, such as world-1000")
    parser.add_argument("--fresh", action="store_true", help="play again what is kept")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--rivals", action="store_true", help="also judge streams by Evidently and NannyML")
    asked = parser.parse_args()
    suites = list_suites()
    for suite in suites:
        kept = [] if asked.fresh else read_kept(suite) or []
        seeds = sorted(set(range(1, asked.seeds + 1)) - {one.seed for one in kept})
        if (asked.only and suite.name not in asked.only.split(",")) or not seeds:
            continue
        bench = load_bench(suite)
        if bench is None:
            print(f"{suite.name} is left out: {TABLES[suite.source]} is not in ../shared/data")
            continue
        play_suite(suite, bench, seeds, kept)
        print(f"{suite.name} played")
    if asked.rivals:
        subprocess.run([sys.executable, str(ROOT / "benchmarks" / "rivals" / "compare.py")], check=True)
    DOCUMENT.write_text(render_document(suites, DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"written: {DOCUMENT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
