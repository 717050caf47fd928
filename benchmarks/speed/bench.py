"""The same job here and in other libraries, side by side, and how ours grows; written into docs/performance.md.

    python benchmarks/speed/bench.py                                 # what is not measured yet; --fresh: all again
    python benchmarks/speed/bench.py --parts side --only ours,scipy  # a look at some

environments, tables ─ jobs, alternating, each in a process of its own ─ results.jsonl ─ render.py

Every library has an environment of its own under .bench-speed/, where results are kept too: an interrupted bench goes
on where it was. What is counted is CPU seconds, user and system, of all threads: the machine may be busy otherwise.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from render import write_document
from tables import write_tables

ROOT = Path(__file__).resolve().parents[2]
HERE, WORK = Path(__file__).resolve().parent, ROOT / ".bench-speed"
RESULTS = WORK / "results.jsonl"
REQUIREMENTS = {
    "polars": ["polars==2.1.0", "polars-ds==0.13.0"],
    "scipy": ["scipy==1.17.1", "pandas==2.3.3", "pyarrow>=23"],
    "nannyml": ["nannyml==0.13.1", "statsmodels", "pandas<3", "pyarrow>=23"],
    "whylogs": ["whylogs[viz]==1.6.4", "numpy<2", "pandas<3", "pyarrow<23"],
    "evidently": ["evidently==0.7.23", "pandas<3", "pyarrow>=23"],
}
ROUNDS = {"floor": 5, "ours": 5, "polars": 5, "scipy": 3, "nannyml": 3, "whylogs": 1, "evidently": 1}
GROWTH_ROUNDS = 3
SMALL, LARGE = (5_000, 50), (1_000_000, 50)
ROWS = (100_000, 300_000, 1_000_000, 3_000_000)
COLUMNS, COLUMN_ROWS = (10, 50, 100, 200), 200_000
WIDE, WIDE_ROWS = (50, 2_000), 50_000


@dataclass(frozen=True)
class Run:
    """One job on one table, for the ``round``-th time."""

    part: str
    job: str
    rows: int
    columns: int
    round: int


def folder_of(rows: int, columns: int) -> Path:
    return WORK / f"{rows}x{columns}"


def make_environments(names: Iterable[str]) -> None:
    """With uv where it can reach the packages, else with pip."""
    for name in names:
        folder, uv = WORK / f"venv-{name}", [sys.executable, "-m", "uv"]
        if (folder / ".complete").exists():
            continue
        print(f"environment of {name} ...", flush=True)
        subprocess.run([*uv, "venv", "--quiet", "--clear", "--seed", "--python", sys.executable, folder], check=True)
        python = folder / "bin/python"
        command = [*uv, "pip", "install", "--quiet", "--system-certs", "--python", python, *REQUIREMENTS[name]]
        if subprocess.run(command).returncode:
            subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS[name]], check=True)
        (folder / ".complete").touch()


def python_of(job: str) -> str:
    return str(WORK / f"venv-{job}/bin/python") if job in REQUIREMENTS else sys.executable


def start(job: str, *arguments: object) -> str:
    """What a job writes; ours on one thread, so that its seconds are those of its work."""
    command = [python_of(job), HERE / f"job_{job}.py", *map(str, arguments)]
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment)
    if done.returncode:
        raise SystemExit(f"the job '{job}' ended with {done.returncode}; its output is above")
    return done.stdout


def prepare(job: str, folder: Path) -> None:
    """The reference's summary, once, for jobs that keep one."""
    mark = folder / f".prepared-{job}"
    if not mark.exists():
        start(job, "prepare", folder)
        mark.touch()


def plan_runs(names: Iterable[str]) -> list[Run]:
    """Alternating: every round has every job of its part that is played so often."""
    side = [
        Run("side", job, *LARGE, turn) for turn in range(max(ROUNDS.values())) for job in names if turn < ROUNDS[job]
    ]
    curves = [("rows", ("floor", "ours", "score"), rows, LARGE[1]) for rows in ROWS]
    curves += [("columns", ("floor", "ours"), COLUMN_ROWS, columns) for columns in COLUMNS]
    curves += [("wide", ("floor", "ours"), WIDE_ROWS, columns) for columns in WIDE]
    return side + [
        Run(part, job, rows, columns, turn)
        for part, jobs, rows, columns in curves
        for turn in range(GROWTH_ROUNDS)
        for job in jobs
    ]


def make_tables(run: Run) -> Path:
    """Of the rows' curve the reference is the large one of the side by side."""
    folder = folder_of(run.rows, run.columns)
    if run.part != "rows" or (run.rows, run.columns) == LARGE:
        write_tables(folder, run.rows, run.columns)
        return folder
    write_tables(folder, run.rows, run.columns, reference=False)
    prepare("ours", folder_of(*LARGE))
    shutil.copy(folder_of(*LARGE) / "profile.npz", folder)
    (folder / ".prepared-ours").touch()
    return folder


def play(run: Run) -> None:
    folder, small = make_tables(run), folder_of(SMALL[0], run.columns)
    write_tables(small, *(SMALL[0], run.columns))
    for tables in (small, folder):
        prepare(run.job, tables)
    result = json.loads(start(run.job, "run", small, folder).splitlines()[-1])
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(run) | result) + "\n")
    print(f"{run.part:8}{run.job:10}{run.rows:>10,} x {run.columns:<6,}{result['cpu']:9.2f} CPU s", flush=True)


def read_results() -> list[dict[str, object]]:
    if not RESULTS.exists():
        return []
    return [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(ROUNDS), help="jobs of the side by side, separated by commas")
    parser.add_argument("--parts", default="side,rows,columns,wide", help="of the bench, separated by commas")
    parser.add_argument("--fresh", action="store_true", help="measure again what is measured already")
    given = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    if given.fresh:
        RESULTS.unlink(missing_ok=True)
    names = given.only.split(",")
    make_environments(name for name in REQUIREMENTS if name in names)
    measured = {tuple(one[key] for key in ("part", "job", "rows", "columns", "round")) for one in read_results()}
    for run in plan_runs(names):
        if run.part in given.parts.split(",") and tuple(asdict(run).values()) not in measured:
            play(run)
    write_document(read_results())


if __name__ == "__main__":
    main()
