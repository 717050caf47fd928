"""The project as a user has it: a copy in a temporary folder, driven by the real command line."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REAL_DATA = ROOT.parent / "shared" / "data"
SMALL_WORLD = (
    "simulation.scenario=quiet,simulation.weeks=5,simulation.batch_rows=300,simulation.customers=1500,"
    "simulation.label_delay_weeks=1"
)
SECONDS = 300


def copy_project(folder: Path) -> Path:
    for name in ("conf", "src"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "local"))
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "conf" / "local").mkdir()
    (folder / "data" / "01_raw" / "production").mkdir(parents=True)
    (folder / "data" / "01_raw" / "labels").mkdir()
    return folder


def start_kedro(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "kedro", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=environment, text=True, stdout=pipe, stderr=pipe)


def kedro(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    process = start_kedro(folder, *arguments)
    stdout, stderr = process.communicate(timeout=SECONDS)
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


@pytest.fixture
def empty_project(tmp_path: Path) -> Path:
    return copy_project(tmp_path)


@pytest.fixture(scope="session")
def trained_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated world with its champion, no batch monitored yet."""
    folder = copy_project(tmp_path_factory.mktemp("trained"))
    done = kedro(folder, "run", "--params", SMALL_WORLD)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Champion: ")
    assert "simulating a business first" in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return folder


@pytest.fixture
def project(trained_project: Path, tmp_path: Path) -> Path:
    """The trained project for one test; artifacts of its champion stay where they were made."""
    return shutil.copytree(trained_project, tmp_path / "project")


@pytest.fixture(scope="session")
def real_table() -> Callable[[str, Path], None]:
    """Puts a real table where its environment wants it; skips where the table is not there."""

    def put(env: str, folder: Path) -> None:
        name = {"telco": "WA_Fn-UseC_-Telco-Customer-Churn.csv", "bank": "Churn_Modelling.csv"}[env]
        if not (REAL_DATA / name).is_file():
            pytest.skip(f"{name} is not in ../shared/data")
        shutil.copy(REAL_DATA / name, folder / "data" / "01_raw" / f"{env}.csv")

    return put
