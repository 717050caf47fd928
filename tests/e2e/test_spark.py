"""The same Parquet batches judged on this machine and on Spark: byte for byte the same."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from .conftest import start_kedro

pytestmark = pytest.mark.e2e

SECONDS = 1200  # a virtual machine and its workers start at every run
LARGE, SMALL = "2031-03-03", "2031-03-10"


def kedro(folder: Path, *arguments: str) -> str:
    process = start_kedro(folder, *arguments)
    stdout, stderr = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, stderr
    assert stderr == ""
    return stdout


def prepare(trained: Path, folder: Path) -> tuple[Path, pd.DataFrame]:
    """A copy without batches, where a batch of more than 1,000 rows is looked at by a sample; and rows to deliver."""
    shutil.copytree(trained, folder)
    files = sorted((folder / "data/01_raw/production").glob("*.csv"))
    rows = pd.concat([pd.read_csv(path, dtype={"customer_id": str}) for path in files], ignore_index=True)
    for path in files:
        path.unlink()
    parameters = folder / "conf/base/parameters.yml"
    text = parameters.read_text(encoding="utf-8")
    text, replaced = re.subn(r"^  (chunk_rows|sample_rows): \d+", r"  \1: 1000", text, flags=re.MULTILINE)
    assert replaced == 2
    parameters.write_text(text, encoding="utf-8")
    return folder, rows


def deliver(folder: Path, batch: str, rows: pd.DataFrame, parts: int | None) -> None:
    path = folder / "data/01_raw/production" / f"{batch}.parquet"
    if parts is None:
        rows.to_parquet(path, index=False)
        return
    path.mkdir()
    for part in range(parts):
        start, end = (len(rows) * number // parts for number in (part, part + 1))
        rows.iloc[start:end].to_parquet(path / f"part-{part:05d}.parquet", index=False)


def read_outputs(folder: Path) -> dict[str, bytes]:
    kept = ("08_reporting/monitoring", "07_model_output/evidence")
    paths = [path for name in kept for path in (folder / "data" / name).iterdir()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.mark.usefixtures("needs_spark")
def test_reports_and_evidence_of_seven_files_on_spark_are_those_of_one_file_here(
    trained_project: Path, tmp_path: Path
) -> None:
    told = {}
    for name, parts, env in (("here", None, []), ("there", 7, ["--env", "spark"])):
        folder, rows = prepare(trained_project, tmp_path / name)
        deliver(folder, LARGE, rows, parts)
        deliver(folder, SMALL, rows.tail(300), parts)
        told[name] = kedro(folder, "cycle", *env)
    assert told["here"] == told["there"]
    assert len(told["here"].splitlines()) == 2
    here, there = read_outputs(tmp_path / "here"), read_outputs(tmp_path / "there")
    assert sorted(here) == sorted(there)
    assert [name for name in here if here[name] != there[name]] == []
    output = Path("data/07_model_output")
    large = pd.read_parquet(tmp_path / "there" / output / "large_predictions" / LARGE)
    expected = pd.read_parquet(tmp_path / "here" / output / "predictions" / f"{LARGE}.parquet")
    pd.testing.assert_frame_equal(
        large[list(expected)].sort_values("id", ignore_index=True), expected.sort_values("id", ignore_index=True)
    )
    for folder, kept in (("predictions", {SMALL}), ("sampled_predictions", {LARGE}), ("features", {LARGE, SMALL})):
        assert {path.stem for path in (tmp_path / "there" / output / folder).iterdir()} == kept
    assert [path.name for path in (tmp_path / "there" / output / "large_predictions").iterdir()] == [LARGE]
