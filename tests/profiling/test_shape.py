"""Shapes against what is counted in the rows themselves."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.profiling import CategoryProfile, NumberShape, TableProfile, build_grid, profile_numbers
from churn_monitoring.profiling.shape import BINS, LEVELS, TAIL, shape_feature


def shape_numbers(reference, batch, max_points=65_536):
    grid = build_grid(np.asarray(reference, float), max_points)
    sides = [
        TableProfile(len(side), {"x": profile_numbers(np.asarray(side, float), grid)}, {})
        for side in (reference, batch)
    ]
    return shape_feature(*sides, "x")


def shape_levels(reference, batch, missing=(0, 0)):
    sides = [
        TableProfile(sum(counts.values()) + absent, {}, {"x": CategoryProfile(counts, absent)})
        for counts, absent in zip((reference, batch), missing, strict=True)
    ]
    return shape_feature(*sides, "x")


def count_between(values, low, high):
    return float(np.mean((values > low) & (values <= high)))


@pytest.mark.parametrize("max_points", [65_536, 1_000])
def test_bins_hold_the_shares_of_the_rows_on_exact_and_on_quantile_grids(max_points):
    generator = np.random.default_rng(1)
    reference, batch = generator.gamma(2.0, 10.0, 20_000), generator.gamma(3.0, 10.0, 1_000)
    shape = shape_numbers(reference, batch, max_points)
    assert len(shape.batch) == len(shape.reference) == len(shape.edges) - 1 == BINS
    for position in range(1, BINS):
        low, high = shape.edges[position : position + 2]
        assert shape.reference[position] == pytest.approx(count_between(reference, low, high), abs=1e-12)
        assert shape.batch[position] == pytest.approx(count_between(batch, low, high), abs=1e-12)
    assert shape.above[1] == pytest.approx(np.mean(batch > shape.edges[-1]))
    assert shape.below[1] == pytest.approx(np.mean(batch < shape.edges[0]))
    assert shape.upper_quartile == pytest.approx((np.quantile(reference, 0.75), np.quantile(batch, 0.75)), rel=0.01)
    assert shape.median[1] == pytest.approx(np.median(batch), rel=0.01)
    assert max(shape.below[0], shape.above[0]) <= TAIL + 1e-12


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=60),
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40),
)
def test_shares_of_each_side_sum_to_one_whatever_the_numbers(reference, batch):
    shape = shape_numbers(reference, batch)
    if not np.isfinite(reference).any():
        assert shape is None
        return
    assert all(low <= high for low, high in zip(shape.edges, shape.edges[1:], strict=False))
    assert np.isfinite(shape.edges).all()
    sides = (shape.reference, shape.batch)
    for side, (shares, values) in enumerate(zip(sides, (reference, batch), strict=True)):
        whole = sum(shares) + shape.below[side] + shape.above[side]
        assert whole == pytest.approx(1.0 if np.isfinite(values).any() else 0.0)
        assert min((*shares, shape.below[side], shape.above[side])) >= 0.0


def test_a_few_values_are_drawn_around_each_of_them():
    shape = shape_numbers([0, 0, 1, 2, 2, 2, 4, 4], [1, 1, 4, 9])
    assert shape.edges == (-0.5, 0.5, 1.5, 3.0, 5.0)
    assert shape.reference == (0.25, 0.125, 0.375, 0.25)
    assert shape.batch == (0.0, 0.5, 0.0, 0.25)
    assert shape.above == (0.0, 0.25)


def test_a_column_sent_in_another_unit_lies_above_the_bins_and_has_no_median_on_the_grid():
    reference = np.linspace(10, 90, 500)
    shape = shape_numbers(reference, reference * 100)
    assert shape.above == pytest.approx((0.0, 1.0), abs=TAIL)
    assert shape.median[0] == pytest.approx(50, abs=0.2)
    assert shape.median[1] is None


def test_a_batch_without_values_has_a_shape_and_nothing_in_it():
    shape = shape_numbers([1.0, 2.0, 3.0], [np.nan, np.nan])
    assert isinstance(shape, NumberShape)
    assert shape.batch == (0.0, 0.0, 0.0)
    assert shape.lower_quartile[1] is shape.median[1] is None
    assert shape.missing == (0.0, 1.0)


def test_a_range_wider_than_the_largest_float_is_one_bin():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shape = shape_numbers(np.linspace(-1.0, 1.0, 101) * 1.7e308, [0.0])
    assert len(shape.batch) == 1
    assert shape.batch == (1.0,)


def test_the_levels_most_frequent_on_either_side_are_named_and_the_others_counted():
    reference = {f"level {number}": 20 - number for number in range(12)}
    shape = shape_levels(reference, {"new": 30, "level 0": 10}, missing=(0, 10))
    assert len(shape.levels) == LEVELS
    assert shape.levels[0] == "level 0"
    assert shape.levels[-1] == "new"
    assert shape.others == 13 - LEVELS
    assert sum(shape.reference) + shape.rest[0] == pytest.approx(1.0)
    assert sum(shape.batch) + shape.rest[1] == pytest.approx(1.0)
    assert shape.batch[-1] == 0.75
    assert shape.missing == (0.0, 0.2)
