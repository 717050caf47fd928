"""`kedro bench` and `kedro backtest` as a person types them."""

import json
from pathlib import Path

import pytest

from .conftest import kedro

pytestmark = pytest.mark.e2e
SMALL = "simulation.customers=1500,simulation.batch_rows=300"


def test_a_bench_prints_and_saves_rates_with_intervals(empty_project: Path) -> None:
    done = kedro(empty_project, "bench", "--seeds", "1", "--scenarios", "missing_burst", "--params", SMALL)
    assert done.returncode == 0, done.stderr
    assert "| 40 % of a column missing | `fix_data` | 1 of 1 = 100.0 %" in done.stdout
    saved = json.loads((empty_project / "data/08_reporting/bench/world-churn-300.json").read_text())
    assert saved["lines"][0]["in_time"]["value"] == 1.0
    assert (saved["source"], saved["rows"], saved["seeds"]) == ("world", 300, 1)
    assert (empty_project / "data/08_reporting/bench/world-churn-300.md").read_text() in done.stdout


def test_an_unknown_scenario_is_one_sentence(empty_project: Path) -> None:
    done = kedro(empty_project, "bench", "--scenarios", "earthquake")
    assert done.returncode == 1
    assert done.stderr.startswith("There is no scenario 'earthquake' (there are: quiet, ")
    assert "Traceback" not in done.stderr


def test_a_backtest_tells_what_would_have_changed_and_changes_nothing(project: Path) -> None:
    nothing = kedro(project, "backtest")
    assert (nothing.returncode, nothing.stdout) == (0, "No batch has been judged yet: run `kedro cycle` first.\n")
    assert kedro(project, "cycle").returncode == 0
    files = {path: path.stat().st_mtime_ns for path in (project / "data").rglob("*") if path.is_file()}
    same = kedro(project, "backtest", "--params", "drift.psi_bins=20")
    assert same.returncode == 0, same.stderr
    assert "0 of 5 batches would have been judged otherwise. Nothing was changed." in same.stdout
    harsh = kedro(project, "backtest", "--params", "performance_threshold=0.99,performance.low_confidence=0.5")
    assert harsh.returncode == 0, harsh.stderr
    assert "none -> alert  ROC-AUC of batch" in harsh.stdout
    assert files == {path: path.stat().st_mtime_ns for path in (project / "data").rglob("*") if path.is_file()}
