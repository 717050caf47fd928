from dataclasses import astuple

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from churn_monitoring.drift import compare_chi_square
from churn_monitoring.drift.levels import count_levels
from churn_monitoring.profiling import CategoryProfile

SHAPES = ("binary", "integer", "zero_inflated", "heavy_ties")


def _draw_codes(draw, rng: np.random.Generator, shape: str, shift: float) -> np.ndarray:
    rows = int(rng.integers(20, 900))
    if shape == "binary":
        return (rng.random(rows) < 0.3 + shift / 5).astype(float)
    return np.floor(draw(rng, shape, rows, shift)) + 0.0  # no negative zero, which has a text of its own


@pytest.mark.parametrize("shape", SHAPES)
def test_the_result_equals_scipys_on_125_pairs_whole_and_in_chunks(shape, draw, count_in_chunks) -> None:
    rng = np.random.default_rng([12, SHAPES.index(shape)])
    for _ in range(125):
        reference = _draw_codes(draw, rng, shape, 0.0)
        batch = _draw_codes(draw, rng, shape, float(rng.choice([0.0, 0.1, 1.0])))
        levels = np.union1d(reference, batch)
        table = [[(column == level).sum() for level in levels] for column in (reference, batch)]
        expected = chi2_contingency(table)
        result = compare_chi_square(count_in_chunks(rng, reference), count_in_chunks(rng, batch))
        assert result.statistic == pytest.approx(expected.statistic, rel=1e-12, abs=1e-12)
        assert result.p_value == pytest.approx(expected.pvalue, rel=0, abs=1e-12)
        assert result.degrees_of_freedom == expected.dof
        assert compare_chi_square(count_in_chunks(rng, reference), count_in_chunks(rng, batch)) == result


def test_it_is_the_two_sample_test_and_keeps_its_level_at_equal_sizes() -> None:
    rng = np.random.default_rng(13)
    alarms = 0
    for _ in range(600):
        counts = rng.multinomial(1_000, [0.5, 0.3, 0.15, 0.05], size=2)
        columns = [CategoryProfile(dict(zip("abcd", row.tolist(), strict=True)), missing=0) for row in counts]
        alarms += compare_chi_square(*columns).p_value < 0.05
    assert 0.03 <= alarms / 600 <= 0.07


def test_it_keeps_its_level_with_thousands_of_rare_levels() -> None:
    rng = np.random.default_rng(14)
    shares = 1 / np.arange(1, 3_001) ** 1.2
    alarms = 0
    for _ in range(150):
        counts = [rng.multinomial(rows, shares / shares.sum()) for rows in (5_000, 1_000)]
        columns = [CategoryProfile({str(i): int(n) for i, n in enumerate(row) if n}, missing=0) for row in counts]
        alarms += compare_chi_square(*columns, rare_level_share=0.005).p_value < 0.05
    assert alarms / 150 <= 0.10


def test_two_rows_of_a_new_category_are_no_certainty() -> None:
    reference = CategoryProfile({"a": 3_000, "b": 2_000}, missing=0)
    result = compare_chi_square(reference, CategoryProfile({"a": 599, "b": 399, "new": 2}, missing=0))
    assert 0.001 < result.p_value < 1.0


def test_a_large_new_category_is_found_in_the_pool_of_rare_levels() -> None:
    reference = CategoryProfile({"a": 3_000, "b": 1_990, "rare": 10}, missing=0)
    batch = CategoryProfile({"a": 540, "b": 360, "new": 100}, missing=0)
    assert compare_chi_square(reference, batch, rare_level_share=0.005).p_value < 1e-20


def test_the_statistic_is_the_closed_form_of_a_two_by_two_table() -> None:
    reference, batch = (
        CategoryProfile({"a": 60, "b": 40}, missing=0),
        CategoryProfile({"a": 30, "b": 70}, missing=0),
    )
    yates = 200 * (abs(60 * 70 - 40 * 30) - 100) ** 2 / (100 * 100 * 90 * 110)
    assert compare_chi_square(reference, batch).statistic == pytest.approx(yates, rel=1e-12)


@pytest.mark.parametrize("rare", [0.0, 0.005, 1.0])
def test_degenerate_columns_have_a_defined_answer(degenerate_categories, rare) -> None:
    reference, batch = degenerate_categories
    result = compare_chi_square(reference, batch, rare_level_share=rare)
    assert np.isfinite(astuple(result)).all()
    assert 0.0 <= result.p_value <= 1.0
    if not reference.count or not batch.count:
        assert astuple(result) == (0.0, 1.0, 0)


def test_missing_values_are_no_level_and_change_nothing() -> None:
    reference = CategoryProfile({"a": 60, "b": 40}, missing=0)
    plain, missing = (CategoryProfile({"a": 30, "b": 70}, missing=rows) for rows in (0, 999))
    assert compare_chi_square(reference, plain) == compare_chi_square(reference, missing)


def test_no_row_is_lost_by_pooling() -> None:
    reference = CategoryProfile({"a": 997, "b": 2, "c": 1}, missing=0)
    batch = CategoryProfile({"b": 5, "d": 6, "e": 7}, missing=0)
    for rare in (0.0, 0.0015, 0.005, 1.0):
        assert count_levels(reference, batch, rare_level_share=rare).sum(axis=1).tolist() == [1_000, 18]


def test_the_reference_alone_says_what_is_rare() -> None:
    reference = CategoryProfile({"a": 996, "b": 4}, missing=0)
    table = count_levels(reference, CategoryProfile({"a": 1, "b": 999}, missing=0), rare_level_share=0.005)
    assert table.tolist() == [[996, 4], [1, 999]]
    assert count_levels(reference, reference, rare_level_share=0.004).shape == (2, 2)
