"""whylogs: the batch profiled into sketches, compared with the stored profile of the reference by its drift scores.

Quality is in the profile (types, missing, extremes) and judged by nothing; tests are made on what the sketches keep.
"""

from pathlib import Path

import pandas as pd
import whylogs as why
from clock import Job, main
from whylogs.core import DatasetProfileView
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores


def read_rows(path: Path, kinds: dict[str, str]) -> pd.DataFrame:
    return pd.read_parquet(path).astype({name: float for name, kind in kinds.items() if kind == "boolean"})


def prepare(folder: Path, kinds: dict[str, str]) -> None:
    why.log(read_rows(folder / "reference.parquet", kinds)).view().write(str(folder / "whylogs.bin"))


def load(folder: Path, _kinds: dict[str, str]) -> DatasetProfileView:
    return DatasetProfileView.read(str(folder / "whylogs.bin"))


def run(reference: DatasetProfileView, folder: Path, kinds: dict[str, str]) -> list[str]:
    view = why.log(read_rows(folder / "batch.parquet", kinds)).view()
    scores = calculate_drift_scores(target_view=view, reference_view=reference, with_thresholds=True)
    return [name for name in kinds if (scores.get(name) or {}).get("drift_category") == "DRIFT"]


if __name__ == "__main__":
    main(Job(load, run, prepare))
