"""When the outcome of a batch's customers becomes known, and what is written down at first.

outcome ─┬─ first      as recorded when the labels are due
         └─ later      churners recorded late, or whose label was not yet mature
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from churn_monitoring.core.options import Change, TableSchema
from churn_monitoring.simulation.association import KnownTable

UNRECORDED = "unrecorded_churners"
IMMATURE = "immature_labels"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is first recorded of each row (missing: nothing), and after how many more weeks which rows are put right."""

    first: pd.Series
    later: tuple[tuple[int, np.ndarray], ...]


def record_labels(
    rng: np.random.Generator, target: pd.Series, churned: np.ndarray, changes: Sequence[Change], known: KnownTable
) -> Recorded:
    """Hold back or belie the labels of a share of the churners, as ``changes`` say.

    Args:
        rng: Orders the churners; the first ones are struck, whatever the kind, so that kinds can be compared.
        target: The true labels of the rows as they are spelt; left as they are.
        churned: float64[n] of 1, 0 and NaN.
        changes: Completed changes; all but those of labels change nothing.
        known: Tells how "stayed" is spelt.
    """
    churners = rng.permutation(np.flatnonzero(churned == 1))
    first, later = target.astype(object), []
    for change in changes:
        if change.kind in (UNRECORDED, IMMATURE):
            struck = np.sort(churners[: round(change.strength * len(churners))])
            first.iloc[struck] = None if change.kind == UNRECORDED else _spell_stayed(known)
            later += [(change.weeks_late, struck)] if len(struck) else []
    return Recorded(_restore_dtype(first, target), tuple(later))


def build_label_file(rows: pd.DataFrame, schema: TableSchema, labels: pd.Series, batch_id: str) -> pd.DataFrame:
    """One row per customer whose label is known: the id, the label, the batch.

    Args:
        rows: Of one batch, with their true target.
        schema: Names of the id and the target.
        labels: As they are recorded, one for each row.
        batch_id: Which batch it is.
    """
    known = labels.notna()
    recorded = labels[known].astype(rows[schema.target].dtype)
    return (
        rows.loc[known, [schema.id]].assign(**{schema.target: recorded}).assign(batch=batch_id).reset_index(drop=True)
    )


def _spell_stayed(known: KnownTable) -> object:
    """The commonest value of the target among those who stayed."""
    return known.rows.loc[known.labels == 0, known.schema.target].value_counts(sort=False).idxmax()


def _restore_dtype(values: pd.Series, like: pd.Series) -> pd.Series:
    """Give ``values`` the dtype of ``like``, unless they have gaps that it cannot hold."""
    return values if like.dtype.kind in "iub" and values.isna().any() else values.astype(like.dtype)
