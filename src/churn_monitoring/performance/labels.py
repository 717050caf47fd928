"""Late and partial labels: what was known on a day, and which batches are old enough to be believed.

Unlabelled never means "stayed": a row without a label stays without one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import ndtr

from churn_monitoring.core.dates import parse_date
from churn_monitoring.core.errors import DataError
from churn_monitoring.core.options import LabelOptions, TableSchema
from churn_monitoring.core.records import Finding
from churn_monitoring.tables import read_labels
from churn_monitoring.tables.columns import read_text


@dataclass(frozen=True)
class LabelTable:
    """Labels known on one day.

    ``rows`` has the columns ``id`` (canonical text), ``label`` (0.0 or 1.0) and ``batch`` (id, or missing
    where the label is not tied to a batch); later rows overrule earlier ones. ``problems`` is at most one
    finding, which names every file that could not be used.
    """

    rows: pd.DataFrame
    problems: tuple[Finding, ...] = ()

    def for_batch(self, batch_id: str) -> pd.DataFrame:
        """The rows that may be about customers of this batch: tied to it, or to none."""
        free, tied = self._positions
        return self.rows.iloc[np.sort(np.concatenate([free, tied.get(batch_id, free[:0])]))]

    @cached_property
    def _positions(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        free = np.flatnonzero(self.rows["batch"].isna().to_numpy())
        tied = self.rows.groupby("batch", sort=False).indices
        return free, {str(name): np.asarray(positions) for name, positions in tied.items()}


def read_label_rows(name: str, table: pd.DataFrame, schema: TableSchema) -> pd.DataFrame:
    """The rows of one label file that say something, as in :class:`LabelTable`.

    The columns may bear the names of the schema, or plainly ``id`` and ``label``; ``batch`` is optional.

    Raises:
        DataError: id or label is not there.
    """
    id_column = next((column for column in (schema.id, "id") if column in table), None)
    label_column = next((column for column in (schema.target, "label") if column in table), None)
    if id_column is None or label_column is None:
        raise DataError(
            f"data/01_raw/labels/{name}.csv has the columns {', '.join(map(str, table.columns))}; "
            f"it needs {schema.id} (or id) and {schema.target} (or label)."
        )
    batch = read_text(table["batch"]) if "batch" in table else pd.Series(None, index=table.index, dtype=object)
    rows = pd.DataFrame(
        {"id": read_text(table[id_column]), "label": read_labels(table[label_column], schema), "batch": batch}
    )
    return rows.dropna(subset=["id", "label"]).astype(object)


def gather_labels(
    files: Mapping[str, Callable[[], pd.DataFrame]],
    schema: TableSchema,
    as_of: date,
    read: Callable[[str, pd.DataFrame, TableSchema], pd.DataFrame] = read_label_rows,
) -> LabelTable:
    """Read the label files known on ``as_of``: one whose name is a later ISO date is not there yet."""
    tables: list[pd.DataFrame] = []
    problems: list[str] = []
    for name, load in files.items():
        if (parse_date(name) or as_of) > as_of:
            continue
        try:
            tables.append(read(name, load(), schema))
        except DataError as error:
            problems.append(str(error))
    empty = pd.DataFrame({"id": [], "label": [], "batch": []}, dtype=object)
    message = f"Labels left out: {' '.join(problems)}"
    found = (Finding("label_file", None, "warning", float(len(problems)), 0.0, message),) if problems else ()
    return LabelTable(pd.concat(tables, ignore_index=True) if tables else empty, found)


def join_labels(ids: pd.Series, own: pd.Series, batch_id: str, labels: LabelTable) -> pd.Series:
    """Label of each row of a batch: from the files where there is one, else the batch's ``own``, else NaN."""
    by_id = labels.for_batch(batch_id).drop_duplicates("id", keep="last").set_index("id")["label"].astype(float)
    return ids.map(by_id).astype(float).fillna(own)


def is_mature(batch_date: date, as_of: date, maturity_days: int) -> bool:
    """Whether a batch is old enough on ``as_of`` for its labels to be final."""
    return batch_date + timedelta(days=maturity_days) <= as_of


def explain_unusable(known: np.ndarray, scores: np.ndarray, options: LabelOptions) -> str | None:
    """Why the labels known so far cannot judge the champion, or None where they can.

    Labels must cover ``min_coverage`` of the rows, and which are absent must not depend on the score: where
    churners are recorded late, the rows without a label are those with high scores, and what is known looks like a
    lower churn rate and another concept. The dependence is tested by the rank-sum statistic of scores with and
    without label (normal approximation with ties, two-sided), at ``missing_p_value``.

    Args:
        known: ``bool[n]``, whether a row's label is known.
        scores: ``float64[n]``, the champion's.
        options: the least coverage and the level.
    """
    labelled, unlabelled = int(known.sum()), int((~known).sum())
    if not labelled:
        return "no label has matured yet"
    if labelled < options.min_coverage * known.size:
        share = f"{labelled / known.size:.0%} of the labels have come"
        return f"{share}, {options.min_coverage:.0%} are needed: wait for the rest"
    if unlabelled and _rank_sum_p_value(known, scores) < options.missing_p_value:
        return (
            f"{unlabelled} labels are still missing and not at random (mean score {scores[~known].mean():.2f} against "
            f"{scores[known].mean():.2f} of the others): wait for the rest"
        )
    return None


def _rank_sum_p_value(known: np.ndarray, scores: np.ndarray) -> float:
    """Wilcoxon's rank-sum test with midranks and the variance of ties."""
    _, group, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2.0)[group]
    n, absent = known.size, int((~known).sum())
    ties = float((sizes.astype(float) ** 3 - sizes).sum()) / (n * (n - 1))
    variance = absent * (n - absent) / 12.0 * (n + 1 - ties)
    if variance <= 0.0:
        return 1.0
    distance = abs(float(ranks[~known].sum()) - absent * (n + 1) / 2.0)
    return 2.0 * float(ndtr(-distance / variance**0.5))
