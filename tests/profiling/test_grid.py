import numpy as np
import pytest

from churn_monitoring.profiling import NumericGrid, build_grid


def test_an_exact_grid_holds_the_sorted_distinct_finite_values() -> None:
    grid = build_grid(np.array([2.0, np.nan, 1.0, 2.0, np.inf, -np.inf]), max_points=2)
    assert grid == NumericGrid(points=np.array([1.0, 2.0]), exact=True)


def test_beyond_the_limit_the_grid_holds_quantiles_and_both_extremes() -> None:
    values = np.random.default_rng(1).lognormal(size=10_000)
    grid = build_grid(values, max_points=101)
    assert not grid.exact
    assert grid.points.size == 101
    assert (grid.points[0], grid.points[-1]) == (values.min(), values.max())
    assert np.abs(np.mean(values[:, None] <= grid.points, axis=0) - np.linspace(0, 1, 101)).max() < 1e-3


@pytest.mark.parametrize("values", [np.array([]), np.full(3, np.nan)])
def test_no_value_gives_an_empty_exact_grid(values: np.ndarray) -> None:
    grid = build_grid(values, max_points=10)
    assert grid.points.size == 0
    assert grid.exact


def test_a_grid_of_one_point_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        build_grid(np.array([1.0]), max_points=1)


def test_the_values_are_not_changed() -> None:
    values = np.array([2.0, 1.0])
    build_grid(values, max_points=10)
    assert values.tolist() == [2.0, 1.0]


def test_a_grid_is_equal_to_its_likes_only() -> None:
    grid = NumericGrid(points=np.array([1.0]), exact=True)
    assert grid != NumericGrid(points=np.array([1.0]), exact=False)
    assert grid != NumericGrid(points=np.array([2.0]), exact=True)
    assert grid != "grid"
