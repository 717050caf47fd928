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


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenger: its own ROC-AUC, and its paired difference to the champion's."""

    roc_auc: Estimate
    paired: PairedDifference


@dataclass(frozen=True, slots=True)
class Comparison:
    """All candidates on ``positives + negatives`` rows.

    ``champion`` is None and ``challengers`` empty where the rows are of one class only.
    """

    positives: int
    negatives: int
    confidence: float
    chosen: str
    champion: Estimate | None
    challengers: dict[str, Challenge]


def compare_candidates(
    labels: np.ndarray,
    champion_scores: np.ndarray,
    challenger_scores: Mapping[str, np.ndarray],
    chosen: str,
    confidence: float,
) -> Comparison:
    """Compare every challenger with the champion by paired DeLong.

    Args:
        labels: ``[n]`` of 0 and 1 of rows seen by no candidate, one row per customer.
        champion_scores: ``[n]``.
        challenger_scores: ``[n]`` by candidate name.
        chosen: the candidate that may be promoted, chosen without looking at these rows.
        confidence: of the chosen candidate's interval; those of the other k share its error rate, each 1/k.

    Raises:
        ValueError: ``chosen`` is not among the challengers, or an array is not as described.
    """
    if chosen not in challenger_scores:
        raise ValueError(f"chosen '{chosen}' is not one of: {', '.join(sorted(challenger_scores)) or 'none'}")
    check_scored(labels, champion_scores, *challenger_scores.values())
    positives = int(labels.sum())
    negatives = int(labels.size) - positives
    if not positives or not negatives:
        return Comparison(positives, negatives, confidence, chosen, None, {})
    shared = 1.0 - (1.0 - confidence) / max(len(challenger_scores) - 1, 1)
    challengers = {
        name: Challenge(
            roc_auc=measure_roc_auc(labels, scores, confidence),
            paired=compare_paired_roc_auc(labels, champion_scores, scores, confidence if name == chosen else shared),
        )
        for name, scores in challenger_scores.items()
    }
    champion = measure_roc_auc(labels, champion_scores, confidence)
    return Comparison(positives, negatives, confidence, chosen, champion, challengers)
