"""The tables that every library is given: floats, integers, truth values and categories, some of which have drifted.

Of 10 columns 7 are floats (normal, log-normal and rounded in turn), 1 is an integer or a truth value and 2 are texts of
5 to 20 levels; 2 % of every column is missing. Every seventh column has moved by an amount that no test on this many
rows can miss: a fifth of a standard deviation, or a fifth of the rows of the commonest level to the rarest.
"""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

MISSING = 0.02
ROW_GROUP = 131_072
DRIFTED_EVERY = 7


def draw_column(kind: str, number: int, rows: int, rng: np.random.Generator, drifted: bool) -> np.ndarray:
    moved = 0.5 if drifted else 0.0
    if kind == "float":
        normal = rng.normal(moved, 1.0, rows)
        return (normal, np.exp(normal), (20.0 * normal + 70.0).round(2))[number % 3]
    if kind == "integer":
        return rng.poisson(9.0 + 3.0 * moved, rows)
    if kind == "boolean":
        return rng.random(rows) < 0.3 + moved / 2.0
    levels = 5 + number % 16
    shares = np.arange(levels, 0.0, -1.0)
    shares /= shares.sum()
    shares = (1.0 - moved) * shares + moved * shares[::-1]
    return np.array([f"level {level}" for level in range(levels)], dtype=object)[rng.choice(levels, rows, p=shares)]


def plan_columns(columns: int) -> dict[str, str]:
    """Kind per name, in the mixture of 35 floats, 3 integers, 2 truth values and 10 texts in 50."""
    cycle = ["float"] * 7 + ["integer", "text", "text"]
    kinds = [cycle[number % 10] for number in range(columns)]
    whole = [number for number, kind in enumerate(kinds) if kind == "integer"]
    for number in whole[1::2]:
        kinds[number] = "boolean"
    return {f"{kind}_{number}": kind for number, kind in enumerate(kinds)}


def has_drifted(name: str) -> bool:
    return int(name.rpartition("_")[2]) % DRIFTED_EVERY == DRIFTED_EVERY - 1


def draw_group(plan: dict[str, str], rows: int, rng: np.random.Generator, batch: bool) -> pa.Table:
    found = {}
    for name, kind in plan.items():
        number = int(name.rpartition("_")[2])
        values = draw_column(kind, number, rows, rng, batch and has_drifted(name))
        found[name] = pa.array(values, mask=rng.random(rows) < MISSING)
    return pa.table(found)


def write_table(path: Path, plan: dict[str, str], rows: int, seed: int, batch: bool) -> None:
    """Row group by row group, so that a table of any size can be written."""
    rng = np.random.default_rng(seed)
    writer = None
    for start in range(0, rows, ROW_GROUP):
        group = draw_group(plan, min(ROW_GROUP, rows - start), rng, batch)
        writer = writer or parquet.ParquetWriter(path, group.schema)
        writer.write_table(group)
    if writer:
        writer.close()


def write_tables(folder: Path, rows: int, columns: int, *, reference: bool = True) -> None:
    """The batch, the kinds of its columns and a reference as long; a folder that is complete is left as it is."""
    if (folder / "columns.json").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    plan = plan_columns(columns)
    if reference:
        write_table(folder / "reference.parquet", plan, rows, 1, batch=False)
    write_table(folder / "batch.parquet", plan, rows, 2, batch=True)
    (folder / "columns.json").write_text(json.dumps(plan, indent=1), encoding="utf-8")
