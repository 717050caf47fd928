"""A sample of a large table, chosen where its rows are: only the sample comes to this machine."""

import logging
import math
from typing import Any

import pandas as pd

from churn_monitoring.engines.spark_session import without_pandas_warning

_HASHES = 2**64
_SPARE = 5.0  # standard errors of the number of rows below a hash, so that enough come


def collect_sample(frame: Any, key: str, most: int, name: str) -> pd.DataFrame:
    """All rows, or of a larger table those whose key has the smallest hash.

    The rows of one key are taken or left together, but for the last key that fits. Which they are depends on the keys
    and the number of rows alone, not on files or partitions.

    Args:
        frame: of Spark.
        key: column of the customers' ids.
        most: rows to collect at most.
        name: of the table, for the log.

    Returns:
        The rows, in the order of their hashes where some were left out; ``attrs["notes"]`` then says so.
    """
    from pyspark.sql import functions

    rows = frame.count()  # from the files' footers
    if rows > most:
        share = min(1.0, (most + _SPARE * math.sqrt(most)) / rows)
        largest = round(share * (_HASHES - 1)) - _HASHES // 2
        column = functions.xxhash64(functions.col(f"`{key}`").cast("string"))
        # Ties are of one key; their rows in the order of all values, so that the cut does not depend on partitions.
        frame = frame.where(column <= largest).orderBy(column, functions.xxhash64(*map(_quote, frame.columns)))
    with without_pandas_warning():
        table: pd.DataFrame = frame.toArrow().slice(0, most).to_pandas()
    if rows > most:
        note = f"a sample of {len(table)} of {rows} rows of {name} was used"
        table.attrs["notes"] = [note]
        logging.getLogger(__name__).info("%s.", note[0].upper() + note[1:])
    return table


def _quote(name: str) -> Any:
    from pyspark.sql import functions

    return functions.col(f"`{name}`")
