from dataclasses import astuple

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from churn_monitoring.drift import compare_wasserstein
from churn_monitoring.profiling import build_grid, profile_numbers

SHAPES = ("continuous", "integer", "zero_inflated", "heavy_ties")


def _expected(reference: np.ndarray, batch: np.ndarray) -> float:
    """The definition, from all the values."""
    low, high = np.quantile(reference, [0.005, 0.995], method="inverted_cdf")
    clipped = np.clip(reference, low, high), np.clip(batch, low, high)
    return float(wasserstein_distance(*clipped) / np.std(clipped[0]))


@pytest.mark.parametrize("shape", ["integer", "heavy_ties"])
def test_on_values_that_stay_on_the_grid_it_equals_scipys(shape, draw, profile_both) -> None:
    rng = np.random.default_rng([15, SHAPES.index(shape)])
    for _ in range(50):
        reference = draw(rng, shape, 2_000)
        batch = rng.choice(reference, 500) if rng.random() < 0.5 else draw(rng, shape, 300, shift=1.0)
        result = compare_wasserstein(*profile_both(reference, batch))
        assert result.distance == pytest.approx(_expected(reference, batch), abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_on_other_values_it_is_within_a_thousandth_of_scipys(shape, draw, profile_both) -> None:
    rng = np.random.default_rng([16, SHAPES.index(shape)])
    for _ in range(50):
        reference = draw(rng, shape, 2_000)
        batch = draw(rng, shape, 700, shift=float(rng.choice([0.0, 0.1, 1.0])))
        result = compare_wasserstein(*profile_both(reference, batch))
        assert result.distance == pytest.approx(_expected(reference, batch), abs=1e-3)


def test_a_shift_off_a_coarse_grid_is_as_small_as_it_is(profile_both) -> None:
    reference = np.array([0.0, 1.0] * 500)
    for shift in (0.001, 0.3, 0.9):
        result = compare_wasserstein(*profile_both(reference, np.clip(reference + shift, 0, 1)))
        # Half of the rows move, half a standard deviation is one unit of the values.
        assert result.distance == pytest.approx(shift, abs=1e-9)


def test_where_the_functions_cross_in_a_cell_the_error_is_at_most_half_the_bounds(profile_both) -> None:
    reference = np.array([0.0, 1.0] * 500)
    smeared = np.linspace(0.0, 1.0, 1_001)
    assert compare_wasserstein(*profile_both(reference, smeared)).distance == pytest.approx(
        _expected(reference, smeared), abs=0.01
    )
    middle = np.full(100, 0.5)
    result = compare_wasserstein(*profile_both(reference, middle)).distance
    assert _expected(reference, middle) / 2 <= result <= _expected(reference, middle)


def test_read_in_chunks_it_is_the_same(draw, profile_in_chunks) -> None:
    rng = np.random.default_rng(17)
    reference, batch = draw(rng, "continuous", 1_000), draw(rng, "continuous", 800, shift=0.4)
    grid = build_grid(reference, max_points=65_536)
    whole = compare_wasserstein(profile_numbers(reference, grid), profile_numbers(batch, grid))
    parts = compare_wasserstein(profile_in_chunks(rng, reference, grid), profile_in_chunks(rng, batch, grid))
    assert parts.distance == pytest.approx(whole.distance, rel=1e-12)


def test_on_a_quantile_grid_it_stays_close(profile_both) -> None:
    rng = np.random.default_rng(18)
    reference, batch = rng.normal(size=20_000), rng.normal(0.3, 1.0, 5_000)
    result = compare_wasserstein(*profile_both(reference, batch, max_points=501))
    assert result.distance == pytest.approx(_expected(reference, batch), abs=0.005)


def test_one_value_of_a_million_hides_nothing(profile_both) -> None:
    rng = np.random.default_rng(19)
    reference, batch = rng.normal(size=500), rng.normal(0.5, 1.0, size=500)
    clean = compare_wasserstein(*profile_both(reference, batch)).distance
    assert clean > 0.4
    for spoiled in ((np.append(reference, 1e6), batch), (reference, np.append(batch, 1e6))):
        assert compare_wasserstein(*profile_both(*spoiled)).distance == pytest.approx(clean, abs=0.03)
    # The same shift over the plain standard deviation, for comparison: gone.
    plain = np.append(reference, 1e6)
    assert wasserstein_distance(plain, np.append(batch, 1e6)) / plain.std() < 1e-4


def test_a_shift_of_half_a_deviation_is_half(profile_both) -> None:
    values = np.random.default_rng(20).normal(50.0, 10.0, 20_000)
    result = compare_wasserstein(*profile_both(values, values + 5.0))
    assert result.distance == pytest.approx(0.5, abs=0.02)
    assert result.scale == pytest.approx(10.0, abs=0.3)


def test_a_reference_that_is_constant_counts_the_rows_that_left(profile_both) -> None:
    batch = np.repeat([3.0, 4.0, 9.0], [20, 70, 10])
    result = compare_wasserstein(*profile_both(np.full(500, 4.0), batch))
    assert (result.distance, result.scale, result.low, result.high) == (pytest.approx(0.3), 0.0, 4.0, 4.0)
    rare = np.append(np.zeros(999), 7.0)
    assert compare_wasserstein(*profile_both(rare, np.repeat([0.0, 5.0], [70, 30]))).distance == pytest.approx(0.299)


def test_it_does_not_depend_on_the_unit(profile_both) -> None:
    rng = np.random.default_rng(21)
    reference, batch = rng.normal(size=800), rng.normal(0.2, 1.0, 300)
    plain = compare_wasserstein(*profile_both(reference, batch)).distance
    for factor, offset in ((1e-150, 0.0), (1e9, 0.0), (1e300, 0.0), (1.0, 1e5)):
        scaled = compare_wasserstein(*profile_both(reference * factor + offset, batch * factor + offset))
        assert scaled.distance == pytest.approx(plain, rel=1e-6)


def test_degenerate_columns_have_a_defined_answer(degenerate_numbers) -> None:
    reference, batch = degenerate_numbers
    result = compare_wasserstein(reference, batch)
    assert np.isfinite([value for value in astuple(result) if value is not None]).all()
    assert result.distance >= 0.0
    if reference is batch or not reference.count or not batch.count:
        assert result.distance == 0.0


def test_a_column_is_at_no_distance_from_itself(draw, profile_both) -> None:
    rng = np.random.default_rng(22)
    for shape in SHAPES:
        for max_points in (65_536, 50):
            values = draw(rng, shape, 1_000)
            assert compare_wasserstein(*profile_both(values, values, max_points)).distance < 1e-3
            if max_points > 1_000:
                assert compare_wasserstein(*profile_both(values, values)).distance == 0.0
