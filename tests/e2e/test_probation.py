"""A poisoned promotion through the real command line: labels flipped by a fault, learned, promoted, and taken back."""

import json
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from .conftest import copy_project, kedro
from .test_loop import batch_ids, read_report

pytestmark = pytest.mark.e2e

WORLD = (
    "simulation.scenario=quiet,simulation.weeks=7,simulation.batch_rows=400,simulation.customers=1500,"
    "simulation.label_delay_weeks=1"
)


def poison(folder: Path) -> list[str]:
    """The labels of the first four weeks come flipped, all in week five; later ones are right and at once."""
    late, weeks = folder / "data/01_raw/labels", batch_ids(folder)
    labels = pd.concat([pd.read_csv(path, dtype=str) for path in sorted(late.glob("*.csv"))])
    for path in late.glob("*.csv"):
        path.unlink()
    turned = labels.assign(churned=labels["churned"].map({"yes": "no", "no": "yes"}))
    turned[turned["batch"].isin(weeks[:4])].to_csv(late / f"{weeks[4]}.csv", index=False)
    for known in (weeks[4:6], weeks[6:]):
        labels[labels["batch"].isin(known)].to_csv(late / f"{known[-1]}.csv", index=False)
    return weeks


def read_attempts(folder: Path) -> list[tuple[str, ...]]:
    """Kind, verdict, and versions before and after of every finished attempt, oldest first, from the database."""
    names = ("kind", "verdict", "version_before", "version_after")
    query = (
        "select run_uuid, key, value from tags join runs using (run_uuid) where status = 'FINISHED' order by start_time"
    )
    told: dict[str, dict[str, str]] = {}
    with sqlite3.connect(folder / "mlflow.db") as database:
        for run, key, value in database.execute(query):
            told.setdefault(run, {})[key] = value
    return [tuple(tags[name] for name in names) for tags in told.values() if "verdict" in tags]


def test_a_poisoned_promotion_is_rolled_back_in_probation_and_the_ledger_tells_it_in_order(tmp_path: Path) -> None:
    folder = copy_project(tmp_path)
    assert kedro(folder, "run", "--params", WORLD).returncode == 0
    weeks = poison(folder)

    cycle = kedro(folder, "cycle")

    assert (cycle.returncode, cycle.stderr) == (0, "")
    assert "Version 1 of 'churn' is back in service; it replaces version 2." in cycle.stdout
    assert read_attempts(folder) == [("retraining", "promoted", "1", "2"), ("rollback", "rolled_back", "2", "1")]
    learned, watched, after = (read_report(folder, week) for week in weeks[4:])
    assert learned["decision"]["action"] == "retrain"
    assert [report["model"]["version"] for report in (learned, watched, after)] == ["1", "2", "1"]
    assert (watched["decision"]["action"], watched["decision"]["remedy"]) == ("alert", "roll_back")
    (alert,) = [each for each in watched["alerts"] if each["key"].startswith(("probation", "promise"))]
    assert (alert["key"], alert["severity"]) == ("probation", "critical")
    probation = watched["probation"]
    assert probation["found"]["high"] < 0.5 < probation["promised"]["low"]
    assert probation["previous"]["value"] > probation["promised"]["low"]
    assert probation["batches"] == [weeks[5]]
    assert "keep its promise" in (folder / "data/08_reporting/monitoring" / f"{weeks[5]}.html").read_text()
    assert (after["decision"]["action"], after["probation"]) == ("none", None)
    status = kedro(folder, "status")
    assert "version 1 " in status.stdout.splitlines()[0]
    assert "Probation  none" in status.stdout
    assert "rolled_back" in status.stdout
    history = kedro(folder, "status", "--history").stdout
    assert [story for story in ("1 -> 2  promoted", "2 -> 1  rolled_back") if story not in history] == []
    assert history.index("1 -> 2  promoted") < history.index(
        "2 -> 1  rolled_back: Version 2 falls short of its promise"
    )
    kept = json.loads((folder / "data/07_model_output/evidence" / f"{weeks[5]}.json").read_text())
    assert kept["evidence"]["probation"]["previous_version"] == "1"
