"""Champion and challengers on the same labelled rows, which none of them has learned from.

Only the ``chosen`` challenger can be promoted. It has to be chosen on other rows (validation or out-of-fold
scores): then one test at its full level is as good as Bonferroni over all candidates. The others are shown
for the reader, with intervals widened to hold together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from churn_monitoring.core.records import Estimate
from churn_monitoring.performance.ranking import PairedDifference, compare_paired_roc_auc, measure_roc_auc
from churn_monitoring.performance.scored import check_scored
from churn_monitoring.promotion.attempts import share_confidence


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenger: its own ROC-AUC, and its paired difference to the champion's."""

    roc_auc: Estimate
    paired: PairedDifference


@dataclass(frozen=True, slots=True)
class Comparison:
    """All candidates on ``positives + negatives`` rows.

    ``confidence`` is that of the chosen candidate's paired interval, as the ``attempt``-th comparison since the last
    promotion. ``champion`` is None and ``challengers`` empty where the rows are of one class only.
    """

    positives: int
    negatives: int
    confidence: float
    chosen: str
    champion: Estimate | None
    challengers: dict[str, Challenge]
    attempt: int = 1


def compare_candidates(
    labels: np.ndarray,
    champion_scores: np.ndarray,
    challenger_scores: Mapping[str, np.ndarray],
    chosen: str,
    confidence: float,
    attempt: int = 1,
) -> Comparison:
    """Compare every challenger with the champion by paired DeLong.

    Args:
        labels: ``[n]`` of 0 and 1 of rows seen by no candidate, one row per customer.
        champion_scores: ``[n]``.
        challenger_scores: ``[n]`` by candidate name.
        chosen: the candidate that may be promoted, chosen without looking at these rows.
        confidence: of every ROC-AUC, and of the chosen candidate's paired interval in a first attempt; those of the
            other k candidates share its error rate, each 1/k.
        attempt: which comparison since the last promotion this is, from 1: its error rate is that part of the first's.

    Raises:
        ValueError: ``chosen`` is not among the challengers, or an array is not as described.
    """
    if chosen not in challenger_scores:
        raise ValueError(f"chosen '{chosen}' is not one of: {', '.join(sorted(challenger_scores)) or 'none'}")
    check_scored(labels, champion_scores, *challenger_scores.values())
    positives = int(labels.sum())
    negatives = int(labels.size) - positives
    level = share_confidence(confidence, attempt)
    if not positives or not negatives:
        return Comparison(positives, negatives, level, chosen, None, {}, attempt)
    shared = share_confidence(level, max(len(challenger_scores) - 1, 1))
    challengers = {
        name: Challenge(
            roc_auc=measure_roc_auc(labels, scores, confidence),
            paired=compare_paired_roc_auc(labels, champion_scores, scores, level if name == chosen else shared),
        )
        for name, scores in challenger_scores.items()
    }
    champion = measure_roc_auc(labels, champion_scores, confidence)
    return Comparison(positives, negatives, level, chosen, champion, challengers, attempt)
