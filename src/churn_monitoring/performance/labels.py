"""Late and partial labels: what was known on a day, and which batches are old enough to be believed.

Unlabelled never means "stayed": a row without a label stays without one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from churn_monitoring.core.dates import parse_date
from churn_monitoring.core.errors import DataError
from churn_monitoring.core.options import TableSchema
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


def gather_labels(files: Mapping[str, Callable[[], pd.DataFrame]], schema: TableSchema, as_of: date) -> LabelTable:
    """Read the label files known on ``as_of``: one whose name is a later ISO date is not there yet.

    The columns may bear the names of the schema, or plainly ``id`` and ``label``; ``batch`` is optional.
    """
    tables: list[pd.DataFrame] = []
    problems: list[str] = []
    for name, load in files.items():
        if (parse_date(name) or as_of) > as_of:
            continue
        try:
            tables.append(_read_label_rows(name, load(), schema))
        except DataError as error:
            problems.append(str(error))
    empty = pd.DataFrame({"id": [], "label": [], "batch": []}, dtype=object)
    message = f"Labels left out: {' '.join(problems)}"
    found = (Finding("label_file", None, "warning", float(len(problems)), 0.0, message),) if problems else ()
    return LabelTable(pd.concat(tables, ignore_index=True) if tables else empty, found)


def join_labels(ids: pd.Series, own: pd.Series, batch_id: str, labels: LabelTable) -> pd.Series:
    """Label of each row of a batch: from the files where there is one, else the batch's ``own``, else NaN."""
    rows = labels.rows
    fitting = rows[rows["batch"].isna() | (rows["batch"] == batch_id)]
    by_id = fitting.drop_duplicates("id", keep="last").set_index("id")["label"].astype(float)
    return ids.map(by_id).astype(float).fillna(own)


def is_mature(batch_date: date, as_of: date, maturity_days: int) -> bool:
    """Whether a batch is old enough on ``as_of`` for its labels to be final."""
    return batch_date + timedelta(days=maturity_days) <= as_of


def _read_label_rows(name: str, table: pd.DataFrame, schema: TableSchema) -> pd.DataFrame:
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
