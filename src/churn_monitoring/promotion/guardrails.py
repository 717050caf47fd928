"""What a challenger must not lose, however much ROC-AUC it gains: tests on the same paired rows.

    labels, both contenders ─┬ average precision   influence function, row by row
                             ├ Brier score         squared errors, row by row
                             ├ recall              who is contacted by one and not by the other
                             └ ROC-AUC per segment paired DeLong
                             ── Guardrail: loss, interval, p-value, blocked or not

A loss blocks only when it is sure *and* larger than its margin. Point rules will not do: "no segment's point estimate
falls by 0.02" keeps out half of all challengers that are better everywhere.

Recall is compared at the champion's operating point, with as many contacts for both. Each at its own threshold would
compare two campaigns of different size: the threshold of best F1 hardly matters to F1 and much to recall, and its
chance alone would keep out every seventh challenger that is 0.03 better (docs/promotion.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtr, stdtrit

from churn_monitoring.core.options import GuardrailOptions, PerformanceOptions
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Estimate
from churn_monitoring.performance.average_precision import average_precision_influence
from churn_monitoring.performance.ranking import compare_paired_roc_auc, delong_components
from churn_monitoring.performance.scored import check_scored

Guarded = Literal["average_precision", "brier", "recall", "segment"]


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """Champion or challenger on the rows of the comparison, as it would serve.

    Attributes:
        scores: ``float64[n]`` that rank.
        probabilities: ``float64[n]``, calibrated on other rows.
    """

    scores: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One quantity that must not get worse.

    ``champion`` and ``challenger`` are the quantity itself, ``where`` the segment it is of. ``loss`` is positive where
    the challenger is worse; its lower end is above 0 exactly where ``p_value``, one-sided against no loss, is below
    ``level``. ``blocked`` where it is, and the loss above ``margin``.
    """

    name: Guarded
    where: str | None
    champion: float
    challenger: float
    loss: Estimate
    p_value: float
    level: float
    margin: float
    blocked: bool


def measure_guardrails(
    labels: np.ndarray,
    champion: Contender,
    challenger: Contender,
    threshold: float,
    segments: Mapping[str, np.ndarray],
    policy: Parameters,
) -> tuple[Guardrail, ...]:
    """Everything a challenger must not lose: average precision, Brier score, recall, ROC-AUC in each segment.

    Args:
        labels: ``[n]`` of 0 and 1 of rows that neither was fitted, calibrated or tuned on, one row per customer.
        champion: on these rows.
        challenger: on the same rows.
        threshold: the champion's operating threshold on its probability: who is contacted today.
        segments: ``bool[n]`` by a name such as ``"contract = monthly"``; they share the level (Bonferroni).
        policy: level and margins (``guardrails``), and the rows of each class below which a segment is not judged
            (``performance``).

    Returns:
        Empty where a class is missing: then there is nothing to lose.

    Raises:
        ValueError: an array is not as described.
    """
    check_scored(labels, champion.scores, challenger.scores, champion.probabilities, challenger.probabilities)
    if not labels.any() or labels.all():
        return ()
    options = policy.guardrails
    guarded = (
        _guard_average_precision(labels, champion, challenger, options),
        _guard_brier(labels, champion, challenger, options),
        _guard_recall(labels, champion.probabilities >= threshold, challenger.scores, options),
    )
    large = {name: inside for name, inside in segments.items() if _is_enough(labels[inside], policy.performance)}
    level = options.p_value / max(len(large), 1)
    return guarded + tuple(
        _guard_segment(name, labels[inside], (champion.scores[inside], challenger.scores[inside]), level, options)
        for name, inside in large.items()
    )


def _guard_average_precision(
    labels: np.ndarray, champion: Contender, challenger: Contender, options: GuardrailOptions
) -> Guardrail:
    """Difference of two influence functions on the same rows; normal, because its rows are not independent."""
    before, moved_before = average_precision_influence(labels, champion.scores)
    after, moved_after = average_precision_influence(labels, challenger.scores)
    standard_error = float(np.sqrt(((moved_before - moved_after) ** 2).sum())) / labels.size
    loss = _Loss(before - after, standard_error, np.inf)
    return _judge("average_precision", None, (before, after), loss, options.p_value, options.average_precision_margin)


