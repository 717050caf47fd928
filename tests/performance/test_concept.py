"""Mix, prior or concept: against statsmodels and scipy, on degenerate batches, and by simulation."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import chi2, chi2_contingency, norm
from sklearn.metrics import roc_auc_score

from churn_monitoring.core.options import ConceptOptions
from churn_monitoring.performance.concept import (
    FLATTEST_SLOPE,
    ConceptResult,
    ConceptTest,
    compare_concept,
    measure_concept,
    measure_target,
)
from churn_monitoring.performance.estimation import estimate_roc_auc, match_rate, measure_label_noise
from churn_monitoring.performance.ranking import roc_auc_standard_error
from churn_monitoring.performance.scored import ScoredLabels

OPTIONS = ConceptOptions(
    p_value=0.001,
    repeated_p_value=0.01,
    repeat_within=3,
    slope_floor=0.20,
    auc_gap_floor=0.03,
    rate_floor=0.04,
)


def draw_part(rng: np.random.Generator, rows: int, *, shift: float = 0.0, prior: float = 0.0, slope: float = 1.0):
    """Calibrated rows; ``shift`` moves the mix, ``prior`` the intercept, ``slope`` the concept."""
    logits = rng.normal(-1.3 + shift, 1.6, size=rows)
    labels = rng.random(rows) < expit(prior - 1.3 * (1.0 - slope) + slope * logits)
    return ScoredLabels(labels.astype(float), expit(logits))


def draw_pair(seed: int, rows: int = 350, **changes: float) -> tuple[ScoredLabels, ScoredLabels]:
    rng = np.random.default_rng(seed)
    return draw_part(rng, 2800), draw_part(rng, rows, **changes)


@pytest.mark.parametrize("changes", [{}, {"shift": 0.8}, {"prior": 0.7}, {"slope": 0.4}])
def test_likelihood_ratios_equal_those_of_statsmodels(changes: dict[str, float]) -> None:
    reference, batch = draw_pair(1, **changes)
    z = np.concatenate([reference.logits, batch.logits])
    b = np.repeat([0.0, 1.0], [reference.rows, batch.rows])
    labels = np.concatenate([reference.labels, batch.labels])
    design = np.column_stack([np.ones(z.size), z, z**2, b, b * z])
    same, moved, changed = (sm.Logit(labels, design[:, :k]).fit(disp=0, tol=1e-12) for k in (3, 4, 5))
    found = compare_concept(reference, batch, OPTIONS)
    assert found.intercept is not None
    assert found.slope is not None
    for test, fits in ((found.intercept, (same, moved)), (found.slope, (moved, changed))):
        statistic = 2.0 * (fits[1].llf - fits[0].llf)
        assert test.statistic == pytest.approx(statistic, abs=1e-7)
        assert test.p_value == pytest.approx(chi2.sf(statistic, 1), rel=1e-5)
    center = reference.logits.mean()
    steepness = moved.params[1] + 2.0 * moved.params[2] * center
    assert found.slope.effect_size == pytest.approx(changed.params[4] / steepness, abs=1e-7)
    assert found.intercept.effect_size == pytest.approx(batch.labels.mean() - reference.labels.mean())


def test_the_gap_is_realized_minus_expected_relative_to_the_reference() -> None:
    reference, batch = draw_pair(2, slope=0.3)
    gaps = [
        roc_auc_score(part.labels, part.probabilities) - estimate_roc_auc(match_rate(part))
        for part in (reference, batch)
    ]
    found = compare_concept(reference, batch, OPTIONS).gap
    assert found is not None
    assert found.effect_size == pytest.approx(gaps[0] - gaps[1], abs=1e-12)
    assert found.p_value == pytest.approx(norm.cdf(found.statistic), rel=1e-9)


def test_a_flattened_concept_is_concept_drift() -> None:
    found = measure_concept(*draw_pair(3, rows=1000, slope=0.2), OPTIONS, "churned")
    assert found.drifted
    assert found.p_value is not None
    assert found.p_value < 0.001
    assert (found.feature, found.kind) == ("churned", "concept")
    slope = compare_concept(*draw_pair(3, rows=1000, slope=0.2), OPTIONS).slope
    assert slope is not None
    assert slope.effect_size < -0.2
    assert slope.reaches(0.001)
    assert found.adjusted_p_value == min(1.0, 2.0 * found.p_value)


@pytest.mark.parametrize("changes", [{}, {"shift": 1.0}, {"shift": -1.0}, {"prior": 1.0}, {"prior": -1.0}])
def test_neither_mix_nor_prior_is_concept_drift(changes: dict[str, float]) -> None:
    drifted = repeated = 0
    for seed in range(60):
        found = measure_concept(*draw_pair(seed, **changes), OPTIONS, "churned")
        drifted += found.drifted
        repeated += found.p_value is not None and found.p_value < 0.01
    assert drifted <= 1
    assert repeated <= 4


def test_label_shift_moves_the_intercept_and_a_changed_mix_does_not() -> None:
    moved = [compare_concept(*draw_pair(s, prior=0.8), OPTIONS).intercept for s in range(20)]
    mixed = [compare_concept(*draw_pair(s, shift=0.8), OPTIONS).intercept for s in range(20)]
    assert sum(test is not None and test.reaches(0.001) for test in moved) >= 16
    assert sum(test is not None and test.reaches(0.001) for test in mixed) == 0


def test_both_tests_keep_their_size_without_drift() -> None:
    rng, p_values = np.random.default_rng(5), []
    for _ in range(400):
        found = compare_concept(draw_part(rng, 1000), draw_part(rng, 350), OPTIONS)
        assert found.slope is not None
        assert found.gap is not None
        p_values.append((found.slope.p_value, found.gap.p_value))
    slope, gap = (np.array(p_values) < 0.05).mean(axis=0)
    assert 0.02 <= slope <= 0.08
    assert gap <= 0.075


@pytest.mark.parametrize(
    ("labels", "probabilities", "word"),
    [
        (np.zeros(50), np.linspace(0.1, 0.9, 50), "both classes"),
        (np.ones(50), np.linspace(0.1, 0.9, 50), "both classes"),
        (np.empty(0), np.empty(0), "both classes"),
        (np.repeat([0.0, 1.0], 25), np.full(50, 0.3), "same score"),
    ],
)
def test_a_part_that_cannot_show_it_gives_a_reason(labels: np.ndarray, probabilities: np.ndarray, word: str) -> None:
    reference, _ = draw_pair(6)
    odd = ScoredLabels(labels, probabilities)
    for pair, name in (((reference, odd), "batch"), ((odd, reference), "reference")):
        found = compare_concept(*pair, OPTIONS)
        assert found.reason is not None
        assert word in found.reason
        assert name in found.reason
        assert (found.intercept, found.slope, found.gap) == (None, None, None)
        record = measure_concept(*pair, OPTIONS, "churned")
        assert (record.p_value, record.adjusted_p_value, record.drifted) == (None, None, False)


@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_a_separable_batch_has_a_finite_answer(direction: float) -> None:
    reference, _ = draw_pair(7)
    logits = np.linspace(-3.0, 3.0, 80)
    batch = ScoredLabels((direction * logits > 0.0).astype(float), expit(logits))
    found = compare_concept(reference, batch, OPTIONS)
    assert found.slope is not None
    assert found.gap is not None
    assert found.slope.effect_size * direction > 0.0
    assert found.slope.p_value < 0.001
    assert (found.gap.p_value < 0.001) == (direction < 0.0)


def test_the_chance_in_the_labels_stands_in_where_delong_has_no_variance() -> None:
    reference, _ = draw_pair(7)
    logits = np.linspace(-3.0, 3.0, 80)
    batch = ScoredLabels((logits > 0.0).astype(float), expit(logits))
    found = compare_concept(reference, batch, OPTIONS).gap
    assert found is not None
    noise = measure_label_noise(match_rate(batch), rate_fitted=True)
    own = roc_auc_standard_error(reference.labels, reference.probabilities)
    assert found.statistic == pytest.approx(-found.effect_size / np.hypot(noise, own), rel=1e-9)


def test_a_reference_without_slope_makes_the_relative_change_large_but_finite() -> None:
    rng = np.random.default_rng(10)
    logits = rng.normal(0.0, 2.0, size=4000)
    reference = ScoredLabels((np.arange(4000) % 4 == 0).astype(float), expit(logits))
    batch = draw_part(rng, 500)
    z = np.concatenate([reference.logits, batch.logits])
    b = np.repeat([0.0, 1.0], [4000, 500])
    labels = np.concatenate([reference.labels, batch.labels])
    design = np.column_stack([np.ones(z.size), z, z**2, b, b * z])
    center = reference.logits.mean()
    moved, changed = (sm.Logit(labels, design[:, :k]).fit(disp=0, tol=1e-12).params for k in (4, 5))
    steepness = max(abs(moved[1] + 2.0 * moved[2] * center), FLATTEST_SLOPE)
    found = compare_concept(reference, batch, OPTIONS).slope
    assert found is not None
    assert found.effect_size == pytest.approx(changed[4] / steepness, rel=1e-6)


def test_probabilities_that_differ_only_beyond_the_margin_are_one_score() -> None:
    reference, _ = draw_pair(7)
    odd = ScoredLabels(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 1e-12, 0.0, 1e-11]))
    assert compare_concept(reference, odd, OPTIONS).reason is not None


def test_a_separable_reference_and_batch_have_finite_answers() -> None:
    logits = np.linspace(-3.0, 3.0, 80)
    part = ScoredLabels((logits > 0.0).astype(float), expit(logits))
    found = measure_concept(part, part, OPTIONS, "churned")
    assert found.p_value is not None
    assert not found.drifted


def test_certain_and_right_probabilities_leave_the_gap_defined() -> None:
    labels = np.repeat([0.0, 1.0], 20)
    found = compare_concept(ScoredLabels(labels, labels), ScoredLabels(labels, labels), OPTIONS)
    assert found.gap is not None
    assert found.gap.p_value == pytest.approx(0.5, abs=0.01)
    assert found.slope is not None
    assert found.slope.p_value > 0.5


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 1e-12, 0.1, 0.5, 0.7, 1.0])), max_size=12))
def test_any_tiny_batch_gives_finite_numbers_or_none(rows: list[tuple[bool, float]]) -> None:
    reference, _ = draw_pair(8)
    batch = ScoredLabels(np.array([r[0] for r in rows], dtype=float), np.array([r[1] for r in rows], dtype=float))
    for record in (
        measure_concept(reference, batch, OPTIONS, "churned"),
        measure_target(reference, batch, OPTIONS, "churned"),
    ):
        numbers = [
            record.statistic,
            record.effect_size,
            record.p_value or 0.0,
            record.adjusted_p_value or 0.0,
        ]
        assert all(math.isfinite(number) for number in numbers)
        assert record.p_value is None or 0.0 <= record.p_value <= 1.0


def build_test(name: str, p_value: float, magnitude: float, floor: float) -> ConceptTest:
    return ConceptTest(name, 1.0, p_value, magnitude, magnitude, floor)  # type: ignore[arg-type]


def test_a_test_above_its_floor_is_reported_before_a_smaller_p_value_below_it() -> None:
    slope = build_test("calibration_slope", 0.0001, 0.10, 0.20)
    gap = build_test("roc_auc_gap", 0.005, 0.05, 0.03)
    assert ConceptResult(slope=slope, gap=gap).strongest is gap
    assert not slope.reaches(0.001)
    assert gap.reaches(0.01)
    assert not gap.reaches(0.001)


def test_of_two_tests_above_their_floors_the_smaller_p_value_is_reported() -> None:
    slope = build_test("calibration_slope", 0.0001, 0.30, 0.20)
    gap = build_test("roc_auc_gap", 0.005, 0.05, 0.03)
    assert ConceptResult(slope=slope, gap=gap).strongest is slope
    assert ConceptResult(slope=None, gap=gap).strongest is gap
    assert ConceptResult().strongest is None


def test_a_realized_value_above_the_expected_never_counts() -> None:
    better = ConceptTest("roc_auc_gap", 4.0, 0.9999, -0.05, -0.05, 0.03)
    assert not better.reaches(1.0)


@pytest.mark.parametrize(
    "table", [[[700, 2100], [93, 257]], [[700, 2100], [150, 200]], [[10, 12], [3, 9]], [[7000, 21000], [8300, 22500]]]
)
def test_the_target_test_equals_scipy_with_its_defaults(table: list[list[int]]) -> None:
    parts = [ScoredLabels(np.repeat([1.0, 0.0], counts), np.full(sum(counts), 0.3)) for counts in table]
    found = measure_target(*parts, OPTIONS, "churned")
    expected = chi2_contingency(table)
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    rates = [counts[0] / sum(counts) for counts in table]
    assert found.effect_size == pytest.approx(abs(rates[0] - rates[1]))
    assert found.drifted == (expected.pvalue < 0.001 and abs(rates[0] - rates[1]) >= 0.04)


def test_a_target_of_one_class_everywhere_has_not_changed_and_no_rows_say_nothing() -> None:
    stayed, none = ScoredLabels(np.zeros(40), np.full(40, 0.3)), ScoredLabels(np.empty(0), np.empty(0))
    same = measure_target(stayed, stayed, OPTIONS, "churned")
    assert (same.p_value, same.drifted) == (1.0, False)
    assert measure_target(stayed, none, OPTIONS, "churned").p_value is None


def test_inputs_are_left_alone() -> None:
    reference, batch = draw_pair(9)
    kept = [array.copy() for part in (reference, batch) for array in (part.labels, part.probabilities)]
    measure_concept(reference, batch, OPTIONS, "churned")
    after = [array for part in (reference, batch) for array in (part.labels, part.probabilities)]
    for array, copy in zip(after, kept, strict=True):
        np.testing.assert_array_equal(array, copy)
