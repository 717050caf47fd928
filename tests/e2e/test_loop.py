"""The loop as cron drives it: what a cycle does, does once, and survives."""

import json
import sqlite3
from collections import Counter
from pathlib import Path

import jsonschema
import pytest

from .conftest import ROOT, kedro, start_kedro

pytestmark = pytest.mark.e2e

SCHEMA = json.loads((ROOT / "src/churn_monitoring/reporting/monitoring_report.schema.json").read_text())


def read_report(folder: Path, batch: str) -> dict:
    return json.loads((folder / "data/08_reporting/monitoring" / f"{batch}.json").read_text())


def count_judgements(folder: Path) -> Counter[str]:
    """Finished monitoring runs per batch, from the tracking database itself."""
    query = (
        "select tags.value from tags join runs using (run_uuid) where tags.key = 'batch' and runs.status = 'FINISHED'"
    )
    with sqlite3.connect(folder / "mlflow.db") as database:
        return Counter(value for (value,) in database.execute(query))


def batch_ids(folder: Path) -> list[str]:
    return sorted(path.stem for path in (folder / "data/01_raw/production").glob("*.csv"))


def test_a_cycle_judges_every_batch_once_and_fills_in_late_labels(project: Path) -> None:
    first = kedro(project, "run", "--pipeline", "monitoring")
    assert first.returncode == 0, first.stderr
    assert first.stderr == ""
    oldest = batch_ids(project)[0]
    assert read_report(project, oldest)["performance"]["realized"] is None
    cycle = kedro(project, "cycle")
    assert cycle.returncode == 0, cycle.stderr
    assert len(cycle.stdout.splitlines()) == 4
    assert count_judgements(project) == dict.fromkeys(batch_ids(project), 1)
    for batch in batch_ids(project):
        jsonschema.validate(read_report(project, batch), SCHEMA)
        assert (project / "data/08_reporting/monitoring" / f"{batch}.html").read_text().startswith("<!doctype html>")
    late = read_report(project, oldest)
    assert late["performance"]["realized"]["rows"] == 300
    assert late["batch"]["label_coverage"] == 1.0
    again = kedro(project, "run", "--pipeline", "monitoring")
    assert again.returncode == 0
    assert "No batch is waiting" in again.stdout
    assert count_judgements(project) == dict.fromkeys(batch_ids(project), 1)
    status = kedro(project, "status")
    assert status.returncode == 0
    assert "version 1" in status.stdout
    assert "Waiting    0 batches" in status.stdout


def test_a_cycle_killed_in_the_middle_is_finished_by_the_next(project: Path) -> None:
    killed = start_kedro(project, "cycle")
    assert killed.stdout is not None
    killed.stdout.readline()
    killed.kill()
    killed.communicate()
    again = kedro(project, "cycle")
    assert again.returncode == 0, again.stderr
    assert count_judgements(project) == dict.fromkeys(batch_ids(project), 1)
    assert not list(project.glob("data/**/*.part"))


def test_of_two_cycles_at_once_one_works_and_the_other_says_so(project: Path) -> None:
    pair = [start_kedro(project, "cycle") for _ in range(2)]
    answers = [process.communicate() for process in pair]
    assert [process.returncode for process in pair] == [0, 0], answers
    assert sorted("Another run" in stderr for _, stderr in answers) == [False, True]
    assert count_judgements(project) == dict.fromkeys(batch_ids(project), 1)


def test_a_corrected_delivery_and_a_late_older_batch_are_judged(project: Path) -> None:
    folder = project / "data/01_raw/production"
    first, second, *_ = batch_ids(project)
    rows = (folder / f"{second}.csv").read_text()
    (folder / f"{first}.csv").rename(project / "late.csv")
    for path in folder.glob("*.csv"):
        if path.stem != second:
            path.unlink()
    (folder / f"{second}.csv").write_text(rows.split("\n")[0] + "\n")
    broken = kedro(project, "cycle")
    assert broken.returncode == 1
    assert read_report(project, second)["decision"]["action"] == "fix_data"
    (folder / f"{second}.csv").write_text(rows)
    (project / "late.csv").rename(folder / f"{first}.csv")
    assert kedro(project, "cycle").returncode == 0
    assert count_judgements(project) == {first: 1, second: 2}
    assert read_report(project, second)["decision"]["action"] == "none"


def test_a_person_may_retrain_and_roll_back(project: Path) -> None:
    assert kedro(project, "cycle").returncode == 0
    retrained = kedro(project, "run", "--pipeline", "retraining", "--params", "min_improvement=0.0")
    assert retrained.returncode == 0, retrained.stderr
    (summary,) = (project / "data/08_reporting/retraining").glob("*.json")
    verdict = json.loads(summary.read_text())["verdict"]
    assert f"retraining: {verdict}" in retrained.stdout
    again = kedro(project, "run", "--pipeline", "training")
    assert again.returncode == 0, again.stderr
    newest = "3" if verdict == "promoted" else "2"
    back = kedro(project, "rollback", "--to", "1", "--reason", "lists looked wrong")
    assert back.stdout == f"Version 1 of 'churn' is back in service; it replaces version {newest}.\n"
    twice = kedro(project, "rollback")
    assert (twice.returncode, twice.stdout) == (0, "Version 1 of 'churn' is in service already.\n")
    told = kedro(project, "status", "--history").stdout
    decisions = ["training", *(["promoted"] if verdict == "promoted" else []), "training", "rolled_back"]
    assert [word for word in told.split() if word in {*decisions}][: len(decisions)] == decisions
    assert "rolled_back: lists looked wrong (" in told
    unknown = kedro(project, "rollback", "--to", "99")
    assert unknown.returncode == 1
    assert "no version 99" in unknown.stderr
    assert "Traceback" not in unknown.stderr + back.stderr
