"""The rule that puts a challenger in service, over nothing but a :class:`Comparison`."""

from dataclasses import dataclass
from typing import Literal

from churn_monitoring.promotion.comparison import Comparison


@dataclass(frozen=True, slots=True)
class PromotionDecision:
    """The verdict, and every condition in words: what was measured and what it had to reach."""

    verdict: Literal["promoted", "kept", "insufficient_evidence"]
    reasons: tuple[str, ...]


def decide_promotion(
    comparison: Comparison, min_improvement: float, min_positives: int, min_negatives: int
) -> PromotionDecision:
    """Promote the chosen challenger only for a gain that is large enough and not luck.

    - ``insufficient_evidence`` below either least count (or with one class): nothing can be concluded;
    - ``promoted`` where the gain in ROC-AUC is above ``min_improvement`` and the lower end of its paired
      interval above 0;
    - ``kept`` otherwise.

    Args:
        comparison: of the chosen challenger with the champion on rows new to both.
        min_improvement: ROC-AUC the challenger must gain, exclusive.
        min_positives: labelled positives the comparison must hold.
        min_negatives: labelled negatives it must hold.
    """
    chosen = comparison.challengers.get(comparison.chosen)
    if chosen is None or comparison.positives < min_positives or comparison.negatives < min_negatives:
        return PromotionDecision("insufficient_evidence", (_explain_counts(comparison, min_positives, min_negatives),))
    gain = chosen.paired.difference
    large, certain = gain.value > min_improvement, gain.low > 0.0
    gained, above = "gains" if large else "does not gain", "above 0" if certain else "not above 0"
    reasons = (
        f"{comparison.chosen} {gained} more than {min_improvement:g} ROC-AUC: {gain.value:+.4f}",
        f"the lower end of its paired {comparison.confidence:.0%} interval is {above}: {gain.low:+.4f}",
    )
    return PromotionDecision("promoted" if large and certain else "kept", reasons)


def _explain_counts(comparison: Comparison, min_positives: int, min_negatives: int) -> str:
    return (
        f"the comparison holds {comparison.positives} positives and {comparison.negatives} negatives, "
        f"{max(min_positives, 1)} and {max(min_negatives, 1)} are needed"
    )
