"""A profile as plain arrays, for one ``.npz`` file that is read with ``allow_pickle=False``.

``header`` is JSON in UTF-8 bytes: names, levels and scalars in order. Any text survives in it, unlike in
numpy's fixed-width strings, which drop trailing NULs. ``number_<i>_<part>`` are the arrays of the i-th
numeric column.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churn_monitoring.profiling.categories import CategoryProfile
from churn_monitoring.profiling.grid import NumericGrid
from churn_monitoring.profiling.numbers import NumericProfile
from churn_monitoring.profiling.table import TableProfile

FORMAT = 1
_ARRAYS = ("at_or_below", "below", "inside", "outside")
_SCALARS = ("count", "missing", "minimum", "maximum")


def profile_to_arrays(profile: TableProfile) -> dict[str, NDArray[Any]]:
    """Write a profile as named arrays, without loss.

    Args:
        profile: The profile; not changed.

    Returns:
        Arrays of numbers only, as ``numpy.savez_compressed(path, **arrays)`` takes them.

    Examples:
        >>> profile = TableProfile(rows=2, numeric={}, categorical={"plan": CategoryProfile({"pro": 2}, 0)})
        >>> profile_from_arrays(profile_to_arrays(profile)) == profile
        True
    """
    numbers: list[dict[str, Any]] = []
    arrays: dict[str, NDArray[Any]] = {}
    for index, (name, column) in enumerate(profile.numeric.items()):
        scalars = {key: getattr(column, key) for key in _SCALARS}
        numbers.append({"name": name, "exact": column.grid.exact, **scalars})
        arrays[f"number_{index}_points"] = column.grid.points
        arrays |= {f"number_{index}_{key}": getattr(column, key) for key in _ARRAYS}
    categories = [
        {"name": name, "counts": column.counts, "missing": column.missing}
        for name, column in profile.categorical.items()
    ]
    header = {"format": FORMAT, "rows": profile.rows, "numeric": numbers, "categorical": categories}
    return {"header": np.frombuffer(json.dumps(header).encode(), dtype=np.uint8), **arrays}


def profile_from_arrays(arrays: Mapping[str, NDArray[Any]]) -> TableProfile:
    """Read a profile that :func:`profile_to_arrays` wrote.

    Args:
        arrays: The arrays by name; an open ``.npz`` file will do.

    Returns:
        A profile equal to the one written.

    Raises:
        ValueError: If the arrays were written in another format.
    """
    header = json.loads(arrays["header"].tobytes().decode())
    if header["format"] != FORMAT:
        raise ValueError(f"the profile has format {header['format']}, this version reads format {FORMAT}")
    numeric = {
        column["name"]: _read_numbers(column, arrays, f"number_{index}_")
        for index, column in enumerate(header["numeric"])
    }
    categorical = {
        column["name"]: CategoryProfile(counts=column["counts"], missing=column["missing"])
        for column in header["categorical"]
    }
    return TableProfile(rows=header["rows"], numeric=numeric, categorical=categorical)


def _read_numbers(column: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], prefix: str) -> NumericProfile:
    grid = NumericGrid(points=arrays[f"{prefix}points"], exact=column["exact"])
    parts: dict[str, Any] = {key: arrays[f"{prefix}{key}"] for key in _ARRAYS}
    return NumericProfile(grid=grid, **parts, **{key: column[key] for key in _SCALARS})
