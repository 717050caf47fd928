"""The rule that puts a challenger in service, over nothing but a :class:`Comparison` and its guardrails."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from churn_monitoring.promotion.comparison import Comparison
from churn_monitoring.promotion.guardrails import Guardrail

WORDS = {
    "average_precision": "average precision",
    "brier": "Brier score",
    "recall": "recall at equally many contacts",
    "segment": "ROC-AUC",
}


@dataclass(frozen=True, slots=True)
class PromotionDecision:
    """The verdict, and every condition in words: what was measured and what it had to reach."""

    verdict: Literal["promoted", "kept", "insufficient_evidence"]
    reasons: tuple[str, ...]


def decide_promotion(
    comparison: Comparison,
    guardrails: Sequence[Guardrail],
    min_improvement: float,
    min_positives: int,
    min_negatives: int,
) -> PromotionDecision:
    """Promote the chosen challenger only for a gain that is large enough and not luck, and costs nothing elsewhere.

    - ``insufficient_evidence`` below either least count (or with one class): nothing can be concluded;
    - ``promoted`` where the gain in ROC-AUC is above ``min_improvement``, the lower end of its paired interval above 0,
      and no guardrail blocks;
    - ``kept`` otherwise.

    Args:
        comparison: of the chosen challenger with the champion on rows new to both.
        guardrails: of the same two on the same rows.
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
        f"the lower end of its paired {100.0 * comparison.confidence:.4g}% interval{_tell_attempt(comparison.attempt)} "
        f"is {above}: {gain.low:+.4f}",
        *_explain_guardrails(guardrails),
    )
    blocked = any(guardrail.blocked for guardrail in guardrails)
    return PromotionDecision("promoted" if large and certain and not blocked else "kept", reasons)


def _tell_attempt(attempt: int) -> str:
    return f" (comparison {attempt} since the last promotion)" if attempt > 1 else ""


def _explain_counts(comparison: Comparison, min_positives: int, min_negatives: int) -> str:
    return (
        f"the comparison holds {comparison.positives} positives and {comparison.negatives} negatives, "
        f"{max(min_positives, 1)} and {max(min_negatives, 1)} are needed"
    )


def _explain_guardrails(guardrails: Sequence[Guardrail]) -> list[str]:
    """A sentence for each guardrail that blocks, and one for all that hold."""
    told = [
        f"it is worse in {_name(each)}: {_tell(each)}, more than {each.margin:g} and sure at {each.level:.2g}"
        for each in guardrails
        if each.blocked
    ]
    held = [f"{_name(each)} {_tell(each)}" for each in guardrails if not each.blocked]
    return told + ([f"no sure loss beyond its margin of {', '.join(held)}"] if held else [])


def _name(guardrail: Guardrail) -> str:
    return WORDS[guardrail.name] + (f" where {guardrail.where}" if guardrail.where else "")


def _tell(guardrail: Guardrail) -> str:
    """Both values and the p-value; less than 0.001 is said as such."""
    p_value = f"= {guardrail.p_value:.3f}" if guardrail.p_value >= 0.001 else "< 0.001"
    return f"{guardrail.champion:.3f} to {guardrail.challenger:.3f} (p {p_value})"
