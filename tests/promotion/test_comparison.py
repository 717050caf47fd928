"""Paired comparison of candidates, whatever the rows are like."""

import numpy as np
import pytest
from scipy.stats import norm

from churn_monitoring.performance.ranking import compare_paired_roc_auc, measure_roc_auc
from churn_monitoring.promotion.comparison import compare_candidates


def draw_candidates(seed: int, rows: int = 400) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    labels = (rng.random(rows) < 0.3).astype(float)
    champion = labels + rng.normal(size=rows)
    return labels, champion, {name: champion + 0.4 * rng.normal(size=rows) for name in ("forest", "boosting")}


def test_the_chosen_challenger_is_compared_at_the_full_level() -> None:
    labels, champion, challengers = draw_candidates(1)
    found = compare_candidates(labels, champion, challengers, "forest", 0.95)
    assert found.champion == measure_roc_auc(labels, champion, 0.95)
    assert found.challengers["forest"].roc_auc == measure_roc_auc(labels, challengers["forest"], 0.95)
    assert found.challengers["forest"].paired == compare_paired_roc_auc(labels, champion, challengers["forest"], 0.95)
    assert (found.positives, found.positives + found.negatives) == (int(labels.sum()), 400)


def test_the_other_challengers_share_one_error_rate() -> None:
    labels, champion, challengers = draw_candidates(2)
    challengers["third"] = challengers["forest"][::-1].copy()
    found = compare_candidates(labels, champion, challengers, "forest", 0.95).challengers["boosting"].paired
    reach = found.difference.high - found.difference.value
    assert reach == pytest.approx(norm.ppf(1.0 - 0.05 / 4.0) * found.standard_error)


def test_a_later_attempt_has_a_smaller_error_rate_for_the_difference_alone() -> None:
    labels, champion, challengers = draw_candidates(6)
    first, third = (compare_candidates(labels, champion, challengers, "forest", 0.95, attempt) for attempt in (1, 3))
    assert (third.attempt, third.confidence) == (3, pytest.approx(1.0 - 0.05 / 3.0))
    difference = third.challengers["forest"].paired.difference
    assert difference.value - difference.low == pytest.approx(
        norm.ppf(1.0 - 0.025 / 3.0) * third.challengers["forest"].paired.standard_error
    )
    assert third.champion == first.champion
    assert third.challengers["forest"].roc_auc == first.challengers["forest"].roc_auc


@pytest.mark.parametrize("labels", [np.zeros(20), np.ones(20), np.empty(0)])
def test_one_class_or_no_rows_compare_nothing(labels: np.ndarray) -> None:
    scores = np.linspace(0.0, 1.0, labels.size)
    found = compare_candidates(labels, scores, {"forest": scores}, "forest", 0.95)
    assert (found.champion, found.challengers) == (None, {})
    assert found.positives + found.negatives == labels.size


def test_a_chosen_candidate_that_was_not_scored_is_refused() -> None:
    labels, champion, challengers = draw_candidates(3)
    with pytest.raises(ValueError, match="'logistic' is not one of: boosting, forest"):
        compare_candidates(labels, champion, challengers, "logistic", 0.95)


def test_scores_of_another_length_are_refused() -> None:
    labels, champion, challengers = draw_candidates(4)
    challengers["forest"] = challengers["forest"][1:]
    with pytest.raises(ValueError, match="one length"):
        compare_candidates(labels, champion, challengers, "boosting", 0.95)


def test_inputs_are_left_alone() -> None:
    labels, champion, challengers = draw_candidates(5)
    kept = labels.copy(), champion.copy(), challengers["forest"].copy()
    compare_candidates(labels, champion, challengers, "forest", 0.95)
    for array, copy in zip((labels, champion, challengers["forest"]), kept, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert list(challengers) == ["forest", "boosting"]
