"""Raw tables, read one way everywhere: at training, when a batch is scored, and when labels arrive.

Topology:
    columns.py   one column of unknown spelling -> numbers, canonical text or dates
    coerce.py    a raw table and a schema -> the rows every other layer works on, labels, fingerprints
"""

from churn_monitoring.tables.coerce import (
    Coerced,
    coerce_rows,
    explain_missing_columns,
    find_separator,
    fingerprint_rows,
    missing_columns,
    read_labels,
)
from churn_monitoring.tables.columns import are_among, explain_spelling

__all__ = [
    "Coerced",
    "are_among",
    "coerce_rows",
    "explain_missing_columns",
    "explain_spelling",
    "find_separator",
    "fingerprint_rows",
    "missing_columns",
    "read_labels",
]
