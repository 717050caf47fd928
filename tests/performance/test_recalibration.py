"""One constant on the logit: closed forms, statsmodels, the week it began, and whether it is taken for nothing."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit
from scipy.stats import binomtest

from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.performance.recalibration import find_rate_change, fit_shift, measure_recalibration
from churn_monitoring.performance.scored import ScoredLabels

IDENTITY = PlattCalibration(0.0, 1.0)


def draw(rng: np.random.Generator, rows: int, shift: float = 0.0) -> ScoredLabels:
    """Probabilities that are right once ``shift`` is added to their logit."""
    logits = rng.normal(-1.2, 1.3, rows)
    return ScoredLabels((rng.random(rows) < expit(logits + shift)).astype(float), expit(logits))


def draw_folds(rng: np.random.Generator, rows: int) -> np.ndarray:
    return rng.integers(5, size=rows)


# --- The shift -----------------------------------------------------------------------------------------------


def test_of_one_probability_it_is_the_logit_of_the_rate_less_its_own() -> None:
    sample = ScoredLabels(np.repeat([1.0, 0.0], [30, 70]), np.full(100, 0.1))
    assert fit_shift(sample) == pytest.approx(logit(0.3) - logit(0.1), abs=1e-9)


def test_it_is_the_intercept_of_statsmodels_with_the_logit_as_offset() -> None:
    sample = draw(np.random.default_rng(1), 700, 0.8)
    family = sm.families.Binomial()
    peer = sm.GLM(sample.labels, np.ones(700), family=family, offset=logit(sample.probabilities)).fit(tol=1e-14)
    assert fit_shift(sample) == pytest.approx(float(peer.params[0]), abs=1e-9)


def test_shifted_probabilities_sum_to_the_labels() -> None:
    sample = draw(np.random.default_rng(2), 700, -0.6)
    assert expit(sample.logits + fit_shift(sample)).sum() == pytest.approx(sample.labels.sum(), abs=1e-6)


def test_under_label_shift_it_is_the_logarithm_of_what_the_odds_are_multiplied_by() -> None:
    """Customers drawn by their outcome, so that P(x | y) stays: the odds of everybody grow by the same factor."""
    rng = np.random.default_rng(3)
    everybody = draw(rng, 200_000)
    kept = (everybody.labels == 1.0) | (rng.random(200_000) < 0.4)
    sample = ScoredLabels(everybody.labels[kept], everybody.probabilities[kept])
    information = float((sample.probabilities * (1 - sample.probabilities)).sum())
    assert fit_shift(sample) == pytest.approx(np.log(1 / 0.4), abs=4 / information**0.5)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_with_one_class_only_the_smoothed_rate_is_met(label: float) -> None:
    sample = ScoredLabels(np.full(8, label), np.linspace(0.1, 0.8, 8))
    reached = expit(sample.logits + fit_shift(sample)).mean()
    assert reached == pytest.approx((8 * label + 1) / 10, abs=1e-6)


# --- Since when ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shift", [0.9, -1.2])
def test_the_batch_from_which_on_the_rate_moved_is_found(shift: float) -> None:
    """1,000 rows a batch and a shift found in every batch: the change-point is seldom a batch off."""
    rng = np.random.default_rng(4)
    found = [find_rate_change([draw(rng, 1_000, shift if week >= 5 else 0.0) for week in range(8)]) for _ in range(30)]
    assert np.mean([place == 5 for place in found]) >= 0.9
    assert set(found) <= {4, 5, 6}


def test_the_change_point_has_the_largest_likelihood_of_all() -> None:
    rng = np.random.default_rng(5)
    batches = [draw(rng, 150, 0.4 * (week >= 2)) for week in range(5)]

    def likelihood(start: int) -> float:
        """Of all rows, by statsmodels, with an indicator of the batches from ``start`` on."""
        labels = np.concatenate([batch.labels for batch in batches])
        offset = np.concatenate([batch.logits for batch in batches])
        late = np.repeat(np.arange(5) >= start, 150).astype(float)
        return float(sm.GLM(labels, late, family=sm.families.Binomial(), offset=offset).fit(tol=1e-12).llf)

    assert find_rate_change(batches) == int(np.argmax([likelihood(start) for start in range(5)]))


def test_a_calibration_that_was_always_off_is_off_since_the_first_batch() -> None:
    rng = np.random.default_rng(6)
    assert find_rate_change([draw(rng, 2_000, 1.0) for _ in range(6)]) == 0


def test_one_batch_is_the_newest_and_none_is_refused() -> None:
    assert find_rate_change([draw(np.random.default_rng(7), 50)]) == 0
    with pytest.raises(ValueError, match="at least one batch"):
        find_rate_change([])


# --- Whether it is better ------------------------------------------------------------------------------------


def test_the_calibration_moves_by_the_shift_and_its_slope_stays() -> None:
    rng = np.random.default_rng(8)
    sample, before = draw(rng, 900, 0.7), PlattCalibration(-0.2, 0.8)
    found = measure_recalibration(sample.labels, sample.probabilities, before, draw_folds(rng, 900))
    assert found.calibration == PlattCalibration(-0.2 + found.shift, 0.8)
    assert found.calibration.apply(sample.probabilities).sum() == pytest.approx(sample.labels.sum(), abs=1e-6)


def test_every_row_is_judged_by_a_shift_learned_without_it() -> None:
    rng = np.random.default_rng(9)
    sample, fold = draw(rng, 300, 0.5), draw_folds(np.random.default_rng(10), 300)
    found = measure_recalibration(sample.labels, sample.probabilities, IDENTITY, fold)
    turned = np.where(fold == 2, 1.0 - sample.labels, sample.labels)
    other = measure_recalibration(turned, sample.probabilities, IDENTITY, fold)
    assert np.array_equal(found.left_out[fold == 2], other.left_out[fold == 2])
    assert not np.allclose(found.left_out[fold != 2], other.left_out[fold != 2])
    assert found.brier_after == pytest.approx(np.mean((found.left_out - sample.labels) ** 2))
    assert found.brier_before == pytest.approx(np.mean((sample.probabilities - sample.labels) ** 2))


def measure_share(seed: int, rows: int, shift: float, draws: int, level: float = 0.05) -> tuple[int, int]:
    rng = np.random.default_rng(seed)
    taken = 0
    for _ in range(draws):
        sample = draw(rng, rows, shift)
        fold = draw_folds(rng, rows)
        taken += measure_recalibration(sample.labels, sample.probabilities, IDENTITY, fold).p_value < level
    return taken, draws


def test_where_the_rate_did_not_move_it_is_hardly_ever_taken() -> None:
    taken, draws = measure_share(11, 400, 0.0, 200)
    assert binomtest(taken, draws).proportion_ci(0.99).high < 0.05


def test_a_moved_rate_is_taken() -> None:
    taken, draws = measure_share(12, 1_000, 0.8, 60)
    assert taken == draws
    rng = np.random.default_rng(13)
    sample = draw(rng, 5_000, 0.8)
    found = measure_recalibration(sample.labels, sample.probabilities, IDENTITY, draw_folds(rng, 5_000))
    fresh = draw(rng, 20_000, 0.8)
    repaired = np.mean((found.calibration.apply(fresh.probabilities) - fresh.labels) ** 2)
    best = np.mean((expit(fresh.logits + 0.8) - fresh.labels) ** 2)
    assert repaired == pytest.approx(best, abs=2e-4)
    assert repaired < np.mean((fresh.probabilities - fresh.labels) ** 2) - 0.01


@pytest.mark.slow
@pytest.mark.parametrize("rows", [120, 300, 1_000, 3_000])
def test_its_size_stays_far_below_its_level(rows: int) -> None:
    """2,000 simulated attempts with nothing wrong, at 5 %."""
    taken, draws = measure_share(rows, rows, 0.0, 2_000)
    assert binomtest(taken, draws).proportion_ci(0.99).high < 0.01


def test_odd_rows_give_no_reason_to_recalibrate() -> None:
    one = measure_recalibration(np.ones(1), np.array([0.4]), IDENTITY, np.zeros(1, dtype=int))
    assert one.p_value == 1.0
    same = measure_recalibration(np.zeros(6), np.full(6, 0.3), IDENTITY, np.arange(6) % 2)
    assert same.p_value == 1.0
    assert np.isfinite([same.shift, same.brier_before, same.brier_after]).all()
