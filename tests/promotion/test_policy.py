"""The promotion rule: each condition alone is not enough, and its error rates are small."""

from dataclasses import replace

import numpy as np
import pytest

from churn_monitoring.core.records import Estimate
from churn_monitoring.performance.ranking import PairedDifference
from churn_monitoring.promotion.comparison import Challenge, Comparison, compare_candidates
from churn_monitoring.promotion.guardrails import Guardrail
from churn_monitoring.promotion.policy import decide_promotion

CHAMPION = Estimate(0.80, 0.77, 0.83)


def build_comparison(gain: float, low: float, positives: int = 60, negatives: int = 200) -> Comparison:
    paired = PairedDifference(Estimate(gain, low, 2.0 * gain - low), 0.01, 0.05)
    challenge = Challenge(Estimate(0.80 + gain, 0.70, 0.95), paired)
    return Comparison(positives, negatives, 0.95, "forest", CHAMPION, {"forest": challenge})


@pytest.mark.parametrize(
    ("gain", "low", "verdict"),
    [
        (0.03, 0.005, "promoted"),
        (0.03, 0.0, "kept"),
        (0.03, -0.01, "kept"),
        (0.01, 0.005, "kept"),
        (0.005, 0.001, "kept"),
        (-0.02, -0.05, "kept"),
        (0.0, 0.0, "kept"),
    ],
)
def test_a_gain_must_be_large_and_certain(gain: float, low: float, verdict: str) -> None:
    decision = decide_promotion(build_comparison(gain, low), (), 0.01, 50, 50)
    assert decision.verdict == verdict
    assert len(decision.reasons) == 2


def test_reasons_name_the_condition_that_failed() -> None:
    large, certain = decide_promotion(build_comparison(0.03, -0.01), (), 0.01, 50, 50).reasons
    assert large == "forest gains more than 0.01 ROC-AUC: +0.0300"
    assert certain == "the lower end of its paired 95% interval is not above 0: -0.0100"


def test_reasons_of_a_later_attempt_tell_its_level() -> None:
    later = replace(build_comparison(0.03, 0.01), confidence=0.975, attempt=2)
    assert decide_promotion(later, (), 0.01, 50, 50).reasons[1] == (
        "the lower end of its paired 97.5% interval (comparison 2 since the last promotion) is above 0: +0.0100"
    )


HELD = Guardrail("recall", None, 0.72, 0.70, Estimate(0.02, -0.01, 0.05), 0.0642, 0.01, 0.05, blocked=False)
LOST = Guardrail("segment", "plan = pro", 0.81, 0.75, Estimate(0.06, 0.03, 0.09), 2e-5, 0.005, 0.02, blocked=True)


def test_one_guardrail_that_blocks_is_enough_to_keep_the_champion_and_all_are_told() -> None:
    decision = decide_promotion(build_comparison(0.03, 0.005), (HELD, LOST), 0.01, 50, 50)
    assert decision.verdict == "kept"
    assert decision.reasons[2:] == (
        "it is worse in ROC-AUC where plan = pro: 0.810 to 0.750 (p < 0.001), more than 0.02 and sure at 0.005",
        "no sure loss beyond its margin of recall at equally many contacts 0.720 to 0.700 (p = 0.064)",
    )
    assert decide_promotion(build_comparison(0.03, 0.005), (HELD,), 0.01, 50, 50).verdict == "promoted"


@pytest.mark.parametrize(("positives", "negatives"), [(49, 200), (60, 49), (0, 0)])
def test_too_few_rows_of_a_class_are_insufficient_evidence(positives: int, negatives: int) -> None:
    decision = decide_promotion(build_comparison(0.2, 0.1, positives, negatives), (), 0.01, 50, 50)
    assert decision.verdict == "insufficient_evidence"
    assert f"{positives} positives and {negatives} negatives" in decision.reasons[0]


def test_one_class_is_insufficient_evidence_even_without_minimum() -> None:
    comparison = Comparison(0, 40, 0.95, "forest", None, {})
    assert decide_promotion(comparison, (), 0.01, 0, 0).verdict == "insufficient_evidence"


def test_only_the_chosen_challenger_can_be_promoted() -> None:
    comparison = build_comparison(-0.01, -0.03)
    better = build_comparison(0.05, 0.03).challengers["forest"]
    both = Comparison(60, 200, 0.95, "forest", CHAMPION, {**comparison.challengers, "boosting": better})
    assert decide_promotion(both, (), 0.01, 50, 50).verdict == "kept"


def count_promotions(labels_seed: int, signal: float, rows: int = 400, rounds: int = 400) -> float:
    """Share promoted when the challenger has ``signal`` times the champion's separation."""
    rng, promoted = np.random.default_rng(labels_seed), 0
    for _ in range(rounds):
        labels = (rng.random(rows) < 0.27).astype(float)
        shared = rng.normal(size=rows)
        champion = 1.4 * labels + shared + 0.4 * rng.normal(size=rows)
        challenger = signal * 1.4 * labels + shared + 0.4 * rng.normal(size=rows)
        comparison = compare_candidates(labels, champion, {"forest": challenger}, "forest", 0.95)
        promoted += decide_promotion(comparison, (), 0.01, 50, 50).verdict == "promoted"
    return promoted / rounds


def test_truly_equal_challengers_are_rarely_promoted() -> None:
    assert count_promotions(1, signal=1.0) <= 0.05


def test_much_better_challengers_are_promoted() -> None:
    assert count_promotions(2, signal=1.35, rounds=100) >= 0.9
