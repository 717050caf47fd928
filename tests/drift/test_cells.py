import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from churn_monitoring.drift import compare_jensen_shannon, compare_population_stability
from churn_monitoring.drift.cells import count_cells
from churn_monitoring.profiling import CategoryProfile


def test_bins_are_quantiles_of_the_reference_and_count_the_batch_exactly(profile_both) -> None:
    rng = np.random.default_rng(24)
    reference, batch = rng.lognormal(size=1_000), rng.lognormal(0.5, 1.0, size=400)
    table = count_cells(*profile_both(reference, batch), bins=10)
    edges = np.quantile(reference, np.arange(1, 10) / 10, method="inverted_cdf")
    assert table[0].tolist() == [100] * 10
    assert table[1].tolist() == np.diff([0, *[(batch <= edge).sum() for edge in edges], 400]).tolist()


def test_one_value_of_a_million_empties_no_bin(profile_both) -> None:
    values = np.append(np.arange(999.0), 1e6)
    assert count_cells(*profile_both(values, values), bins=10)[0].tolist() == [100] * 10


@pytest.mark.parametrize("zeros", [0.3, 0.95, 0.999])
def test_a_value_that_many_rows_share_fills_a_bin_alone_and_no_bin_is_empty(zeros, profile_both) -> None:
    values = np.where(np.arange(1_000) < 1_000 * zeros, 0.0, np.arange(1_000.0))
    for signed in (values, -values):
        table = count_cells(*profile_both(signed, signed), bins=10)
        assert 2 <= table.shape[1] <= 10
        assert (table[0] > 0).all()


def test_a_constant_reference_has_the_cells_below_at_and_above(profile_both) -> None:
    table = count_cells(*profile_both(np.full(5, 2.0), [1.0, 2.0, 2.0, 3.0, 3.0, 3.0]))
    assert table.tolist() == [[0, 5, 0], [1, 2, 3]]


def test_a_number_and_a_category_cannot_be_compared(profile_both) -> None:
    with pytest.raises(TypeError, match="cannot compare"):
        count_cells(profile_both([1.0], [1.0])[0], CategoryProfile({}, missing=0))


def test_psi_is_its_formula_with_half_a_count_in_each_cell(profile_both) -> None:
    rng = np.random.default_rng(25)
    profiles = profile_both(rng.normal(size=1_000), rng.normal(0.3, 1.0, 500))
    counts = count_cells(*profiles, bins=10) + 0.5
    p, q = counts[0] / counts[0].sum(), counts[1] / counts[1].sum()
    result = compare_population_stability(*profiles, bins=10)
    assert result.value == pytest.approx(float(np.sum((p - q) * np.log(p / q))), rel=1e-12)


def test_psi_without_drift_is_on_average_what_it_says(profile_both) -> None:
    rng = np.random.default_rng(26)
    results = [
        compare_population_stability(*profile_both(rng.normal(size=1_000), rng.normal(size=500))) for _ in range(200)
    ]
    expected = results[0].expected_without_drift
    assert expected == pytest.approx(9 * (1 / 1_000 + 1 / 500))
    assert np.mean([result.value for result in results]) == pytest.approx(expected, rel=0.15)


def test_jensen_shannon_equals_scipys_to_base_two(profile_both) -> None:
    rng = np.random.default_rng(27)
    for shift in (0.0, 0.5, 20.0):
        profiles = profile_both(rng.normal(size=1_000), rng.normal(shift, 1.0, 500))
        table = count_cells(*profiles, bins=10)
        expected = jensenshannon(table[0], table[1], base=2)
        assert compare_jensen_shannon(*profiles, bins=10).distance == pytest.approx(expected, abs=1e-12)


def test_jensen_shannon_of_categories_equals_scipys() -> None:
    reference = CategoryProfile({"a": 3, "b": 5}, missing=0)
    batch = CategoryProfile({"b": 2, "c": 6}, missing=0)
    expected = jensenshannon([3, 5, 0], [0, 2, 6], base=2)
    assert compare_jensen_shannon(reference, batch).distance == pytest.approx(expected, abs=1e-12)


def test_degenerate_numbers_have_defined_distances(degenerate_numbers) -> None:
    stability = compare_population_stability(*degenerate_numbers)
    assert np.isfinite([stability.value, stability.expected_without_drift]).all()
    assert 0.0 <= compare_jensen_shannon(*degenerate_numbers).distance <= 1.0


def test_degenerate_categories_have_defined_distances(degenerate_categories) -> None:
    stability = compare_population_stability(*degenerate_categories, rare_level_share=0.005)
    assert np.isfinite([stability.value, stability.expected_without_drift]).all()
    assert 0.0 <= compare_jensen_shannon(*degenerate_categories, rare_level_share=0.005).distance <= 1.0
