"""What a whole monitoring costs: memory by rows, CPU against its floor, many batches against one.

    table drawn chunk by chunk ─ project in a temporary folder ─ `kedro run`, `kedro cycle` as processes of their own

Every command is measured from outside: CPU seconds of all its threads (user and system) and its peak memory, as the
operating system counts them. What is set in relation was run one after the other by this script.

    python benchmarks/speed_monitoring.py [memory] [floor] [many] [--large ROWS]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import yaml
from pyarrow import parquet

ROOT = Path(__file__).resolve().parents[1]
TEXT_SHARE = 0.2  # of the columns
MISSING = 0.02
DRAWN_AT_ONCE = 100_000
LEVELS = np.array([f"level {number}" for number in range(8)])
IMPORTS = "import kedro, mlflow, pandas, sklearn, xgboost"
READ = "import pyarrow.parquet as pq; pq.read_table({path!r})"
PREDICT = """
import time, numpy as np, xgboost
model = xgboost.XGBClassifier(); model.load_model({model!r})
matrix = np.load({matrix!r})
start = time.process_time(); model.predict_proba(matrix); print(time.process_time() - start)
"""


@dataclass(frozen=True)
class Cost:
    """CPU seconds of all threads, and peak memory in MB."""

    cpu: float
    megabytes: float


@dataclass(frozen=True)
class Columns:
    """Names of the features of a table with an id and a target beside them."""

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]

    @classmethod
    def of(cls, columns: int) -> "Columns":
        texts = round(TEXT_SHARE * columns)
        numbers = columns - texts - 1  # the id is a column too
        return cls(tuple(f"n{one}" for one in range(numbers)), tuple(f"t{one}" for one in range(texts)))


def draw(rows: int, first: int, columns: Columns, seed: int) -> pd.DataFrame:
    """Rows ``first`` and following; every column but the target misses 2 % of its values."""
    generator = np.random.default_rng([seed, first])
    table: dict[str, Any] = {"id": np.char.add("c", np.arange(first, first + rows).astype(str))}
    for name in columns.numeric:
        values = generator.normal(size=rows)
        table[name] = np.where(generator.random(rows) < MISSING, np.nan, values)
    for name in columns.categorical:
        codes = generator.integers(0, LEVELS.size, rows)
        table[name] = np.where(generator.random(rows) < MISSING, None, LEVELS[codes])
    logit = sum(np.nan_to_num(table[name]) for name in columns.numeric[:4]) - 1.0
    left = generator.random(rows) < 1 / (1 + np.exp(-logit))
    return pd.DataFrame(table).assign(left=np.where(left, "yes", "no"))


def write_batch(path: Path, rows: int, columns: Columns, seed: int) -> None:
    """A delivery without labels, written chunk by chunk."""
    writer = None
    for first in range(0, rows, DRAWN_AT_ONCE):
        part = draw(min(DRAWN_AT_ONCE, rows - first), first, columns, seed).drop(columns="left")
        table = pa.Table.from_pandas(part, preserve_index=False)
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def make_project(folder: Path, columns: Columns, customers: int) -> Path:
    """A project with an XGBoost champion that was trained on as many customers."""
    for name in ("conf", "src"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "local"))
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("conf/local", "data/01_raw/production", "data/01_raw/labels"):
        (folder / name).mkdir(parents=True)
    names = {"numeric": list(columns.numeric), "categorical": list(columns.categorical)}
    # One tree cannot win: the champion is the other candidate.
    forest = {"random_forest": {"estimator": "random_forest", "n_estimators": 1, "min_samples_leaf": 10}}
    schema = {"id": "id", "target": "left", "positive": "yes", "date": None, "ignored": [], **names}
    told = {"schema": schema, "training": {"candidates": forest}, "performance_threshold": 0.6}
    (folder / "conf/local/parameters.yml").write_text(yaml.safe_dump(told), encoding="utf-8")
    draw(customers, 10**9, columns, 1).to_csv(folder / "data/01_raw/customers.csv", index=False)
    kedro(folder, "run", "--pipeline", "training")
    return folder


def measure(command: Sequence[str], folder: Path) -> tuple[Cost, str]:
    """Run a command to its end; its cost and what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{said}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024), said


def kedro(folder: Path, *arguments: str) -> Cost:
    return measure([sys.executable, "-m", "kedro", *arguments], folder)[0]


