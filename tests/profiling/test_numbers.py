import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from churn_monitoring.profiling import NumericGrid, build_grid, profile_numbers
from churn_monitoring.profiling.numbers import RANGE_MARGINS

numbers = st.one_of(st.floats(width=64), st.integers(-3, 3).map(float))
columns = arrays(np.float64, st.integers(0, 30), elements=numbers)


@settings(max_examples=150, deadline=None)
@given(reference=columns, values=columns)
def test_counts_equal_those_of_a_loop_over_the_grid(reference: np.ndarray, values: np.ndarray) -> None:
    grid = build_grid(reference, max_points=100)
    profile = profile_numbers(values, grid)
    finite = values[np.isfinite(values)]
    assert profile.at_or_below.tolist() == [int((finite <= point).sum()) for point in grid.points]
    assert profile.below.tolist() == [int((finite < point).sum()) for point in grid.points]
    assert (profile.count, profile.missing) == (finite.size, values.size - finite.size)


@settings(max_examples=150, deadline=None)
@given(reference=columns, values=columns)
def test_no_number_of_a_profile_is_nan(reference: np.ndarray, values: np.ndarray) -> None:
    for additive in (False, True):
        profile = profile_numbers(values, build_grid(reference, max_points=100), additive=additive)
        assert not np.isnan(profile.inside).any()
        assert ((profile.inside >= 0) & (profile.inside <= profile.count)).all()


def test_the_mean_of_the_distribution_function_over_a_cell_equals_a_fine_integral() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=500)
    grid = NumericGrid(points=np.array([-1.0, -0.5, 0.5, 2.0]), exact=True)
    profile = profile_numbers(values, grid)
    mean = (profile.at_or_below[:-1] + profile.inside) / profile.count
    for cell, (low, high) in enumerate(zip(grid.points[:-1], grid.points[1:], strict=True)):
        places = np.linspace(low, high, 20_001)
        heights = np.searchsorted(np.sort(values), places, side="right") / values.size
        assert mean[cell] == pytest.approx(heights.mean(), abs=1e-4)


def test_extremes_are_those_of_the_finite_values() -> None:
    values = np.array([3.0, -1.0, np.nan, 2.0, np.inf])
    profile = profile_numbers(values, build_grid(values, max_points=10))
    assert (profile.minimum, profile.maximum) == (-1.0, 3.0)
    assert (profile.count, profile.missing) == (3, 2)


def test_values_outside_are_counted_beyond_each_margin_on_both_sides() -> None:
    grid = NumericGrid(points=np.array([0.0, 100.0]), exact=True)
    values = np.array([-11.0, -10.0, -4.0, 0.0, 50.0, 100.0, 104.0, 111.0, 1e6])
    outside = dict(zip(RANGE_MARGINS, profile_numbers(values, grid).outside.tolist(), strict=True))
    assert (outside[0.0], outside[0.05], outside[0.1], outside[0.2], outside[10.0]) == (6, 4, 3, 1, 1)


def test_a_grid_over_the_whole_range_of_floats_overflows_nowhere() -> None:
    values = np.array([-1.7e308, 0.0, 1.0, 1.7e308])
    profile = profile_numbers(values, build_grid(values[[0, 3]], max_points=10))
    assert profile.outside.tolist() == [0] * len(RANGE_MARGINS)
    assert np.isfinite(profile.inside).all()


def test_the_values_are_not_changed() -> None:
    values = np.array([2.0, np.nan, 1.0])
    profile_numbers(values, build_grid(values, max_points=10))
    np.testing.assert_array_equal(values, [2.0, np.nan, 1.0])


def test_a_quantile_of_a_profile_is_the_smallest_value_with_that_share_at_or_below() -> None:
    values = np.random.default_rng(3).integers(0, 50, size=200).astype(float)
    profile = profile_numbers(values, build_grid(values, max_points=100))
    for share in (0.005, 0.25, 0.5, 0.995, 1.0):
        found = profile.grid.points[profile.locate_quantile(share)]
        assert found == np.quantile(values, share, method="inverted_cdf")


def test_a_profile_is_equal_to_its_likes_only() -> None:
    grid = NumericGrid(points=np.array([1.0]), exact=True)
    first = profile_numbers(np.array([1.0]), grid)
    assert first == profile_numbers(np.array([1.0]), grid)
    assert first != profile_numbers(np.array([2.0]), grid)
    assert first != "profile"


def test_a_share_that_lands_a_hair_above_a_whole_number_is_that_number() -> None:
    values = np.arange(100.0)
    assert 0.07 * 100 > 7.0
    assert profile_numbers(values, build_grid(values, max_points=100)).locate_quantile(0.07) == 6
