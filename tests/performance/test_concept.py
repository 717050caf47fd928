"""Mix, prior, concept or one segment: against statsmodels and scipy, on degenerate batches, and by simulation."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import chi2_contingency

from churn_monitoring.core.options import ConceptOptions, TableSchema
from churn_monitoring.core.records import ConceptTest
from churn_monitoring.performance.concept import FLATTEST_SLOPE, measure_concept_tests, measure_target
from churn_monitoring.performance.scored import LabelledSample, ScoredLabels
from churn_monitoring.performance.weights import fit_density_ratio

SHIPPED = yaml.safe_load((Path(__file__).resolve().parents[2] / "conf/base/parameters.yml").read_text())
OPTIONS = ConceptOptions(**SHIPPED["concept"])
SCHEMA = TableSchema(
    id="id", target="churned", positive="yes", date=None, numeric=("x",), categorical=("segment",), ignored=()
)
NO_COLUMNS = SCHEMA.model_copy(update={"numeric": ("absent",), "categorical": ()})
CONCEPT = ("calibration_slope", "roc_auc_gap", "local")


def bare(scored: ScoredLabels) -> LabelledSample:
    return LabelledSample(scored, pd.DataFrame(index=range(scored.rows)))


def draw_part(rng: np.random.Generator, rows: int, *, shift: float = 0.0, prior: float = 0.0, slope: float = 1.0):
    """Calibrated rows; ``shift`` moves the mix, ``prior`` the intercept, ``slope`` the concept."""
    logits = rng.normal(-1.3 + shift, 1.6, size=rows)
    labels = rng.random(rows) < expit(prior - 1.3 * (1.0 - slope) + slope * logits)
    return bare(ScoredLabels(labels.astype(float), expit(logits)))


def draw_pair(seed: int, rows: int = 350, **changes: float) -> tuple[LabelledSample, LabelledSample]:
    rng = np.random.default_rng(seed)
    return draw_part(rng, 2800), draw_part(rng, rows, **changes)


def draw_misfit(rng: np.random.Generator, rows: int, shift: float = 0.0) -> LabelledSample:
    """A champion that mistakes noise for signal: calibrated on the whole, not for every customer."""
    x, noise = rng.normal(shift, 1.0, rows), rng.normal(0.0, 1.0, rows)
    labels = (rng.random(rows) < expit(-1.2 + 1.6 * x)).astype(float)
    segment = pd.array(rng.choice(["a", "b", "c"], rows), dtype="str")
    scores = expit(-1.0 + 0.75 * (np.where(x > 0.0, 0.4, 1.4) * x + noise))
    return LabelledSample(ScoredLabels(labels, scores), pd.DataFrame({"x": x, "segment": segment}))


def by_name(tests: tuple[ConceptTest, ...]) -> dict[str, ConceptTest]:
    return {test.test: test for test in tests}


def run(pair: tuple[LabelledSample, LabelledSample], **options: np.ndarray) -> dict[str, ConceptTest]:
    return by_name(measure_concept_tests(*pair, SCHEMA, OPTIONS, **options))


@pytest.mark.parametrize("changes", [{}, {"shift": 0.8}, {"prior": 0.7}, {"slope": 0.4}])
def test_the_effects_and_nearly_the_statistics_are_those_of_statsmodels(changes: dict[str, float]) -> None:
    reference, batch = draw_pair(1, **changes)
    z = np.concatenate([reference.scored.logits, batch.scored.logits])
    b = np.repeat([0.0, 1.0], [reference.scored.rows, batch.scored.rows])
    labels = np.concatenate([reference.scored.labels, batch.scored.labels])
    design = np.column_stack([np.ones(z.size), z, z**2, b, b * z])
    models = [sm.GLM(labels, design[:, :k], family=sm.families.Binomial()).fit(tol=1e-12) for k in (3, 4, 5)]
    found = run((reference, batch))
    for name, null, column in (("intercept", models[0], 3), ("calibration_slope", models[1], 4)):
        score = null.model.score_test(null.params, exog_extra=design[:, [column]])[0]
        # Only the correction for skewness is between the two.
        assert found[name].statistic == pytest.approx(score, rel=0.3, abs=0.1)
    steepness = models[1].params[1] + 2.0 * models[1].params[2] * reference.scored.logits.mean()
    assert found["calibration_slope"].effect_size == pytest.approx(models[2].params[4] / steepness, rel=1e-5)
    rates = batch.scored.labels.mean() - reference.scored.labels.mean()
    assert found["intercept"].effect_size == pytest.approx(rates)


def test_a_flattened_concept_moves_slope_and_gap() -> None:
    found = run(draw_pair(3, rows=1000, slope=0.2))
    assert found["calibration_slope"].p_value < 1e-6
    assert found["calibration_slope"].effect_size < -OPTIONS.slope_floor
    assert found["roc_auc_gap"].p_value < 1e-6
    assert found["roc_auc_gap"].effect_size > OPTIONS.auc_gap_floor


@pytest.mark.parametrize("changes", [{}, {"shift": 1.0}, {"shift": -1.0}, {"prior": 1.0}, {"prior": -1.0}])
def test_neither_mix_nor_prior_is_concept_drift_to_a_well_specified_champion(changes: dict[str, float]) -> None:
    p_values = np.array([[run(draw_pair(s, **changes))[name].p_value for name in CONCEPT[:2]] for s in range(20)])
    assert (p_values < 0.001).sum() == 0
    assert (p_values < 0.01).sum() <= 3


def test_label_shift_moves_the_intercept_and_a_changed_mix_does_not() -> None:
    moved = [run(draw_pair(s, prior=0.8))["intercept"].p_value for s in range(20)]
    mixed = [run(draw_pair(s, shift=0.8))["intercept"].p_value for s in range(20)]
    assert sum(p < 0.001 for p in moved) >= 18
    assert min(mixed) > 0.001


def test_turned_labels_of_one_segment_are_local() -> None:
    rng = np.random.default_rng(4)
    reference, batch = draw_misfit(rng, 2000), draw_misfit(rng, 1000)
    turned = (batch.rows["segment"] == "b").to_numpy(bool)
    labels = np.where(turned, 1.0 - batch.scored.labels, batch.scored.labels)
    changed = LabelledSample(ScoredLabels(labels, batch.scored.probabilities), batch.rows[["segment"]])
    found = run((reference, changed))
    assert found["local"].p_value < 1e-4
    assert found["local"].where == "segment = b"


def test_without_features_there_is_no_local_test() -> None:
    assert set(run(draw_pair(5))) == {"intercept", "calibration_slope", "roc_auc_gap"}
    assert len(measure_concept_tests(*draw_pair(5), NO_COLUMNS, OPTIONS)) == 3


def test_the_tests_keep_their_size_without_drift_at_two_hundred_rows() -> None:
    rng, p_values = np.random.default_rng(6), []
    for _ in range(120):
        found = run((draw_part(rng, 1000), draw_part(rng, 200)))
        p_values.append([found[name].p_value for name in ("intercept", "calibration_slope", "roc_auc_gap")])
    intercept, slope, gap = (np.array(p_values) < 0.05).mean(axis=0)
    assert 0.005 <= intercept <= 0.11
    assert 0.005 <= slope <= 0.11
    assert gap <= 0.10


def test_under_a_changed_mix_a_misfit_champion_needs_the_weights() -> None:
    """What plain tests take for a change of concept is gone once the reference has the batch's mix."""
    rng, plain, weighted = np.random.default_rng(7), [], []
    for _ in range(25):
        pair = draw_misfit(rng, 2000), draw_misfit(rng, 1000, shift=1.0)
        weights = fit_density_ratio(pair[0].rows, pair[1].rows, SCHEMA, bins=20)
        plain.append([test.p_value for test in run(pair).values()])
        weighted.append([test.p_value for test in run(pair, weights=weights).values()])
    assert ((np.array(plain) < 0.01).mean(axis=0) > 0.3).sum() >= 2
    assert ((np.array(weighted) < 0.01).mean(axis=0) <= 0.12).all()


