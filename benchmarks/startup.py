"""CPU seconds of a whole monitoring run on a small batch beside those of the imports that no run can avoid.

    python benchmarks/startup.py [--rows 7000] [--rounds 5] [--json FILE]

A copy of the project in a temporary folder is trained once on simulated customers and given one batch. Then, in turn
and in fresh processes, ``kedro run --pipeline monitoring`` judges that batch and a bare Python imports kedro, mlflow,
pandas, scikit-learn and xgboost. Each number is user plus system time of the process and its children; the first round
only writes .pyc files. Printed are both medians and the median of the rounds' ratios.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

PROJECT = Path(__file__).resolve().parents[1]
IMPORTS = "import kedro, mlflow, pandas, sklearn, xgboost"
COPIED = ("conf", "src", "pyproject.toml", ".telemetry")


def copy_project(folder: Path) -> None:
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "local"))
        elif source.exists():
            shutil.copy(source, folder / name)
    (folder / "conf" / "local").mkdir(exist_ok=True)


def measure(command: list[str], folder: Path) -> float:
    """CPU seconds of a command and its children.

    Raises:
        SystemExit: it failed; its messages are printed.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(rows: int, rounds: int) -> dict[str, float]:
    run = [sys.executable, "-m", "kedro", "run", "--pipeline"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_project(folder)
        measure([*run, "simulation", "--params", f"simulation.batch_rows={rows},simulation.weeks=1"], folder)
        measure([*run, "training"], folder)
        (batch,) = (folder / "data" / "01_raw" / "production").iterdir()
        monitoring = [*run, "monitoring", "--params", f"batch={batch.stem}"]
        imports = [sys.executable, "-c", IMPORTS]
        pairs = [(measure(monitoring, folder), measure(imports, folder)) for _ in range(rounds + 1)][1:]
    whole, bare = (median(pair[side] for pair in pairs) for side in (0, 1))
    ratio = median(first / second for first, second in pairs)
    return {"rows": rows, "rounds": rounds, "run_cpu_s": whole, "imports_cpu_s": bare, "ratio": ratio}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=7_000, help="rows of the batch")
    parser.add_argument("--rounds", type=int, default=5, help="runs of either side that count")
    parser.add_argument("--json", type=Path, help="file to write the figures to as well")
    options = parser.parse_args()
    found = compare(options.rows, options.rounds)
    print(
        f"kedro run --pipeline monitoring on {found['rows']:,} rows: {found['run_cpu_s']:.2f} CPU s; bare imports: "
        f"{found['imports_cpu_s']:.2f}; ratio {found['ratio']:.2f} (medians of {found['rounds']} alternating rounds)"
    )
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
