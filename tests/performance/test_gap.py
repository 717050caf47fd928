"""Realized minus expected ranking, with and without weights."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from churn_monitoring.performance.estimation import estimate_roc_auc, match_rate, measure_label_noise
from churn_monitoring.performance.gap import measure_gap
from churn_monitoring.performance.ranking import roc_auc_standard_error
from churn_monitoring.performance.scored import ScoredLabels


def draw_part(seed: int, rows: int, slope: float = 1.0) -> ScoredLabels:
    rng = np.random.default_rng(seed)
    logits = rng.normal(-1.3, 1.6, size=rows)
    return ScoredLabels((rng.random(rows) < expit(slope * logits)).astype(float), expit(logits))


def test_the_gap_is_realized_minus_expected_relative_to_the_reference() -> None:
    reference, batch = draw_part(1, 2000), draw_part(2, 400, slope=0.3)
    parts = (reference, batch)
    gaps = [roc_auc_score(one.labels, one.probabilities) - estimate_roc_auc(match_rate(one)) for one in parts]
    found = measure_gap(reference, batch, np.ones(2000))
    assert found.effect_size == pytest.approx(gaps[0] - gaps[1], abs=1e-12)
    errors = [roc_auc_standard_error(one.labels, one.probabilities) for one in parts]
    assert found.statistic == pytest.approx((gaps[1] - gaps[0]) / np.hypot(*errors), rel=1e-9)
    assert found.p_value == pytest.approx(norm.cdf(found.statistic), rel=1e-9)


def test_whole_weights_count_like_repeated_rows_but_tell_less() -> None:
    reference, batch = draw_part(3, 2000), draw_part(4, 400)
    weights = np.random.default_rng(5).integers(1, 4, size=2000)
    repeated = ScoredLabels(np.repeat(reference.labels, weights), np.repeat(reference.probabilities, weights))
    weighted = measure_gap(reference, batch, weights / weights.mean())
    alike = measure_gap(repeated, batch, np.ones(repeated.rows))
    assert weighted.effect_size == pytest.approx(alike.effect_size, abs=2e-4)
    assert abs(weighted.statistic) < abs(alike.statistic)


def test_nearly_equal_weights_have_the_standard_error_of_equal_ones() -> None:
    reference, batch = draw_part(6, 2000), draw_part(7, 400)
    nearly = 1.0 + 1e-9 * np.arange(2000)
    assert measure_gap(reference, batch, nearly).statistic == pytest.approx(
        measure_gap(reference, batch, np.ones(2000)).statistic, rel=0.002
    )


def test_the_chance_in_the_labels_stands_in_where_delong_has_no_variance() -> None:
    reference, logits = draw_part(8, 2000), np.linspace(-3.0, 3.0, 80)
    batch = ScoredLabels((logits > 0.0).astype(float), expit(logits))
    found = measure_gap(reference, batch, np.ones(2000))
    noise = measure_label_noise(match_rate(batch), rate_fitted=True)
    own = roc_auc_standard_error(reference.labels, reference.probabilities)
    assert found.statistic == pytest.approx(-found.effect_size / np.hypot(noise, own), rel=1e-9)
