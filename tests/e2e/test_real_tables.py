"""Two environments that differ by YAML only run the whole loop on two real tables."""

import json
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from .conftest import copy_project, kedro

pytestmark = pytest.mark.e2e

PROBLEM = {"warning", "critical"}
ENVIRONMENTS = ("telco", "bank")


def run(folder: Path, *arguments: str) -> None:
    done = kedro(folder, *arguments)
    assert done.returncode == 0, done.stderr


def play(quiet: Path, env: str, put: Callable[[str, Path], None]) -> dict[str, Path]:
    """Train once; then the quiet weeks in one copy of the project and those with a drift in another."""
    put(env, copy_project(quiet))
    run(quiet, "run", "--env", env, "--pipeline", "simulation", "--params", "simulation.scenario=quiet")
    run(quiet, "run", "--env", env, "--pipeline", "training")
    drift = shutil.copytree(quiet, quiet.with_name(f"{quiet.name}-drift"))
    run(quiet, "cycle", "--env", env)
    run(drift, "run", "--env", env, "--pipeline", "simulation", "--params", "simulation.scenario=concept_drift")
    run(drift, "cycle", "--env", env)
    return {"quiet": quiet, "concept_drift": drift}


@pytest.fixture(scope="module")
def played(
    real_table: Callable[[str, Path], None], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Future[dict[str, Path]]]:
    """Both environments at once; a table that is not there skips what asks for its result."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        return {env: pool.submit(play, tmp_path_factory.mktemp(env), env, real_table) for env in ENVIRONMENTS}


def read(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((folder / "data/08_reporting" / kind).glob("*.json"))]


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_quiet_weeks_stay_quiet(env: str, played: dict[str, Future[dict[str, Path]]]) -> None:
    folder = played[env].result()["quiet"]
    quiet = read(folder, "monitoring")[:10]
    loud = [report for report in quiet if any(alert["severity"] in PROBLEM for alert in report["alerts"])]
    assert len(quiet) == 10
    assert len(loud) <= 1
    assert read(folder, "retraining") == []


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_a_drift_from_week_5_is_decided_by_week_7_and_learned(
    env: str, played: dict[str, Future[dict[str, Path]]]
) -> None:
    folder = played[env].result()["concept_drift"]
    reports = read(folder, "monitoring")
    actions = [report["decision"]["action"] for report in reports]
    assert "retrain" in actions[:7]
    assert "retrain" not in actions[:4]
    assert "promoted" in {summary["verdict"] for summary in read(folder, "retraining")}
    assert reports[-1]["model"]["version"] == "2"
