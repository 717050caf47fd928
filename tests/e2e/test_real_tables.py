"""Two environments that differ by YAML only run the whole loop on two real tables."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import copy_project, kedro, start_kedro

pytestmark = pytest.mark.e2e

PROBLEM = {"warning", "critical"}


def read_reports(folder: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted((folder / "data/08_reporting/monitoring").glob("*.json"))]


def play(folder: Path, env: str, scenario: str) -> subprocess.Popen[str]:
    for arguments in (
        ("run", "--env", env, "--pipeline", "simulation", "--params", f"simulation.scenario={scenario}"),
        ("run", "--env", env, "--pipeline", "training"),
    ):
        done = kedro(folder, *arguments)
        assert done.returncode == 0, done.stderr
    return start_kedro(folder, "cycle", "--env", env)


@pytest.mark.parametrize("env", ["telco", "bank"])
def test_quiet_weeks_stay_quiet_and_a_drift_is_learned(
    env: str, real_table: Callable[[str, Path], None], tmp_path: Path
) -> None:
    cycles = {}
    for scenario in ("quiet", "concept_drift"):
        (tmp_path / scenario).mkdir()
        folder = copy_project(tmp_path / scenario)
        real_table(env, folder)
        cycles[scenario] = play(folder, env, scenario)
    for process in cycles.values():
        _, stderr = process.communicate(timeout=300)
        assert process.returncode == 0, stderr
    quiet = read_reports(tmp_path / "quiet")[:10]
    loud = [report for report in quiet if any(alert["severity"] in PROBLEM for alert in report["alerts"])]
    assert len(loud) <= 1
    assert not list((tmp_path / "quiet/data/08_reporting/retraining").glob("*.json"))
    drifted = read_reports(tmp_path / "concept_drift")
    assert "retrain" in {report["decision"]["action"] for report in drifted[:7]}
    assert "retrain" not in {report["decision"]["action"] for report in drifted[:4]}
    summaries = (tmp_path / "concept_drift/data/08_reporting/retraining").glob("*.json")
    assert "promoted" in {json.loads(path.read_text())["verdict"] for path in summaries}
    assert drifted[-1]["model"]["version"] == "2"
