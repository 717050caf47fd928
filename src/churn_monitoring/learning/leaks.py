"""Is a row that is compared on known to champion or challenger? By customer, and by equal features.

    KnownRows ─ split_window leaves them out ─ check_leaks must find none ─ LeakCheck, written into the summary

Equal features under another id tell of the same customer only where rows are distinctive: a table of five
yes/no columns repeats itself by nature, and there the ids alone count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from churn_monitoring.core.options import TableSchema
from churn_monitoring.tables import are_among, fingerprint_rows

SHOWN_EXAMPLES = 3


@dataclass(frozen=True)
class KnownRows:
    """Rows that nobody may be judged on.

    Attributes:
        fitted: rows the champion was fitted on, id and features; neither compared on nor learned from as new.
        calibrated: rows it was calibrated on or its threshold was chosen on; they may be learned from.
        used: ``batch`` and ``id`` of the rows that earlier attempts were compared on; these too may be learned from.
        distinctive: whether two rows of this table with equal features are one customer.
    """

    fitted: pd.DataFrame = field(default_factory=pd.DataFrame)
    calibrated: pd.DataFrame = field(default_factory=pd.DataFrame)
    used: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"batch": [], "id": []}, dtype=object))
    distinctive: bool = True


@dataclass(frozen=True, slots=True)
class LeakCheck:
    """What comparing every row compared on with every row known before has found.

    ``against`` counts the known rows by what they are known from; ``examples`` are ids of up to three leaks.
    """

    rows: int
    distinctive: bool
    against: dict[str, int]
    leaks: int
    examples: tuple[str, ...] = ()


def check_leaks(
    comparison: pd.DataFrame, known: Mapping[str, pd.DataFrame], schema: TableSchema, *, distinctive: bool
) -> LeakCheck:
    """Count the rows compared on that are known.

    Args:
        comparison: rows to compare on, with id and features.
        known: rows with id and features, by what they are known from, such as ``training``.
        schema: names of the columns.
        distinctive: whether equal features are evidence of a leak; equal ids always are.
    """
    leaked = np.zeros(len(comparison), dtype=bool)
    for rows in known.values():
        leaked |= are_known(comparison, rows, schema, distinctive=distinctive)
    examples = comparison.loc[leaked, schema.id].head(SHOWN_EXAMPLES) if leaked.any() else ()
    return LeakCheck(
        rows=len(comparison),
        distinctive=distinctive,
        against={name: len(rows) for name, rows in known.items()},
        leaks=int(leaked.sum()),
        examples=tuple("without an id" if pd.isna(one) else str(one) for one in examples),
    )


def are_known(rows: pd.DataFrame, known: pd.DataFrame, schema: TableSchema, *, distinctive: bool) -> np.ndarray:
    """``bool[n]``: whether a row is of a customer among ``known`` or, in a distinctive table, equals one of them."""
    if rows.empty or known.empty:
        return np.zeros(len(rows), dtype=bool)
    same = are_among(rows[schema.id], known[schema.id])
    return same | _are_twins(rows, known, schema) if distinctive else same


def _are_twins(rows: pd.DataFrame, known: pd.DataFrame, schema: TableSchema) -> np.ndarray:
    """``bool[n]``: whether a row has the features of one of ``known``; none where those have no features."""
    if rows.empty or known.empty or not set(schema.features) <= set(known.columns):
        return np.zeros(len(rows), dtype=bool)
    return np.isin(fingerprint_rows(rows, schema.features), fingerprint_rows(known, schema.features))