def python(folder: Path, code: str) -> tuple[Cost, str]:
    return measure([sys.executable, "-c", code], folder)


def monitor(folder: Path, rows: int, columns: Columns, name: str) -> Cost:
    """One batch of so many rows, alone."""
    path = folder / f"data/01_raw/production/{name}.parquet"
    write_batch(path, rows, columns, rows)
    cost = kedro(folder, "run", "--pipeline", "monitoring", "--params", f"batch={name}")
    path.unlink()
    return cost


def measure_memory(folder: Path, large: int) -> dict[str, Any]:
    """Peak memory of 1 million rows and of many more, by 50 columns."""
    columns = Columns.of(50)
    make_project(folder, columns, 100_000)
    small, much = (monitor(folder, rows, columns, f"b{rows}") for rows in (1_000_000, large))
    return {
        "million": asdict(small),
        "large": {"rows": large, **asdict(much)},
        "ratio": much.megabytes / small.megabytes,
    }


def measure_floor(folder: Path, repeats: int) -> dict[str, Any]:
    """CPU of monitoring 1 million rows by 20 columns over that of reading, predicting and importing alone."""
    columns = Columns.of(20)
    make_project(folder, columns, 100_000)
    path = folder / "kept.parquet"
    write_batch(path, 1_000_000, columns, 7)
    shutil.copy(path, folder / "data/01_raw/production/b.parquet")
    model, matrix = _prepare_model(folder, path)
    runs: list[dict[str, float]] = []
    for _ in range(repeats):
        imports = python(folder, IMPORTS)[0].cpu
        read = python(folder, READ.format(path=str(path)))[0].cpu - python(folder, "import pyarrow.parquet")[0].cpu
        predict = float(python(folder, PREDICT.format(model=model, matrix=matrix))[1].splitlines()[-1])
        whole = kedro(folder, "run", "--pipeline", "monitoring", "--params", "batch=b").cpu
        runs.append({"imports": imports, "read": read, "predict": predict, "monitoring": whole})
    told = {name: median(run[name] for run in runs) for name in runs[0]}
    return {**told, "ratio": median(one["monitoring"] / _floor(one) for one in runs)}


def _floor(run: dict[str, float]) -> float:
    return run["imports"] + run["read"] + run["predict"]


def _prepare_model(folder: Path, path: Path) -> tuple[str, str]:
    """The champion's booster and the batch as the float32 matrix it predicts from, as files."""
    code = f"""
import numpy as np, pandas as pd
from churn_monitoring.datasets.registry import load_version
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
bootstrap_project({str(folder)!r})
with KedroSession.create(project_path={str(folder)!r}) as session:
    champion = session.load_context().catalog.load("champion")
champion.model.named_steps["classifier"].save_model({str(folder / "model.ubj")!r})
matrix = champion.model[:-1].transform(pd.read_parquet({str(path)!r}))
np.save({str(folder / "matrix.npy")!r}, matrix.astype(np.float32))
"""
    python(folder, code)
    return str(folder / "model.ubj"), str(folder / "matrix.npy")


def measure_many(folder: Path, repeats: int) -> dict[str, Any]:
    """CPU of a cycle over ten batches of 7,000 rows, over that of a cycle over one."""
    columns = Columns.of(20)
    make_project(folder, columns, 10_000)
    runs = []
    for _ in range(repeats):
        costs = []
        for count in (1, 10):
            project = folder.parent / "copy"
            shutil.copytree(folder, project)
            for number in range(count):
                path = project / f"data/01_raw/production/2026-01-{number + 1:02}.parquet"
                write_batch(path, 7_000, columns, number)
            costs.append(kedro(project, "cycle").cpu)
            shutil.rmtree(project)
        runs.append(costs)
    one, ten = (median(run[place] for run in runs) for place in (0, 1))
    return {"one": one, "ten": ten, "ratio": median(run[1] / run[0] for run in runs)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=["memory", "floor", "many", []])
    parser.add_argument("--large", type=int, default=20_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    jobs = {
        "memory": lambda folder: measure_memory(folder, given.large),
        "floor": lambda folder: measure_floor(folder, given.repeats),
        "many": lambda folder: measure_many(folder, given.repeats),
    }
    for name in given.parts or jobs:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps({name: jobs[name](Path(folder) / "project")}), flush=True)


if __name__ == "__main__":
    main()
