"""Columns for the drift tests: of every shape that trips a statistic, and profiles of them read in chunks."""

from collections.abc import Callable
from functools import reduce
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from numpy.typing import ArrayLike, NDArray

from churn_monitoring.core.options import DriftOptions
from churn_monitoring.profiling import (
    CategoryProfile,
    NumericGrid,
    NumericProfile,
    build_grid,
    merge_profiles,
    profile_categories,
    profile_numbers,
)

Array = NDArray[np.float64]
DEGENERATE = {
    "empty": np.array([]),
    "all missing": np.full(300, np.nan),
    "one row": np.array([1.0]),
    "two rows": np.array([1.0, 2.0]),
    "constant": np.full(300, 1.0),
    "other constant": np.full(300, 2.0),
    "nearly constant": np.append(np.full(999, 1.0), 5.0),
    "huge": np.array([-1.7e308, 0.0, 1.7e308] * 100),
    "tiny": np.array([5e-324, 1e-323, 1.5e-323] * 100),
    "ordinary": np.linspace(0.0, 1.0, 300),
}


@pytest.fixture(scope="session")
def options() -> DriftOptions:
    """As shipped."""
    shipped = yaml.safe_load((Path(__file__).resolve().parents[2] / "conf/base/parameters.yml").read_text())
    return DriftOptions(**shipped["drift"])


@pytest.fixture(scope="session")
def draw() -> Callable[..., Array]:
    """Draws numbers of one of four shapes, moved by a shift."""

    def _draw(rng: np.random.Generator, shape: str, rows: int, shift: float = 0.0) -> Array:
        match shape:
            case "continuous":
                return rng.normal(shift, 1.0, rows)
            case "integer":
                return rng.poisson(5.0 + shift, rows).astype(float)
            case "zero_inflated":
                return np.where(rng.random(rows) < 0.7, 0.0, rng.exponential(1.0 + abs(shift), rows))
            case _:
                return np.round(rng.normal(shift, 1.0, rows))

    return _draw


def _split(rng: np.random.Generator, values: Array) -> list[Array]:
    """Between one and six chunks, some of them empty."""
    return np.split(values, np.sort(rng.integers(0, values.size + 1, rng.integers(0, 6))))


@pytest.fixture(scope="session")
def profile_in_chunks() -> Callable[..., NumericProfile]:
    def _profile(rng: np.random.Generator, values: Array, grid: NumericGrid) -> NumericProfile:
        return reduce(merge_profiles, [profile_numbers(chunk, grid) for chunk in _split(rng, values)])

    return _profile


@pytest.fixture(scope="session")
def count_in_chunks() -> Callable[..., CategoryProfile]:
    def _count(rng: np.random.Generator, codes: Array) -> CategoryProfile:
        texts = [pd.Series([f"level {code:g}" for code in chunk], dtype="object") for chunk in _split(rng, codes)]
        return reduce(merge_profiles, [profile_categories(text) for text in texts])

    return _count


@pytest.fixture(scope="session")
def profile_both() -> Callable[..., tuple[NumericProfile, NumericProfile]]:
    """Profiles a reference and a batch on the reference's grid."""

    def _profile(
        reference: ArrayLike, batch: ArrayLike, max_points: int = 65_536
    ) -> tuple[NumericProfile, NumericProfile]:
        grid = build_grid(np.asarray(reference, dtype=float), max_points)
        first, second = (profile_numbers(np.asarray(each, dtype=float), grid) for each in (reference, batch))
        return first, second

    return _profile


@pytest.fixture(params=list(product(DEGENERATE, repeat=2)), ids="-".join)
def degenerate_numbers(
    request: pytest.FixtureRequest, profile_both: Callable[..., tuple[NumericProfile, NumericProfile]]
) -> tuple[NumericProfile, NumericProfile]:
    """Every pair of columns that has ever been the end of a monitoring report."""
    return profile_both(DEGENERATE[request.param[0]], DEGENERATE[request.param[1]])


CATEGORIES = {
    "empty": CategoryProfile({}, missing=0),
    "all missing": CategoryProfile({}, missing=300),
    "one row": CategoryProfile({"a": 1}, missing=0),
    "constant": CategoryProfile({"a": 300}, missing=0),
    "other constant": CategoryProfile({"b": 300}, missing=0),
    "many rare": CategoryProfile({f"level {i}": 1 for i in range(300)}, missing=0),
    "ordinary": CategoryProfile({"a": 100, "b": 200}, missing=3),
}


@pytest.fixture(params=list(product(CATEGORIES, repeat=2)), ids="-".join)
def degenerate_categories(request: pytest.FixtureRequest) -> tuple[CategoryProfile, CategoryProfile]:
    return CATEGORIES[request.param[0]], CATEGORIES[request.param[1]]
