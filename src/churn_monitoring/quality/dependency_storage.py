"""Dependencies as plain arrays, for one ``.npz`` file that is read with ``allow_pickle=False``.

As :mod:`churn_monitoring.profiling.storage` does it: ``header`` is JSON in UTF-8 bytes with names, levels and
scalars in order, ``model_<i>_<part>`` are the arrays of the i-th model.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churn_monitoring.quality.coding import CategoryCoding, Coding, NumericCoding
from churn_monitoring.quality.column_model import ColumnModel, Dependencies

FORMAT = 1
_ARRAYS = ("weights", "intercept", "margin")
_SCALARS = ("column", "r2", "explained", "surprise", "variance", "error")


def dependencies_to_arrays(dependencies: Dependencies) -> dict[str, NDArray[Any]]:
    """Write dependencies as named arrays, without loss.

    Args:
        dependencies: Of the reference; not changed.

    Returns:
        Arrays of numbers only, as ``numpy.savez_compressed(path, **arrays)`` takes them.

    Examples:
        >>> independent = Dependencies((CategoryCoding("plan", ("pro", None), ()),), (), max_rows=5_000)
        >>> dependencies_from_arrays(dependencies_to_arrays(independent)).codings == independent.codings
        True
    """
    header = {
        "format": FORMAT,
        "max_rows": dependencies.max_rows,
        "codings": [_describe(coding) for coding in dependencies.codings],
        "models": [{key: getattr(model, key) for key in _SCALARS} for model in dependencies.models],
    }
    arrays: dict[str, NDArray[Any]] = {"header": np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)}
    for index, model in enumerate(dependencies.models):
        arrays |= {f"model_{index}_{key}": getattr(model, key) for key in _ARRAYS}
    return arrays


def dependencies_from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Dependencies:
    """Read dependencies that :func:`dependencies_to_arrays` wrote.

    Args:
        arrays: The arrays by name; an open ``.npz`` file will do.

    Returns:
        Dependencies that measure the same.

    Raises:
        ValueError: If the arrays were written in another format.
    """
    header = json.loads(arrays["header"].tobytes().decode())
    if header["format"] != FORMAT:
        raise ValueError(f"the dependencies have format {header['format']}, this version reads format {FORMAT}")
    models = tuple(_read_model(scalars, arrays, f"model_{index}_") for index, scalars in enumerate(header["models"]))
    return Dependencies(tuple(_read(coding) for coding in header["codings"]), models, header["max_rows"])


def _read_model(scalars: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], prefix: str) -> ColumnModel:
    parts: dict[str, Any] = {key: arrays[f"{prefix}{key}"] for key in _ARRAYS}
    return ColumnModel(**parts, **scalars)


def _describe(coding: Coding) -> dict[str, Any]:
    if isinstance(coding, CategoryCoding):
        return {"name": coding.name, "levels": coding.levels, "pooled": coding.pooled}
    edges = {"cell_edges": coding.cell_edges, "class_edges": coding.class_edges, "bounds": coding.bounds}
    return {"name": coding.name, **edges, "missing": coding.missing}


def _read(coding: Mapping[str, Any]) -> Coding:
    if "levels" in coding:
        return CategoryCoding(coding["name"], tuple(coding["levels"]), tuple(coding["pooled"]))
    edges = {key: tuple(coding[key]) for key in ("cell_edges", "class_edges", "bounds")}
    return NumericCoding(name=coding["name"], missing=coding["missing"], **edges)
