"""A loop over pandas: ``scipy.stats.ks_2samp`` per number, ``chi2_contingency`` per text, and the missing counted."""

from pathlib import Path

import pandas as pd
from clock import Job, main
from scipy.stats import chi2_contingency, ks_2samp

ALPHA, KS_FLOOR, VARIATION_FLOOR = 0.05, 0.1, 0.1


def prepare_column(column: pd.Series, kind: str) -> pd.Series:
    return column.value_counts() if kind == "text" else column.dropna().astype(float)


def load(folder: Path, kinds: dict[str, str]) -> dict[str, pd.Series]:
    reference = pd.read_parquet(folder / "reference.parquet")
    return {name: prepare_column(reference[name], kind) for name, kind in kinds.items()}


def has_drifted(reference: pd.Series, batch: pd.Series, kind: str) -> bool:
    if kind != "text":
        test = ks_2samp(reference, batch)
        return test.pvalue < ALPHA and test.statistic >= KS_FLOOR
    counts = pd.concat([reference, batch], axis=1).fillna(0)
    shares = counts / counts.sum()
    variation = (shares.iloc[:, 0] - shares.iloc[:, 1]).abs().sum() / 2
    return chi2_contingency(counts.T).pvalue < ALPHA and variation >= VARIATION_FLOOR


def run(reference: dict[str, pd.Series], folder: Path, kinds: dict[str, str]) -> list[str]:
    batch = pd.read_parquet(folder / "batch.parquet")
    batch.isna().sum()
    return [
        name for name, kind in kinds.items() if has_drifted(reference[name], prepare_column(batch[name], kind), kind)
    ]


if __name__ == "__main__":
    main(Job(load, run))
