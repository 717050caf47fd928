"""Which labelled production rows an attempt learns from, and which it is judged on.

    matured batches of the regime ─ newest row per customer ─┬ newest of the fresh rows: compared on, seen by nobody
                                                             └ all others: learned from

A customer is in one part only, and one whose rows the champion was fitted on is in neither. Fresh is a row that
the champion was not calibrated on, that equals no other row of the window, and that no earlier attempt was compared
on: a comparison serves one attempt, or the luckiest of many equal challengers would be promoted in the end.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from churn_monitoring.core.options import TableSchema
from churn_monitoring.learning.leaks import KnownRows, are_known
from churn_monitoring.tables import are_among, fingerprint_rows

_OWN = ("_batch", "_draw")


def _no_rows() -> pd.DataFrame:
    return pd.DataFrame({"batch": [], "id": []}, dtype=object)


@dataclass(frozen=True)
class Window:
    """Rows of the regime; both parts have the columns of the schema and ``label``.

    ``facts`` counts what was left out of both parts (``returning``, ``seen``, ``twins``) or of the comparison alone
    (``calibrated``, ``repeated``, ``used``), and what was ``fresh``. ``compared`` names batch and customer of each row
    compared on.
    """

    batches: tuple[str, ...]
    learning: pd.DataFrame
    comparison: pd.DataFrame
    facts: dict[str, int] = field(default_factory=dict)
    compared: pd.DataFrame = field(default_factory=_no_rows)


def split_window(
    batches: dict[str, pd.DataFrame],
    schema: TableSchema,
    known: KnownRows,
    comparison_share: float,
    seed: int,
) -> Window:
    """Divide the labelled rows of some batches into those to learn from and the newest fresh ones to compare on.

    Args:
        batches: labelled rows by batch id, oldest first.
        schema: names of the columns.
        known: rows that the champion or an earlier attempt knows.
        comparison_share: share of the fresh rows, the newest, that is kept for comparison; within the batch at the
            border rows are drawn at random.
        seed: of that draw.
    """
    rows = _line_up(batches, schema, seed)
    newest = rows[rows[schema.id].isna() | ~rows[schema.id].duplicated(keep="last")]
    unseen = newest[~are_known(newest, known.fitted, schema, distinctive=False)]
    distinct = unseen[~are_known(unseen, known.fitted, schema, distinctive=known.distinctive)]
    plain = distinct.reset_index(drop=True)
    stale = _find_stale(plain, known, schema)
    fresh = np.flatnonzero(~np.any(list(stale.values()), axis=0))
    compared = np.zeros(len(plain), dtype=bool)
    compared[fresh[len(fresh) - round(comparison_share * len(fresh)) :]] = True
    facts = {
        "rows": len(rows),
        "returning": len(rows) - len(newest),
        "seen": len(newest) - len(unseen),
        "twins": len(unseen) - len(distinct),
        **{name: int(found.sum()) for name, found in stale.items()},
        "fresh": len(fresh),
        "fresh_positives": int((plain["label"].iloc[fresh] == 1).sum()),
    }
    learning, comparison = (plain[part].reset_index(drop=True) for part in (~compared, compared))
    named = pd.DataFrame({"batch": comparison["_batch"], "id": comparison[schema.id]}, dtype=object)
    columns = list(_OWN)
    return Window(tuple(batches), learning.drop(columns=columns), comparison.drop(columns=columns), facts, named)


def find_shortage(window: Window, min_positives: int, min_negatives: int) -> str | None:
    """Why a window is too small to learn from and to compare on, or None."""
    for name, part in ((f"to compare on{_tell_fresh(window)}", window.comparison), ("to learn from", window.learning)):
        positives = int((part["label"] == 1).sum())
        negatives = len(part) - positives
        if positives < min_positives or negatives < min_negatives:
            return (
                f"There are {positives} churners and {negatives} others {name} in {len(window.batches)} matured "
                f"batches; {min_positives} and {min_negatives} are needed: wait for more labels."
            )
    return None


def _tell_fresh(window: Window) -> str:
    """Why there are fewer rows to compare on than a reader would count, where earlier attempts used some."""
    if not window.facts.get("used"):
        return ""
    positives, rows = window.facts["fresh_positives"], window.facts["fresh"]
    return f" (of {positives} and {rows - positives} fresh ones: {window.facts['used']} rows served earlier attempts)"


def _line_up(batches: dict[str, pd.DataFrame], schema: TableSchema, seed: int) -> pd.DataFrame:
    """All rows, oldest batch first, in a random order within each; ``_batch`` is its id."""
    order = np.random.default_rng(seed)
    frames = [
        rows.assign(_batch=name, _draw=order.random(len(rows))).sort_values("_draw", kind="stable")
        for name, rows in batches.items()
    ]
    if not frames:
        return pd.DataFrame({name: [] for name in (schema.id, *schema.features, "label", *_OWN)})
    return pd.concat(frames, ignore_index=True)


def _find_stale(rows: pd.DataFrame, known: KnownRows, schema: TableSchema) -> dict[str, np.ndarray]:
    """``bool[n]`` by reason: rows that may be learned from but not compared on."""
    return {
        "calibrated": are_known(rows, known.calibrated, schema, distinctive=known.distinctive),
        "repeated": _are_repeated(rows, schema) if known.distinctive else np.zeros(len(rows), dtype=bool),
        "used": _are_used(rows, known.used, schema),
    }


def _are_repeated(rows: pd.DataFrame, schema: TableSchema) -> np.ndarray:
    """``bool[n]``: rows whose features another row has: with one of them in each part, one would be known."""
    if rows.empty:
        return np.zeros(0, dtype=bool)
    return np.asarray(pd.Series(fingerprint_rows(rows, schema.features)).duplicated(keep=False), dtype=bool)


def _are_used(rows: pd.DataFrame, used: pd.DataFrame, schema: TableSchema) -> np.ndarray:
    """``bool[n]``: rows an earlier attempt was compared on; without ids all such rows of one batch count as one."""
    return are_among(_spell(rows["_batch"], rows[schema.id]), _spell(used["batch"], used["id"]))


def _spell(batches: pd.Series, ids: pd.Series) -> pd.Series:
    pairs = zip(batches, ids.astype(object).where(ids.notna(), ""), strict=True)
    return pd.Series([f"{batch}\n{customer}" for batch, customer in pairs], dtype=object)
