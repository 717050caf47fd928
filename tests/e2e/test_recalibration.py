"""The churn rate moves and nothing else: the cycle recalibrates by itself, and what follows is quiet."""

import json
from pathlib import Path

import jsonschema
import pytest

from .conftest import ROOT, copy_project, kedro

pytestmark = pytest.mark.e2e

SCHEMA = json.loads((ROOT / "src/churn_monitoring/reporting/recalibration_summary.schema.json").read_text())
SHIFTED_WORLD = """
simulation:
  scenario: shifted
  weeks: 5
  batch_rows: 400
  customers: 2000
  label_delay_weeks: 0
  scenarios:
    shifted:
      - {kind: label_shift, from_week: 3}
training:
  candidates:
    random_forest: {n_estimators: 30}
    xgboost: {n_estimators: 30}
"""


def read_reports(folder: Path, kind: str) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted((folder / "data/08_reporting" / kind).glob("*.json"))]


def test_a_cycle_recalibrates_where_only_the_churn_rate_moved(tmp_path: Path) -> None:
    folder = copy_project(tmp_path / "project")
    (folder / "conf/local/parameters.yml").write_text(SHIFTED_WORLD)
    trained = kedro(folder, "run")
    assert trained.returncode == 0, trained.stderr
    cycle = kedro(folder, "cycle")
    assert cycle.returncode == 0, cycle.stderr
    (line,) = [line for line in cycle.stdout.splitlines() if "recalibration:" in line]
    assert "recalibration: recalibrated, version 1 -> 2" in line
    assert "retraining:" not in cycle.stdout
    (summary,) = read_reports(folder, "retraining")
    jsonschema.validate(summary, SCHEMA)
    assert summary["verdict"] == "recalibrated"
    assert summary["calibration"]["brier_after"] < summary["calibration"]["brier_before"]
    reports = read_reports(folder, "monitoring")
    assert [report["decision"]["action"] for report in reports] == ["none", "none", "alert", "none", "none"]
    assert [report["decision"]["remedy"] for report in reports] == [None, None, "recalibrate", None, None]
    assert [report["model"]["version"] for report in reports] == ["1", "1", "1", "2", "2"]
    by_hand = kedro(folder, "run", "--pipeline", "recalibration")
    assert by_hand.returncode == 0, by_hand.stderr
    assert "recalibration: kept" in by_hand.stdout
    back = kedro(folder, "rollback")
    assert back.returncode == 0, back.stderr
    assert "Version 1 of 'churn' is back in service" in back.stdout
