"""Do the rivals' verdicts reach us? Streams whose answer is known, in a temporary folder.

    .venv/bin/python benchmarks/rivals/try_rivals.py

`quiet` draws its batches as the reference; in `shifted` every number and the score move from the second half on; the
last batch of `broken` has lost a column; in `turned` the labels, which come late, have nothing to do with the score
from the second half on. Prints the verdicts, and fails where a shifted batch is missed, a broken one passes for quiet,
NannyML's performance misses the turn, or Evidently's tests called one by one disagree with its preset.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
ROWS, BATCHES, REFERENCE_ROWS = 500, 6, 10_000
FIRST_SHIFTED = 4
NUMERIC, CATEGORICAL = ["tenure", "charges", "visits"], ["contract", "senior"]
# The rule and the first batch that has to be alarming; Evidently has no rule that sees a turned concept.
WRONG_FROM = {
    "evidently": {"shifted": ("any_column", FIRST_SHIFTED), "broken": ("any_column", BATCHES)},
    "nannyml": {
        "shifted": ("any", FIRST_SHIFTED),
        "broken": ("any", BATCHES),
        "turned": ("performance_only", FIRST_SHIFTED),
    },
}


def draw_rows(rng: np.random.Generator, rows: int, shift: float = 0.0, known: float = 1.0) -> pd.DataFrame:
    tenure, charges, visits = rng.normal(shift, 1, rows), rng.normal(shift, 1, rows), rng.poisson(1 + shift, rows)
    contract, senior = rng.choice(["month", "year"], rows, p=[0.7, 0.3]), rng.integers(0, 2, rows)
    score = 1 / (1 + np.exp(1 - tenure - charges - (contract == "month")))
    label = np.where(rng.random(rows) < known, rng.random(rows) < score, np.nan)
    columns = (tenure, charges, visits, contract, senior, score, label)
    return pd.DataFrame(dict(zip([*NUMERIC, *CATEGORICAL, "score", "label"], columns, strict=True)))


def write_stream(folder: Path, seed: int) -> None:
    """The first batch has no label and a missing value: neither may stop a rival."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    stream = {"numeric": NUMERIC, "categorical": CATEGORICAL, "threshold": 0.5, "rows": ROWS}
    (folder / "stream.json").write_text(json.dumps(stream))
    draw_rows(rng, REFERENCE_ROWS).to_parquet(folder / "reference.parquet")
    for week in range(1, BATCHES + 1):
        late = week >= FIRST_SHIFTED
        rows = draw_rows(rng, ROWS, 1.0 if folder.name == "shifted" and late else 0.0, known=week > 1)
        rows.loc[0, "contract"] = None
        if folder.name == "broken" and week == BATCHES:
            rows = rows.drop(columns="visits")
        if folder.name == "turned":
            known = rows[["score", "label"]].copy()
            if late:
                known["label"] = rng.permutation(known["label"])
            known.to_parquet(folder / f"labelled-{week:04}.parquet")
            rows["label"] = np.nan
        rows.to_parquet(folder / f"batch-{week:04}.parquet")


def judge(library: str, folders: list[Path], *options: str) -> list[dict[str, Any]]:
    python = HERE.parents[1] / f".venv-{library}" / "bin" / "python"
    subprocess.run([python, HERE / f"judge_{library}.py", *options, *folders], check=True)
    return [json.loads((folder / f"{library}.json").read_text()) for folder in folders]


def find_faults(kind: str, told: dict[str, Any]) -> list[str]:
    library, batches = told["library"], told["batches"]
    faults = [] if len(batches) == BATCHES else [f"{library} judged {len(batches)} batches of {kind}"]
    if kind in WRONG_FROM[library]:
        rule, first = WRONG_FROM[library][kind]
        missed = [batch for batch in list(batches)[first - 1 :] if batches[batch]["verdicts"][rule] == "none"]
        faults += [f"{library} says none of {kind} {batch}" for batch in missed]
    return faults


def main() -> int:
    faults = []
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / kind for kind in ("quiet", "shifted", "broken", "turned")]
        for seed, folder in enumerate(folders):
            write_stream(folder, seed)
        for library in WRONG_FROM:
            for folder, told in zip(folders, judge(library, folders), strict=True):
                faults += find_faults(folder.name, told)
                print(library, told["version"], folder.name, told["seconds_per_batch"], "s a batch", told["reference"])
                for batch, judged in told["batches"].items():
                    print(" ", batch, judged["verdicts"], judged["fired"], judged["notes"])
        drifting = folders[1:3]
        called = [json.loads((folder / "evidently.json").read_text()) for folder in drifting]
        for one, whole in zip(called, judge("evidently", drifting, "--preset"), strict=True):
            for batch, judged in one["batches"].items():
                if judged["verdicts"] != whole["batches"][batch]["verdicts"]:
                    faults.append(f"evidently's preset disagrees on {batch}: {whole['batches'][batch]}")
    print("\n".join(faults) or "as expected")
    return len(faults)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
