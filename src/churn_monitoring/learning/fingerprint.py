"""Fingerprints by which the ledger tells data and parameters apart: equal where nothing that matters differs."""

import json
from collections.abc import Iterable
from hashlib import sha256

import numpy as np
import pandas as pd

from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.learning.reference import Reference
from churn_monitoring.tables import fingerprint_rows

_OF_ONE_RUN = {"batch", "as_of"}  # parameters that say what a run is about, not how it is done


def fingerprint_data(tables: Iterable[pd.DataFrame], schema: TableSchema) -> str:
    """SHA-256 over the rows' own fingerprints, 64 hex digits; the order of rows within a table plays no part.

    Args:
        tables: coerced rows with the schema's id and features and ``label``, such as training and reference rows.
        schema: names the columns.
    """
    digest = sha256()
    for table in tables:
        rows = fingerprint_rows(table, [schema.id, *schema.features, "label"])
        digest.update(np.sort(rows).astype("<u8").tobytes() + b"|")
    return digest.hexdigest()


def fingerprint_parameters(policy: Parameters) -> str:
    """SHA-256 of all parameters but ``batch`` and ``as_of``, 64 hex digits; their order in the file plays no part."""
    values = policy.model_dump(mode="json", by_alias=True, exclude=_OF_ONE_RUN)
    return sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def tell_fingerprints(training_rows: pd.DataFrame, reference: Reference, policy: Parameters) -> dict[str, str]:
    """The facts of a package by which the ledger knows what it was made of: ``data_sha256``, ``parameters_sha256``.

    Args:
        training_rows: rows the model was fitted on, with ``label``.
        reference: held out from it.
        policy: with the schema the package is made with.
    """
    held_out = reference.with_ids(policy.table.id).assign(label=reference.rows["label"].to_numpy(float))
    data = fingerprint_data([training_rows, held_out], policy.table)
    return {"data_sha256": data, "parameters_sha256": fingerprint_parameters(policy)}
