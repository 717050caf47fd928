"""The notebook runs from top to bottom in a project that has judged a batch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, kedro

pytestmark = pytest.mark.e2e


def test_explore_results_shows_the_ledger_and_the_newest_features(project: Path) -> None:
    assert kedro(project, "run", "--pipeline", "monitoring").returncode == 0
    cells = json.loads((ROOT / "notebooks/explore_results.ipynb").read_text())["cells"]
    script = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    script += "\nprint(len(history), len(features), history.action[0])"
    environment = {**os.environ, "PYTHONPATH": str(project / "src")}
    done = subprocess.run([sys.executable, "-c", script], cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1", "19", "none"]
