"""Evidently's default verdicts on streams of batches.

    .venv-evidently/bin/python benchmarks/rivals/judge_evidently.py [--preset] FOLDER...

`DataDriftPreset()` with nothing set: the tests, their thresholds and the share of drifted columns (0.5) are the
library's own. Evidently has no default alarm for classification quality.

    dataset                its dataset drift: the share of drifted columns (features and score) reaches 0.5
    any_column             at least one column (features and score) has drifted
    any_column_with_label  the same, the column of known labels included when there are any

The preset draws every column for its page, which takes ten times as long as deciding; so the library's own choice of
test is called column by column. `--preset` runs the whole preset instead: `try_rivals.py` holds them equal.
"""

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from streams import Judge, Judged, Stream, judge_folders

os.environ["DO_NOT_TRACK"] = "1"  # read where the library is imported, hence the imports inside

Kind = Literal["num", "cat"]
FindDrifted = Callable[[pd.DataFrame, pd.DataFrame, dict[str, Kind]], tuple[bool, list[str]]]
KEYS = ("dataset", "any_column", "any_column_with_label")


def find_drifted(reference: pd.DataFrame, batch: pd.DataFrame, kinds: dict[str, Kind]) -> tuple[bool, list[str]]:
    """Whether the dataset has drifted, and which columns; a column without a value stops it, as it stops the preset."""
    from evidently.legacy.calculations.stattests import get_stattest
    from evidently.presets import DataDriftPreset

    drifted = []
    for column, kind in kinds.items():
        before, now = (rows[column].replace([-np.inf, np.inf], np.nan).dropna() for rows in (reference, batch))
        if before.empty or now.empty:
            raise ValueError(f"An empty column '{column}' was provided for drift calculation.")
        if get_stattest(before, now, kind, None)(before, now, kind, None).drifted:
            drifted.append(column)
    return len(drifted) / len(kinds) >= DataDriftPreset().drift_share, drifted


def run_preset(reference: pd.DataFrame, batch: pd.DataFrame, kinds: dict[str, Kind]) -> tuple[bool, list[str]]:
    """The same by the report's own tests: the one that names no column is the dataset's."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    of_kind = {kind: [column for column in kinds if kinds[column] == kind] for kind in ("num", "cat")}
    definition = DataDefinition(numerical_columns=of_kind["num"], categorical_columns=of_kind["cat"])
    before, now = (Dataset.from_pandas(rows, data_definition=definition) for rows in (reference, batch))
    tests = Report([DataDriftPreset()], include_tests=True).run(now, before).dict()["tests"]
    failed = [test["metric_config"]["params"].get("column") for test in tests if test["status"] == "FAIL"]
    return None in failed, [column for column in failed if column is not None]


def fit(stream: Stream, reference: pd.DataFrame, find: FindDrifted) -> tuple[Judge, dict[str, Any]]:
    kinds: dict[str, Kind] = {**dict.fromkeys(stream.numeric, "num"), "score": "num"}
    kinds |= dict.fromkeys(stream.categorical, "cat")

    def judge(batch: pd.DataFrame, labelled: pd.DataFrame) -> Judged:
        try:
            dataset, columns = find(reference, batch, kinds)
        except Exception as error:  # noqa: BLE001 - whatever a rival raises is what its user gets
            return Judged(dict.fromkeys(KEYS, "failed"), notes=[f"{type(error).__name__}: {error}"])
        notes, label = ["no label known"], []
        if len(labelled):
            notes, (_, label) = [], find(reference, labelled, {"label": "cat"})
        found = (dataset, bool(columns), bool(columns + label))
        verdicts = {key: "alert" if loud else "none" for key, loud in zip(KEYS, found, strict=True)}
        return Judged(verdicts, columns + label, notes)

    return judge, {}


if __name__ == "__main__":
    whole = sys.argv[1] == "--preset"
    judge_folders("evidently", partial(fit, find=run_preset if whole else find_drifted), sys.argv[1 + whole :])
