"""polars-ds: ``ks_2samp`` per number (with its threshold, no p-value), polars' counts per text, the missing counted.

The reference is kept sorted and counted, which need not be done again. Texts are compared by total variation:
``psi_discrete`` of 0.13 finds every text of these tables to have drifted, whether given expressions or series.
"""

from pathlib import Path

import polars as pl
import polars_ds as pds
from clock import Job, main

KS_FLOOR, VARIATION_FLOOR = 0.1, 0.1
Shares = dict[str, float]


def measure_shares(texts: pl.Series) -> Shares:
    return dict(texts.drop_nulls().value_counts(normalize=True).iter_rows())


def load(folder: Path, kinds: dict[str, str]) -> dict[str, pl.Series | Shares]:
    reference = pl.read_parquet(folder / "reference.parquet")
    return {
        name: measure_shares(reference[name])
        if kind == "text"
        else reference[name].drop_nulls().cast(pl.Float64).sort()
        for name, kind in kinds.items()
    }


def run(reference: dict[str, pl.Series | Shares], folder: Path, kinds: dict[str, str]) -> list[str]:
    batch = pl.read_parquet(folder / "batch.parquet")
    batch.null_count()
    tests = [
        pds.ks_2samp(pl.col(name).cast(pl.Float64), pl.lit(reference[name])).alias(name)
        for name, kind in kinds.items()
        if kind != "text"
    ]
    found = batch.select(tests).row(0, named=True)
    # What 0.13 calls the p-value is the threshold that its documentation describes.
    drifted = {name for name, test in found.items() if test["statistic"] > max(test["pvalue"], KS_FLOOR)}
    texts = [name for name, kind in kinds.items() if kind == "text"]
    drifted |= {name for name in texts if has_drifted(reference[name], measure_shares(batch[name]))}
    return [name for name in kinds if name in drifted]


def has_drifted(reference: Shares, batch: Shares) -> bool:
    levels = reference.keys() | batch.keys()
    return sum(abs(reference.get(level, 0.0) - batch.get(level, 0.0)) for level in levels) / 2 >= VARIATION_FLOOR


if __name__ == "__main__":
    main(Job(load, run))
