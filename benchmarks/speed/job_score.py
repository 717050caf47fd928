"""The other floor: ``predict_proba`` of the bare XGBoost model on the numbers as a float32 matrix made before."""

from pathlib import Path
from typing import Any

import numpy as np
from clock import Job, main
from pyarrow import parquet
from xgboost import XGBClassifier

TREES, DEPTH, LEARNING_ROWS = 200, 3, 50_000


def load(folder: Path, kinds: dict[str, str]) -> tuple[Any, np.ndarray]:
    numeric = [name for name, kind in kinds.items() if kind != "text"]
    table = parquet.read_table(folder / "batch.parquet", columns=numeric)
    rows = np.column_stack([table.column(name).to_pandas().to_numpy(np.float32, na_value=np.nan) for name in numeric])
    learned = rows[:LEARNING_ROWS]
    labels = (learned[:, 0] + np.random.default_rng(1).normal(size=len(learned)) > 0).astype(int)
    model = XGBClassifier(n_estimators=TREES, max_depth=DEPTH, n_jobs=1).fit(learned, labels)
    return model, rows


def run(prepared: tuple[Any, np.ndarray], _folder: Path, _kinds: dict[str, str]) -> list[str]:
    model, rows = prepared
    model.predict_proba(rows)
    return []


if __name__ == "__main__":
    main(Job(load, run))
