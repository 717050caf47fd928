from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import kolmogi, kolmogorov
from scipy.stats import ks_2samp, kstwo

from churn_monitoring.drift import compare_kolmogorov_smirnov
from churn_monitoring.drift.kolmogorov_smirnov import FEW_EFFECTIVE_ROWS, _survival
from churn_monitoring.profiling import build_grid, profile_numbers

SHAPES = ("continuous", "integer", "zero_inflated", "heavy_ties")


@pytest.mark.parametrize("shape", SHAPES)
def test_statistic_and_p_value_equal_scipys_on_125_pairs_whole_and_in_chunks(shape, draw, profile_in_chunks) -> None:
    rng = np.random.default_rng([7, SHAPES.index(shape)])
    for _ in range(125):
        reference = draw(rng, shape, int(rng.integers(2, 900)))
        batch = draw(rng, shape, int(rng.integers(2, 900)), shift=float(rng.choice([0.0, 0.1, 1.0])))
        expected = ks_2samp(reference, batch, method="asymp")
        grid = build_grid(reference, max_points=65_536)
        whole = profile_numbers(reference, grid), profile_numbers(batch, grid)
        chunked = profile_in_chunks(rng, reference, grid), profile_in_chunks(rng, batch, grid)
        result = compare_kolmogorov_smirnov(*whole)
        assert result.statistic == pytest.approx(expected.statistic, rel=0, abs=1e-12)
        few = reference.size * batch.size / (reference.size + batch.size) < FEW_EFFECTIVE_ROWS - 1
        error = {"rel": 0.0, "abs": 1e-12} if few else {"rel": 1e-3, "abs": 1e-12}
        assert result.p_value == pytest.approx(expected.pvalue, **error)
        assert compare_kolmogorov_smirnov(*chunked) == result


small = arrays(np.float64, st.integers(2, 12), elements=st.integers(-3, 3).map(float) | st.floats(-9, 9))


@settings(max_examples=150, deadline=None)
@given(reference=small, batch=small)
def test_the_statistic_is_that_of_all_the_values_whatever_they_are(reference: np.ndarray, batch: np.ndarray) -> None:
    grid = build_grid(reference, max_points=65_536)
    result = compare_kolmogorov_smirnov(profile_numbers(reference, grid), profile_numbers(batch, grid))
    assert result.statistic == pytest.approx(ks_2samp(reference, batch, method="asymp").statistic, abs=1e-12)
    assert 0.0 <= result.p_value <= 1.0


LEVELS = np.array([0.9999, 0.99, 0.9, 0.7, 0.5, 0.3, 0.15, 0.1, 0.09, 0.07, 0.05, 0.02, 1e-3, 1e-5, 1e-8, 1e-11])


@pytest.mark.parametrize("rows", [100, 101, 150, 300, 700, 1_999, 2_000, 2_500, 10_000, 100_001])
def test_from_100_effective_rows_on_the_p_value_is_within_a_thousandth_of_the_exact_one(rows: int) -> None:
    statistics = kolmogi(LEVELS if rows < 20_000 else LEVELS[::4]) / np.sqrt(rows)
    found = [_survival(statistic, rows) for statistic in statistics]
    np.testing.assert_allclose(found, kstwo.sf(statistics, rows), rtol=1e-3, atol=0.0)


def test_the_corrections_are_needed_for_that() -> None:
    """Without the cubic term the limit is 4 % off at 2,000 rows."""
    rows, statistic = 2_000, kolmogi(1e-12) / np.sqrt(2_000)
    assert kolmogorov(statistic * np.sqrt(rows) + 1 / (6 * np.sqrt(rows))) > 1.03 * kstwo.sf(statistic, rows)


def test_large_columns_agree_with_scipy(profile_both) -> None:
    rng = np.random.default_rng(8)
    reference, batch = rng.integers(0, 90, 300_000), rng.integers(0, 90, 310_000)
    result = compare_kolmogorov_smirnov(*profile_both(reference, batch))
    assert result.p_value == pytest.approx(ks_2samp(reference, batch, method="asymp").pvalue, rel=1e-3)


def test_on_a_quantile_grid_the_statistic_is_low_by_at_most_one_cells_share(profile_both) -> None:
    rng = np.random.default_rng(9)
    reference, batch = rng.normal(size=20_000), rng.normal(0.2, 1.3, size=5_000)
    exact = ks_2samp(reference, batch, method="asymp").statistic
    result = compare_kolmogorov_smirnov(*profile_both(reference, batch, max_points=201))
    assert exact - 1 / 200 <= result.statistic <= exact + 1e-12


def test_one_value_of_a_million_hides_nothing(profile_both) -> None:
    rng = np.random.default_rng(10)
    reference, batch = rng.normal(size=2_000), rng.normal(0.5, 1.0, size=1_000)
    clean = compare_kolmogorov_smirnov(*profile_both(reference, batch)).statistic
    for spoiled in ((np.append(reference, 1e6), batch), (reference, np.append(batch, 1e6))):
        assert compare_kolmogorov_smirnov(*profile_both(*spoiled)).statistic == pytest.approx(clean, abs=0.001)
    assert clean > 0.15


def test_degenerate_columns_have_a_defined_answer(degenerate_numbers) -> None:
    reference, batch = degenerate_numbers
    result = compare_kolmogorov_smirnov(reference, batch)
    assert np.isfinite(astuple(result)).all()
    assert 0.0 <= result.statistic <= 1.0
    assert 0.0 <= result.p_value <= 1.0
    if not reference.count or not batch.count:
        assert (result.statistic, result.p_value) == (0.0, 1.0)


def test_disjoint_constants_are_as_far_apart_as_can_be(profile_both) -> None:
    result = compare_kolmogorov_smirnov(*profile_both(np.full(500, 1.0), np.full(500, 2.0)))
    assert result.statistic == 1.0
    assert result.p_value < 1e-100


def test_the_share_of_false_alarms_is_the_level(profile_both) -> None:
    rng = np.random.default_rng(11)
    alarms = sum(
        compare_kolmogorov_smirnov(*profile_both(rng.normal(size=400), rng.normal(size=300))).p_value < 0.05
        for _ in range(400)
    )
    assert 0.02 <= alarms / 400 <= 0.08
