"""Which labelled production rows an attempt learns from, and which it is judged on.

    matured batches of the regime ─ newest row per customer ─┬ older part: learned from
                                                             └ newest part: compared on, seen by nobody

A customer is in one part only, and one whose rows the champion was fitted on is in neither.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from churn_monitoring.core.options import TableSchema


@dataclass(frozen=True)
class Window:
    """Rows of the regime; both parts have the columns of the schema and ``label``, ``facts`` counts rows left out."""

    batches: tuple[str, ...]
    learning: pd.DataFrame
    comparison: pd.DataFrame
    facts: dict[str, int] = field(default_factory=dict)


def split_window(
    batches: dict[str, pd.DataFrame],
    schema: TableSchema,
    seen_ids: pd.Series,
    comparison_share: float,
    seed: int,
) -> Window:
    """Divide the labelled rows of some batches into an older and a newest part.

    Args:
        batches: labelled rows by batch id, oldest first.
        schema: names of the columns.
        seen_ids: customers whose rows the champion was fitted on.
        comparison_share: share of the rows, the newest, that is kept for comparison; within the batch at the
            border rows are drawn at random.
        seed: of that draw.
    """
    order = np.random.default_rng(seed)
    frames = [
        rows.assign(_batch=position, _draw=order.random(len(rows))) for position, rows in enumerate(batches.values())
    ]
    if not frames:
        empty = pd.DataFrame({name: [] for name in (schema.id, *schema.features, "label")})
        return Window((), empty, empty, facts={"rows": 0, "returning": 0, "seen": 0})
    rows = pd.concat(frames, ignore_index=True).sort_values(["_batch", "_draw"], kind="stable")
    newest = rows[rows[schema.id].isna() | ~rows[schema.id].duplicated(keep="last")]
    unseen = newest[newest[schema.id].isna() | ~newest[schema.id].isin(seen_ids)]
    plain = unseen.drop(columns=["_batch", "_draw"]).reset_index(drop=True)
    border = len(plain) - round(comparison_share * len(plain))
    facts = {"rows": len(rows), "returning": len(rows) - len(newest), "seen": len(newest) - len(unseen)}
    return Window(tuple(batches), plain.iloc[:border], plain.iloc[border:].reset_index(drop=True), facts=facts)


def find_shortage(window: Window, min_positives: int, min_negatives: int) -> str | None:
    """Why a window is too small to learn from and to compare on, or None."""
    for name, part in (("to compare on", window.comparison), ("to learn from", window.learning)):
        positives = int((part["label"] == 1).sum())
        negatives = len(part) - positives
        if positives < min_positives or negatives < min_negatives:
            return (
                f"There are {positives} churners and {negatives} others {name} in {len(window.batches)} matured "
                f"batches; {min_positives} and {min_negatives} are needed: wait for more labels."
            )
    return None
