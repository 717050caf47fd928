"""The oftener a promotion is tried, the surer it has to be."""

from datetime import date
from typing import Any

import pytest

from churn_monitoring.core.records import Attempt
from churn_monitoring.promotion.attempts import count_comparisons, share_confidence

COMPARED = {"comparison_positives": 90.0}


def tell(verdict: str, kind: Any = "retraining", metrics: dict[str, float] | None = None) -> Attempt:
    return Attempt("run", date(2026, 3, 2), kind, verdict, "1", "1", COMPARED if metrics is None else metrics)


def test_every_comparison_that_kept_the_champion_counts() -> None:
    assert count_comparisons([]) == 0
    assert count_comparisons([tell("kept"), tell("kept")]) == 2


def test_counting_begins_anew_with_a_promotion() -> None:
    assert count_comparisons([tell("kept"), tell("promoted"), tell("kept")]) == 1
    assert count_comparisons([tell("kept"), tell("promoted")]) == 0


@pytest.mark.parametrize(
    "attempt",
    [
        tell("insufficient_evidence"),
        tell("refused_data", metrics={}),
        tell("kept", metrics={}),
        tell("kept", "recalibration"),
        tell("rolled_back", "rollback"),
    ],
)
def test_what_could_not_have_promoted_does_not_count(attempt: Attempt) -> None:
    assert count_comparisons([tell("kept"), attempt]) == 1


def test_a_recalibration_or_rollback_is_no_promotion() -> None:
    history = [tell("kept"), tell("recalibrated", "recalibration"), tell("rolled_back", "rollback"), tell("kept")]
    assert count_comparisons(history) == 2


def test_the_error_of_twelve_attempts_adds_up_to_less_than_ten_percent() -> None:
    one_sided = [(1.0 - share_confidence(0.95, attempt)) / 2.0 for attempt in range(1, 13)]
    assert one_sided[0] == pytest.approx(0.025)
    assert sum(one_sided) == pytest.approx(0.025 * 3.1032, abs=1e-5)
    assert sum(one_sided) < 0.10