def _guard_brier(
    labels: np.ndarray, champion: Contender, challenger: Contender, options: GuardrailOptions
) -> Guardrail:
    """Paired t on the rows' squared errors of the calibrated probability."""
    before, after = ((one.probabilities - labels) ** 2 for one in (champion, challenger))
    values = float(before.mean()), float(after.mean())
    return _judge("brier", None, values, _average(after - before), options.p_value, options.brier_margin)


def _guard_recall(
    labels: np.ndarray, contacted: np.ndarray, challenger_scores: np.ndarray, options: GuardrailOptions
) -> Guardrail:
    """Churners found by the champion's contacts against those found by as many contacts of the challenger.

    Only rows that one of them contacts and the other does not tell: with a the champion's contact (0 or 1), b the
    challenger's and m positives, ``loss = sum(y (a - b)) / m = sum((y - r)(a - b)) / m`` for any r, since both contact
    equally many. With r the rate of 1 at the border of the contacts, estimated among those rows, the summands are the
    influence function of the difference of two recalls at a fixed number of contacts.
    """
    mine = contacted.astype(float)
    apart = mine - _contact_as_many(challenger_scores, float(mine.sum()))
    weight = np.abs(apart)
    rate = float(labels @ weight) / float(weight.sum()) if weight.any() else 0.0
    positives = float(labels.sum())
    loss = _average((labels - rate) * apart * labels.size / positives)
    before = float(labels @ mine) / positives
    return _judge("recall", None, (before, before - loss.value), loss, options.p_value, options.recall_margin)


def _contact_as_many(scores: np.ndarray, contacts: float) -> np.ndarray:
    """``float64[n]``, 1 for the highest scores and 0 for the others; rows that tie at the border share what is left."""
    if not contacts:
        return np.zeros(scores.size)
    border = np.sort(scores)[scores.size - round(contacts)]
    above, tied = scores > border, scores == border
    return np.asarray(above + tied * (contacts - above.sum()) / tied.sum(), dtype=float)


def _guard_segment(
    where: str, labels: np.ndarray, scores: tuple[np.ndarray, np.ndarray], level: float, options: GuardrailOptions
) -> Guardrail:
    """Paired DeLong on the rows of one segment."""
    paired = compare_paired_roc_auc(labels, *scores, confidence=1.0 - 2.0 * level)
    before, after = (delong_components(labels, one).roc_auc for one in scores)
    loss = _Loss(-paired.difference.value, paired.standard_error, np.inf)
    return _judge("segment", where, (before, after), loss, level, options.segment_margin)


@dataclass(frozen=True, slots=True)
class _Loss:
    """How much worse the challenger is, with the standard error and degrees of freedom of that."""

    value: float
    standard_error: float
    freedom: float


def _average(losses: np.ndarray) -> _Loss:
    """Mean of paired losses; where all are the same, about a sign test, as in the paired comparison of ROC-AUC."""
    n, value = losses.size, float(losses.mean())
    spread = float(losses.std(ddof=1)) if n > 1 else 0.0
    return _Loss(value, (spread or abs(value)) / n**0.5, max(n - 1, 1))


def _judge(
    name: Guarded, where: str | None, values: tuple[float, float], loss: _Loss, level: float, margin: float
) -> Guardrail:
    reach = float(stdtrit(loss.freedom, 1.0 - level)) * loss.standard_error
    interval = Estimate(loss.value, max(loss.value - reach, -1.0), min(loss.value + reach, 1.0))
    t = loss.value / loss.standard_error if loss.standard_error else 0.0
    p_value = float(stdtr(loss.freedom, -t)) if loss.standard_error else 1.0
    blocked = p_value < level and loss.value > margin
    return Guardrail(name, where, *values, interval, p_value, level, margin, blocked)


def _is_enough(labels: np.ndarray, least: PerformanceOptions) -> bool:
    """Whether a segment has the rows of each class that its own performance would need; never fewer than one."""
    positives = int(labels.sum())
    negatives = labels.size - positives
    return positives >= max(least.min_positives, 1) and negatives >= max(least.min_negatives, 1)
