"""NannyML's ``UnivariateDriftCalculator`` with nothing set but the columns: ten chunks, Jensen-Shannon; with its fit.

A column has drifted where most of the batch's chunks alert. The calculator judges no quality.
"""

import os
from pathlib import Path

import pandas as pd
from clock import Job, main

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"  # read where the library is imported, hence the import below it

import nannyml as nml


def read_rows(path: Path, kinds: dict[str, str]) -> pd.DataFrame:
    return pd.read_parquet(path).astype({name: float for name, kind in kinds.items() if kind == "boolean"})


def load(folder: Path, kinds: dict[str, str]) -> pd.DataFrame:
    return read_rows(folder / "reference.parquet", kinds)


def run(reference: pd.DataFrame, folder: Path, kinds: dict[str, str]) -> list[str]:
    calculator = nml.UnivariateDriftCalculator(column_names=list(kinds)).fit(reference)
    found = calculator.calculate(read_rows(folder / "batch.parquet", kinds)).filter(period="analysis").to_df()
    return [name for name in kinds if found[name]["jensen_shannon"]["alert"].mean() > 0.5]


if __name__ == "__main__":
    main(Job(load, run))
