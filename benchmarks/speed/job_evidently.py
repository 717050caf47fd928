"""Evidently's ``DataDriftPreset`` with nothing set: Wasserstein and Jensen-Shannon distances; it judges no quality."""

import os
from pathlib import Path

import pandas as pd
from clock import Job, main

os.environ["DO_NOT_TRACK"] = "1"  # read where the library is imported, hence the imports below it

from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset


def read_rows(path: Path, kinds: dict[str, str]) -> Dataset:
    rows = pd.read_parquet(path).astype({name: float for name, kind in kinds.items() if kind == "boolean"})
    numeric = [name for name, kind in kinds.items() if kind != "text"]
    text = [name for name, kind in kinds.items() if kind == "text"]
    return Dataset.from_pandas(
        rows, data_definition=DataDefinition(numerical_columns=numeric, categorical_columns=text)
    )


def load(folder: Path, kinds: dict[str, str]) -> Dataset:
    return read_rows(folder / "reference.parquet", kinds)


def run(reference: Dataset, folder: Path, kinds: dict[str, str]) -> list[str]:
    batch = read_rows(folder / "batch.parquet", kinds)
    tests = Report([DataDriftPreset()], include_tests=True).run(batch, reference).dict()["tests"]
    failed = [test["metric_config"]["params"].get("column") for test in tests if test["status"] == "FAIL"]
    return [column for column in failed if column is not None]


if __name__ == "__main__":
    main(Job(load, run))
