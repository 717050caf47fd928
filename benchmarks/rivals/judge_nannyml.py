"""NannyML's default verdicts on streams of batches.

    .venv-nannyml/bin/python benchmarks/rivals/judge_nannyml.py FOLDER...

Every calculator with its default method and threshold (mean of the reference's chunks plus or minus three standard
deviations; a distance only plus). The reference is cut into chunks of the usual size of a batch and its remainder is
kept, as `chunk_size` does by default; each batch is one chunk whatever its size, so chunks are days of a calendar
made for the purpose.

    univariate        Jensen-Shannon distance of a feature or of the score
    multivariate      reconstruction error of the features
    performance_only  ROC-AUC, estimated (CBPE) or realized on the known labels
    any               one of these
"""

import os
import sys
from typing import Any

import numpy as np
import pandas as pd
from streams import Judge, Judged, Stream, Verdict, judge_folders

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"  # the library counts its users; it is imported inside `build_calculators`

DAY = "day"
KEYS = {
    "univariate": {"univariate"},
    "multivariate": {"multivariate"},
    "performance_only": {"estimated", "realized"},
    "any": {"univariate", "multivariate", "estimated", "realized"},
}


def date_chunks(rows: pd.DataFrame, size: int) -> pd.DataFrame:
    """Rows with a day that changes every `size` rows."""
    day = pd.Timestamp("2000-01-01") + pd.to_timedelta(np.arange(len(rows)) // size, unit="D")
    return rows.assign(**{DAY: day})


def build_calculators(stream: Stream) -> dict[str, Any]:
    import nannyml

    chunks = {"timestamp_column_name": DAY, "chunk_period": "D"}
    scored = {"y_true": "label", "y_pred_proba": "score", "problem_type": "classification_binary", **chunks}
    return {
        "univariate": nannyml.UnivariateDriftCalculator([*stream.features, "score"], **chunks),
        "multivariate": nannyml.DataReconstructionDriftCalculator(stream.features, **chunks),
        "estimated": nannyml.CBPE(metrics=["roc_auc"], **scored),
        "realized": nannyml.PerformanceCalculator(metrics=["roc_auc"], **scored),
    }


def measure_chunk(name: str, calculator: Any, rows: pd.DataFrame) -> tuple[list[str], list[str]]:
    """What the calculator flags in these rows, taken as one chunk, and what it gives no value for."""
    measure = calculator.estimate if name == "estimated" else calculator.calculate
    chunk = measure(date_chunks(rows, len(rows))).filter(period="analysis").to_df().iloc[0]
    fired, notes = [], []
    for key in chunk.index[chunk.index.get_level_values(-1) == "alert"]:
        told = f"{name}: {key[0]}"
        if pd.isna(chunk[(*key[:-1], "value")]):
            notes.append(f"{told}: no value")
        elif chunk[key]:
            fired.append(told)
    return fired, notes


def decide_verdict(names: set[str], fired: list[str], failed: set[str]) -> Verdict:
    """An alert of one part stands, whatever another part could not compute."""
    if any(told.split(":")[0] in names for told in fired):
        return "alert"
    return "failed" if names & failed else "none"


def fit(stream: Stream, reference: pd.DataFrame) -> tuple[Judge, dict[str, Any]]:
    dated = date_chunks(reference, stream.rows)
    calculators = {name: calculator.fit(dated) for name, calculator in build_calculators(stream).items()}

    def judge(batch: pd.DataFrame, labelled: pd.DataFrame) -> Judged:
        fired, notes, failed = [], [], set()
        for name, calculator in calculators.items():
            rows = labelled if name == "realized" else batch
            if name == "realized" and rows.empty:
                notes.append("realized: no label known")
                continue
            try:
                alerts, silent = measure_chunk(name, calculator, rows)
            except Exception as error:  # noqa: BLE001 - whatever a rival raises is what its user gets
                failed.add(name)
                notes.append(f"{name}: {type(error).__name__}: {error}")
            else:
                fired += alerts
                notes += silent
        return Judged({key: decide_verdict(names, fired, failed) for key, names in KEYS.items()}, fired, notes)

    sizes = dated.groupby(DAY).size()
    return judge, {"chunks": len(sizes), "rows_of_last_chunk": int(sizes.iloc[-1])}


if __name__ == "__main__":
    judge_folders("nannyml", fit, sys.argv[1:])