@pytest.mark.slow
def test_weighted_tests_keep_their_size_where_plain_ones_reject_a_third() -> None:
    rng, p_values = np.random.default_rng(8), []
    for _ in range(400):
        pair = draw_misfit(rng, 4000), draw_misfit(rng, 5000, shift=1.0)
        weights = fit_density_ratio(pair[0].rows, pair[1].rows, SCHEMA, bins=20)
        p_values.append([test.p_value for test in run(pair, weights=weights).values()])
    assert ((np.array(p_values) < 0.05).mean(axis=0) <= 0.09).all()
    assert ((np.array(p_values) < 0.001).mean(axis=0) <= 0.005).all()


@pytest.mark.parametrize(
    ("labels", "probabilities"),
    [
        (np.zeros(50), np.linspace(0.1, 0.9, 50)),
        (np.ones(50), np.linspace(0.1, 0.9, 50)),
        (np.empty(0), np.empty(0)),
        (np.repeat([0.0, 1.0], 25), np.full(50, 0.3)),
        (np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 1e-12, 0.0, 1e-11])),
    ],
)
def test_a_part_that_cannot_show_it_gives_no_tests(labels: np.ndarray, probabilities: np.ndarray) -> None:
    reference, _ = draw_pair(6)
    odd = bare(ScoredLabels(labels, probabilities))
    assert run((reference, odd)) == run((odd, reference)) == {}


