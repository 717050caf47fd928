"""What a user gets wrong: one sentence with the place and the remedy, no traceback, nothing lost."""

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

from .conftest import copy_project, kedro
from .test_loop import SCHEMA, batch_ids, count_judgements, read_report

pytestmark = pytest.mark.e2e


BEFORE_ANYTHING = {
    ("run", "--pipeline", "monitoring"): ("No champion", "kedro run --pipeline training"),
    ("run", "--pipeline", "training"): ("data/01_raw/customers.csv does not exist", "put it there"),
    ("run", "--env", "telcom", "--pipeline", "training"): ("environment 'telcom'", "telco"),
    ("run", "--env", "telco", "--pipeline", "training"): ("data/01_raw/telco.csv does not exist",),
    ("run", "--pipeline", "moniter"): ("pipeline 'moniter'", "monitoring"),
    ("run", "--pipeline", "training", "--params", "drift_treshold=0.1"): ("drift_treshold", "drift_threshold"),
    ("run", "--params", "simulation.week=6"): ("simulation.week is not known",),
    ("run", "--params", "performance_threshold=7"): ("performance_threshold",),
    ("cycle",): ("No champion",),
    ("rollback",): ("No champion",),
    ("status",): ("No champion",),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], subprocess.CompletedProcess[str]]:
    """What each command says in an empty project of its own, two at a time."""

    def ask(arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        return kedro(copy_project(tmp_path_factory.mktemp("empty")), *arguments)

    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(BEFORE_ANYTHING, pool.map(ask, BEFORE_ANYTHING), strict=True))


@pytest.mark.parametrize("arguments", BEFORE_ANYTHING, ids=" ".join)
def test_before_there_is_anything_one_sentence_says_what_to_do(
    answers: dict[tuple[str, ...], subprocess.CompletedProcess[str]], arguments: tuple[str, ...]
) -> None:
    done = answers[arguments]
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    told = done.stderr.splitlines()
    assert len(told) == 1, done.stderr
    assert all(part in told[0] for part in BEFORE_ANYTHING[arguments])


def test_a_training_table_without_a_column_or_of_one_class_is_told(project: Path) -> None:
    path = project / "data/01_raw/customers.csv"
    table = pd.read_csv(path, dtype=str)
    table.drop(columns="contract").to_csv(path, index=False)
    lacking = kedro(project, "run", "--pipeline", "training")
    assert (lacking.returncode, "Traceback" in lacking.stderr) == (1, False)
    assert "data/01_raw/customers.csv" in lacking.stderr
    assert "contract" in lacking.stderr
    table.assign(churned="no").to_csv(path, index=False)
    single = kedro(project, "run", "--pipeline", "training")
    assert (single.returncode, "Traceback" in single.stderr) == (1, False)
    assert "churned" in single.stderr
    assert kedro(project, "run", "--pipeline", "monitoring").returncode == 0  # the champion is still there


def test_bad_batches_are_told_and_never_hinder_the_others(project: Path) -> None:
    folder = project / "data/01_raw/production"
    good = batch_ids(project)
    table = pd.read_csv(folder / f"{good[0]}.csv", dtype=str)
    (folder / "garbage.csv").write_bytes(bytes(range(256)) * 20)
    (folder / "nothing.csv").write_bytes(b"")
    table.head(0).to_csv(folder / "norows.csv", index=False)
    table.drop(columns="tenure_months").to_csv(folder / "lacking.csv", index=False)
    table.to_csv(folder / "semicolons.csv", index=False, sep=";")
    table.to_parquet(folder / "cut.parquet")
    (folder / "cut.parquet").write_bytes((folder / "cut.parquet").read_bytes()[:2_000])
    table.head(3).to_csv(folder / "three.csv", index=False)
    table.assign(churned="no").to_parquet(folder / "oneclass.parquet")
    rejected = {"garbage.csv", "nothing.csv", "norows.csv", "lacking.csv", "semicolons.csv", "cut.parquet"}
    cycle = kedro(project, "cycle")
    assert cycle.returncode == 1
    assert "Traceback" not in cycle.stderr
    lines = cycle.stderr.splitlines()
    for name in rejected:
        assert sum(f"data/01_raw/production/{name}" in line for line in lines) == 1, (name, lines)
        assert read_report(project, name.partition(".")[0])["decision"]["action"] == "fix_data"
    assert "6 of 13 batches could not be monitored" in lines[-1]
    assert any("tenure_months" in line for line in lines)
    assert any("semicolons.csv is separated by ';'" in line for line in lines)
    assert any("three.csv has 3 rows, too few" in line for line in lines)
    assert any("oneclass.parquet holds one class only in column churned" in line for line in lines)
    assert len(lines) == 6 + 2 + 1
    for path in (project / "data/08_reporting/monitoring").glob("*.json"):
        jsonschema.validate(json.loads(path.read_text()), SCHEMA)
        assert path.with_suffix(".html").is_file()
    assert read_report(project, "three")["drift"]["status"] == "too_few_rows"
    assert read_report(project, "oneclass")["performance"]["realized"] is None
    assert all(read_report(project, batch)["decision"]["action"] != "fix_data" for batch in good)
    assert sum(count_judgements(project).values()) == 13
    quiet = kedro(project, "cycle")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    alone = kedro(project, "run", "--pipeline", "monitoring", "--params", "batch=lacking")
    assert alone.returncode == 1
    assert "tenure_months" in alone.stderr
    absent = kedro(project, "run", "--pipeline", "monitoring", "--params", "batch=2031-01-01")
    assert absent.returncode == 1
    assert "2031-01-01" in absent.stderr


def test_simulation_never_replaces_what_a_person_delivered(project: Path) -> None:
    folder = project / "data/01_raw/production"
    shutil.copy(folder / f"{batch_ids(project)[0]}.csv", folder / "mine.csv")
    done = kedro(project, "run", "--pipeline", "simulation")
    assert done.returncode == 1
    assert "mine" in done.stderr
    assert (folder / "mine.csv").is_file()
