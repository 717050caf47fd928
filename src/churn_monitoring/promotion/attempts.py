"""How sure the k-th comparison in a row has to be, so that trying often does not promote by luck.

A challenger that is merely as good as the champion passes a test at 2.5 % in one attempt of forty; tried every week,
it would be in service before long. The error allowed to the k-th comparison since the last promotion is therefore the
k-th part of the first one's. Over n attempts the chances add up to at most ``(1 + 1/2 + ... + 1/n)`` times 2.5 %: 7.8 %
over twelve, 11 % over fifty. The first attempt, which follows a real change most often, keeps its full power; a gain
that the twelfth comparison shows needs 2.9 standard errors instead of 2.0.
"""

from collections.abc import Sequence

from churn_monitoring.core.records import Attempt

COMPARED = ("promoted", "kept")  # verdicts of comparisons on enough rows: only these could have promoted


def count_comparisons(attempts: Sequence[Attempt]) -> int:
    """Comparisons with the champion since the newest promotion, or ever.

    Attempts that stopped before (too few labels, broken data) had no chance to promote and do not count, nor do
    recalibrations and rollbacks.

    Args:
        attempts: in the order in which they happened.
    """
    made = 0
    for attempt in reversed(attempts):
        if attempt.kind != "retraining" or attempt.verdict not in COMPARED:
            continue
        if attempt.verdict == "promoted":
            break
        made += "comparison_positives" in attempt.metrics
    return made


def share_confidence(confidence: float, parts: int) -> float:
    """Confidence with the ``parts``-th part of the error rate.

    >>> [round(share_confidence(0.95, k), 4) for k in (1, 2, 12)]
    [0.95, 0.975, 0.9958]
    """
    return 1.0 - (1.0 - confidence) / parts
