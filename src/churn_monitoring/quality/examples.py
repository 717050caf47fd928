"""Which rows show a finding: ids of up to three, so that a person can look them up where they came from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn_monitoring.core.records import Finding
from churn_monitoring.profiling import TableProfile
from churn_monitoring.quality.column_model import Dependencies
from churn_monitoring.quality.dependency import find_surprising_rows
from churn_monitoring.tables import explain_spelling

EXAMPLES = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    rows: pd.DataFrame
    ids: pd.Series
    profile: TableProfile
    raw: pd.DataFrame | None
    dependencies: Dependencies | None


def name_examples(
    findings: Sequence[Finding],
    rows: pd.DataFrame,
    ids: pd.Series,
    profile: TableProfile,
    raw: pd.DataFrame | None = None,
    dependencies: Dependencies | None = None,
) -> tuple[Finding, ...]:
    """Add up to three ids to each finding that single rows can show.

    Missing, unseen, unparseable and constant values: the first rows that have them; numbers out of
    range: those farthest out; repeated rows and ids: the repetitions; dependencies: the most surprising rows.

    Args:
        findings: Of these rows; not changed.
        rows: Coerced rows of the batch.
        ids: Their ids, in the same order; a row without one is no example.
        profile: Of the reference.
        raw: The table as delivered, row by row that of ``rows``: without it, unparseable values are no example.
            With it, the message of an unparseable column also says how its numbers are spelt.
        dependencies: Of the reference; without them, a dependency has no example.

    Returns:
        The findings in the same order.

    Examples:
        >>> from churn_monitoring.profiling import CategoryProfile
        >>> profile = TableProfile(9, {}, {"plan": CategoryProfile({"basic": 9}, 0)})
        >>> finding = Finding("new_category", "plan", "warning", 0.5, 0.005, "column 'plan' has new values")
        >>> rows = pd.DataFrame({"plan": ["basic", "pro", None, "pro"]})
        >>> name_examples([finding], rows, pd.Series(["a", "b", "c", "d"]), profile)[0].examples
        ('b', 'd')
    """
    batch = _Batch(rows, ids.reset_index(drop=True), profile, raw, dependencies)
    return tuple(_explain(replace(finding, examples=_pick(finding, batch)), batch) for finding in findings)


def _pick(finding: Finding, batch: _Batch) -> tuple[str, ...]:
    if batch.rows.empty or (finding.column is not None and finding.column not in batch.rows.columns):
        return ()
    shown = batch.ids.iloc[_locate(finding, batch)].dropna().drop_duplicates()
    return tuple(str(name) for name in shown.head(EXAMPLES))


def _locate(finding: Finding, batch: _Batch) -> NDArray[np.int64]:
    """Positions of the rows that show a finding, the best examples first."""
    if finding.column is None:
        return _locate_repetitions(finding.check, batch)
    values, profile = batch.rows[finding.column].reset_index(drop=True), batch.profile
    match finding.check:
        case "missing_share":
            shows = values.isna()
        case "constant":
            shows = values.notna()
        case "new_category" | "recoded_category":
            shows = values.notna() & ~values.isin(list(profile.categorical[finding.column].counts))
        case "unparseable":
            shows = _find_unreadable(finding.column, batch)
        case "out_of_range":
            return _order_by_distance(values, profile.numeric[finding.column].grid.points)
        case "dependency" if batch.dependencies is not None:
            return find_surprising_rows(batch.dependencies, batch.rows, finding.column)
        case _:
            return np.empty(0, dtype=np.int64)
    return np.flatnonzero(shows.to_numpy(dtype=bool))


def _locate_repetitions(check: str, batch: _Batch) -> NDArray[np.int64]:
    if check == "duplicate_id":
        return np.flatnonzero((batch.ids.duplicated() & batch.ids.notna()).to_numpy())
    if check == "repeated_rows":
        features = [name for name in (*batch.profile.numeric, *batch.profile.categorical) if name in batch.rows.columns]
        return np.flatnonzero(batch.rows.duplicated(features).to_numpy())
    return np.empty(0, dtype=np.int64)


def _order_by_distance(values: pd.Series, points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Positions of the numbers outside the reference's range, the farthest first."""
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    distance = np.nan_to_num(np.maximum(points[0] - numbers, numbers - points[-1]), nan=-1.0)
    order = np.argsort(-distance, kind="stable")
    return np.asarray(order[: np.count_nonzero(distance > 0)], dtype=np.int64)


def _find_unreadable(column: str, batch: _Batch) -> pd.Series:
    """Which values were there and are no number; none when the raw table is not at hand."""
    values = batch.rows[column].reset_index(drop=True)
    if batch.raw is None or column not in batch.raw.columns:
        return pd.Series(data=False, index=values.index)
    delivered = batch.raw[column].reset_index(drop=True)
    return values.isna() & delivered.notna() & (delivered.astype(str).str.strip() != "")


def _explain(finding: Finding, batch: _Batch) -> Finding:
    """Say in the message how an unparseable column is spelt."""
    if finding.check != "unparseable" or finding.column is None or batch.raw is None:
        return finding
    unreadable = _find_unreadable(finding.column, batch)
    if not unreadable.any():
        return finding
    spelling = explain_spelling(batch.raw[finding.column].reset_index(drop=True)[unreadable])
    return replace(finding, message=f"{finding.message}, {spelling}")
