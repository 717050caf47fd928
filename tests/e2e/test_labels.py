"""Labels as they come: in the batch, in a file weeks later, for some rows only; batches as CSV or as Parquet."""

from pathlib import Path

import pandas as pd
import pytest

from .conftest import kedro
from .test_loop import batch_ids, read_report

pytestmark = pytest.mark.e2e


def test_labels_count_wherever_they_are_and_late_ones_decide(project: Path) -> None:
    production, late = project / "data/01_raw/production", project / "data/01_raw/labels"
    first, second, third, *rest = batch_ids(project)
    labels = {
        batch: rows for path in late.glob("*.csv") for batch, rows in pd.read_csv(path, dtype=str).groupby("batch")
    }
    for path in (*late.glob("*.csv"), *(production / f"{batch}.csv" for batch in rest)):
        path.unlink()
    rows = pd.read_csv(production / f"{first}.csv").merge(labels[first].drop(columns="batch"), on="customer_id")
    rows.loc[200:, "churned"] = None
    rows.to_parquet(production / f"{first}.parquet")
    (production / f"{first}.csv").unlink()
    turned = labels[second].assign(churned=labels[second]["churned"].map({"yes": "no", "no": "yes"}))
    plain = turned.drop(columns="batch").set_axis(["id", "label"], axis=1)
    plain.to_csv(late / f"{third}.csv", index=False)

    cycle = kedro(project, "cycle")

    assert (cycle.returncode, cycle.stderr) == (0, "")
    own = read_report(project, first)
    assert own["batch"]["label_coverage"] == pytest.approx(2 / 3)
    assert own["performance"]["realized"]["rows"] == 200
    overdue, newest = read_report(project, second), read_report(project, third)
    assert overdue["decision"]["action"] == "none"
    assert overdue["performance"]["realized"]["roc_auc"]["high"] < 0.5
    assert newest["performance"]["realized"] is None
    assert newest["decision"]["action"] == "retrain"
    assert second in newest["decision"]["reasons"][0]
    assert "retraining: " in cycle.stdout
    status = kedro(project, "status")
    assert (status.returncode, status.stderr) == (0, "")
    assert "Cooldown   until" in status.stdout


def test_the_registry_lists_every_pipeline(empty_project: Path) -> None:
    done = kedro(empty_project, "registry", "list")
    assert (done.returncode, done.stderr) == (0, "")
    assert {"__default__", "simulation", "training", "monitoring", "retraining"} <= set(
        done.stdout.replace("- ", "").split()
    )
