"""A stream of batches as files, so that a library with its own environment can judge what we judge.

A folder is a stream: `stream.json` (numeric, categorical, threshold, rows), `reference.parquet` and, from
`batch-0001.parquet` on, the batches: features, `score` and `label` (0, 1 or missing: what is known when the batch is
judged). Where labels come late, `labelled-0001.parquet` may hold the earlier rows (`score`, `label`) that have become
known by the first batch. Imports nothing of the project: the rivals' environments do not have it.
"""

import json
import logging
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import pandas as pd

Verdict = Literal["alert", "none", "failed"]


@dataclass(frozen=True)
class Stream:
    """One folder; `rows` is the usual number of rows of a batch."""

    folder: Path
    numeric: list[str]
    categorical: list[str]
    rows: int

    @property
    def features(self) -> list[str]:
        return [*self.numeric, *self.categorical]


@dataclass(frozen=True)
class Judged:
    """What a library said of one batch, what made it say so and what it could not compute."""

    verdicts: dict[str, Verdict]
    fired: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


Judge = Callable[[pd.DataFrame, pd.DataFrame], Judged]
Fit = Callable[[Stream, pd.DataFrame], tuple[Judge, dict[str, Any]]]


def read_stream(folder: Path) -> Stream:
    known = json.loads((folder / "stream.json").read_text())
    return Stream(folder, known["numeric"], known["categorical"], known["rows"])


def read_rows(path: Path, stream: Stream) -> tuple[pd.DataFrame, list[str]]:
    """The rows typed as the stream says; a number that cannot be read becomes missing and is noted."""
    rows, notes = pd.read_parquet(path).reset_index(drop=True), []
    for name in rows.columns.intersection([*stream.numeric, "score", "label"]):
        numbers = pd.to_numeric(rows[name], errors="coerce").astype(float)
        if unreadable := int((numbers.isna() & rows[name].notna()).sum()):
            notes.append(f"{name}: {unreadable} values are not numbers")
        rows[name] = numbers
    for name in rows.columns.intersection(stream.categorical):
        rows[name] = rows[name].astype(object).map(str, na_action="ignore")
    return rows, notes


def read_labelled(path: Path, batch: pd.DataFrame, stream: Stream) -> pd.DataFrame:
    """Rows whose label is known when the batch is judged: those that have become known, else the batch's own."""
    late = path.with_name(path.name.replace("batch-", "labelled-"))
    rows = read_rows(late, stream)[0] if late.exists() else batch
    return rows.loc[rows["label"].notna(), ["score", "label"]].reset_index(drop=True)


def judge_batches(stream: Stream, judge: Judge) -> dict[str, Any]:
    """Every batch judged on its own, in the order of the names."""
    batches = {}
    for path in sorted(stream.folder.glob("batch-*.parquet")):
        batch, notes = read_rows(path, stream)
        judged = judge(batch, read_labelled(path, batch, stream))
        batches[path.stem] = {**asdict(judged), "notes": notes + judged.notes}
    return batches


def judge_folders(library: str, fit: Fit, folders: list[str]) -> None:
    """Writes `<library>.json` into every folder."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    import_module(library)  # so that the first batch does not pay for it
    for folder in map(Path, folders):
        stream = read_stream(folder)
        reference, _ = read_rows(folder / "reference.parquet", stream)
        started = time.perf_counter()
        judge, about = fit(stream, reference)
        fitted = time.perf_counter()
        batches = judge_batches(stream, judge)
        told = {
            "library": library,
            "version": version(library),
            "reference": {"rows": len(reference), **about},
            "seconds_to_fit": round(fitted - started, 3),
            "seconds_per_batch": round((time.perf_counter() - fitted) / max(len(batches), 1), 4),
            "batches": batches,
        }
        (folder / f"{library}.json").write_text(json.dumps(told, indent=1) + "\n")