@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_a_separable_batch_has_a_finite_answer(direction: float) -> None:
    reference, _ = draw_pair(7)
    logits = np.linspace(-3.0, 3.0, 80)
    found = run((reference, bare(ScoredLabels((direction * logits > 0.0).astype(float), expit(logits)))))
    assert found["calibration_slope"].effect_size * direction > 0.0
    assert found["calibration_slope"].p_value < 0.001
    assert (found["roc_auc_gap"].p_value < 0.001) == (direction < 0.0)


def test_a_reference_without_slope_makes_the_relative_change_large_but_finite() -> None:
    rng = np.random.default_rng(10)
    logits = rng.normal(0.0, 2.0, size=4000)
    reference = bare(ScoredLabels((np.arange(4000) % 4 == 0).astype(float), expit(logits)))
    found = run((reference, draw_part(rng, 50)))["calibration_slope"]
    assert 1.0 < found.effect_size <= 2.0 / FLATTEST_SLOPE


def test_certain_and_right_probabilities_are_no_drift() -> None:
    labels = np.repeat([0.0, 1.0], 20)
    found = run((bare(ScoredLabels(labels, labels)), bare(ScoredLabels(labels, labels))))
    assert found["roc_auc_gap"].p_value == pytest.approx(0.5, abs=0.01)
    assert found["calibration_slope"].p_value > 0.3


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 1e-12, 0.1, 0.5, 0.7, 1.0])), max_size=12))
def test_any_tiny_batch_gives_finite_numbers_or_none(rows: list[tuple[bool, float]]) -> None:
    reference, _ = draw_pair(8, rows=1)
    batch = bare(ScoredLabels(np.array([r[0] for r in rows], dtype=float), np.array([r[1] for r in rows], dtype=float)))
    for test in run((reference, batch)).values():
        assert all(math.isfinite(number) for number in (test.statistic, test.effect_size, test.p_value))
        assert 0.0 <= test.p_value <= 1.0
    target = measure_target(reference.scored, batch.scored, OPTIONS, "churned")
    assert target.p_value is None or 0.0 <= target.p_value <= 1.0


@pytest.mark.parametrize("odd", ["constant", "missing", "unseen"])
def test_odd_features_leave_the_tests_defined(odd: str) -> None:
    rng = np.random.default_rng(11)
    reference, batch = draw_misfit(rng, 500), draw_misfit(rng, 200)
    values = {"constant": (1.0, "a"), "missing": (np.nan, None), "unseen": (1e15, "z")}[odd]
    rows = pd.DataFrame({"x": np.full(200, values[0]), "segment": pd.array([values[1]] * 200, dtype="str")})
    changed = LabelledSample(batch.scored, rows)
    weights = fit_density_ratio(reference.rows, rows, SCHEMA)
    for found in (run((reference, changed)), run((reference, changed), weights=weights)):
        assert {"intercept", "calibration_slope", "roc_auc_gap"} <= set(found)
        assert all(math.isfinite(test.statistic) for test in found.values())


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
    assert found.drifted == (expected.pvalue < OPTIONS.rate_p_value and abs(rates[0] - rates[1]) >= OPTIONS.rate_floor)


def test_a_target_of_one_class_everywhere_has_not_changed_and_no_rows_say_nothing() -> None:
    stayed, none = ScoredLabels(np.zeros(40), np.full(40, 0.3)), ScoredLabels(np.empty(0), np.empty(0))
    same = measure_target(stayed, stayed, OPTIONS, "churned")
    assert (same.p_value, same.drifted) == (1.0, False)
    assert measure_target(stayed, none, OPTIONS, "churned").p_value is None


def test_a_sample_is_taken_by_mask_or_by_position_and_has_to_be_whole() -> None:
    sample = draw_misfit(np.random.default_rng(12), 10)
    mask = np.arange(10) % 3 == 0
    for part in (sample.take(mask), sample.take(np.flatnonzero(mask))):
        np.testing.assert_array_equal(part.scored.labels, sample.scored.labels[mask])
        pd.testing.assert_frame_equal(part.rows, sample.rows[mask])
    with pytest.raises(ValueError, match="10 rows of features beside 4 labels"):
        LabelledSample(sample.take(mask).scored, sample.rows)


def test_inputs_are_left_alone() -> None:
    pair = draw_misfit(np.random.default_rng(9), 300), draw_misfit(np.random.default_rng(10), 200)
    kept = [(part.scored.labels.copy(), part.scored.probabilities.copy(), part.rows.copy()) for part in pair]
    run(pair, weights=np.ones(300))
    for part, (labels, probabilities, rows) in zip(pair, kept, strict=True):
        np.testing.assert_array_equal(part.scored.labels, labels)
        np.testing.assert_array_equal(part.scored.probabilities, probabilities)
        pd.testing.assert_frame_equal(part.rows, rows)
