"""A schema with fewer features: where work grows faster than the number of columns, it is done on the leading ones."""

from collections.abc import Mapping
from typing import Any

from churn_monitoring.core.options import TableSchema


def narrow_schema(schema: TableSchema, rank: Mapping[str, Any], most: int) -> TableSchema:
    """The schema with the ``most`` features of the highest rank, in its own order; itself where it has no more.

    Args:
        schema: of the table.
        rank: anything that sorts, by feature; the first of the schema come first among equals, and those without a
            rank last.
        most: features that are kept, at least 1.

    >>> roles = {"id": "i", "target": "t", "positive": 1, "date": None, "ignored": ()}
    >>> table = TableSchema(numeric=("a", "b"), categorical=("c",), **roles)
    >>> narrow_schema(table, {"a": 0.1, "b": 0.7, "c": 0.2}, 2).features
    ('b', 'c')
    """
    if len(schema.features) <= most:
        return schema
    ranked = sorted((name for name in schema.features if name in rank), key=lambda name: rank[name], reverse=True)
    unranked = [name for name in schema.features if name not in rank]
    kept = set([*ranked, *unranked][:most])
    return schema.model_copy(
        update={
            "numeric": tuple(name for name in schema.numeric if name in kept),
            "categorical": tuple(name for name in schema.categorical if name in kept),
        }
    )
