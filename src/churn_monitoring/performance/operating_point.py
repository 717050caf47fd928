"""Which customers are contacted: the threshold on the calibrated probability, by the rule in the parameters.

    labels and probabilities of validation rows ─┬ f1        the best balance of precision and recall
                                                 ├ recall    find this share of the churners with the fewest contacts
                                                 └ capacity  contact this share of the customers
    costs and uptake ────────────────────────────  value     contact where an offer pays

Customers are contacted where ``probability >= threshold``. A threshold learned from rows lies halfway between two
probabilities, so that rounding decides nothing; customers of equal probability are contacted together or not at all.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from churn_monitoring.core.options import OperatingPointOptions
from churn_monitoring.performance.scored import check_scored

WITHOUT_ROWS = 0.5  # the threshold where there is nothing to learn one from
ROUNDING = 1e-9  # rows by which a count may miss its share: 0.1 of 30 rows is three, whatever floats say


def choose_threshold(labels: np.ndarray, probabilities: np.ndarray, options: OperatingPointOptions) -> float:
    """Threshold on the probability by ``options.rule``.

    - ``f1``: the highest F1; of equal ones the highest threshold.
    - ``recall``: the highest threshold at which at least ``recall`` of the churners are found.
    - ``capacity``: the lowest at which at most ``capacity`` of the rows are contacted, and at least the likeliest:
      where ties make these more than there is capacity for, they are contacted all the same.
    - ``value``: ``offer_cost / (uptake * saved_value)``, at and above which an offer is expected to bring what it
      costs (Elkan 2001). It looks at no row and is right only as far as the probabilities are calibrated.

    Without a churner F1 and recall say nothing, without a row capacity says nothing: then it is one half.

    Args:
        labels: ``[n]`` of 0 and 1, of rows that the probabilities were not fitted on.
        probabilities: ``[n]``, calibrated.
        options: the rule and its numbers.

    Raises:
        ValueError: lengths differ, a label is neither 0 nor 1, or a probability is not finite.

    >>> labels, probabilities = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.3, 0.5, 0.9])
    >>> told = {"recall": 0.5, "capacity": 0.75, "offer_cost": 20.0, "saved_value": 300.0, "uptake": 0.5}
    >>> for rule in ("f1", "recall", "capacity", "value"):
    ...     options = OperatingPointOptions(rule=rule, **told)
    ...     print(rule, round(choose_threshold(labels, probabilities, options), 3))
    f1 0.4
    recall 0.7
    capacity 0.2
    value 0.133
    """
    check_scored(labels, probabilities)
    if options.rule == "value":
        return options.offer_cost / (options.uptake * options.saved_value)
    if not labels.size or (options.rule != "capacity" and not labels.any()):
        return WITHOUT_ROWS
    cuts = _Cuts.of(labels, probabilities)
    return cuts.threshold(_RULES[options.rule](cuts, options))


def tell_operating_point(options: OperatingPointOptions) -> dict[str, str | float]:
    """The rule and the numbers it goes by, as they travel with a champion.

    >>> told = {"recall": 0.8, "capacity": 0.1, "offer_cost": 20.0, "saved_value": 300.0, "uptake": 0.5}
    >>> tell_operating_point(OperatingPointOptions(rule="recall", **told))
    {'rule': 'recall', 'recall': 0.8}
    """
    return {"rule": options.rule, **{name: getattr(options, name) for name in _NUMBERS[options.rule]}}


@dataclass(frozen=True, slots=True, eq=False)
class _Cuts:
    """All ways to cut off a list of customers.

    Attributes:
        levels: ``float64[k]``, the different probabilities, highest first.
        flagged: ``float64[k]``, rows with at least this probability.
        found: ``float64[k]``, churners among them.
    """

    levels: np.ndarray
    flagged: np.ndarray
    found: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray, probabilities: np.ndarray) -> "_Cuts":
        """The cuts of at least one row."""
        levels, group = np.unique(-probabilities, return_inverse=True)
        flagged = np.cumsum(np.bincount(group, minlength=levels.size)).astype(float)
        found = np.cumsum(np.bincount(group, weights=labels, minlength=levels.size))
        return cls(-levels, flagged, found)

    def threshold(self, lowest: int) -> float:
        """Halfway between the ``lowest`` level that is contacted and the next lower one; itself where it is last."""
        level, below = float(self.levels[lowest]), float(self.levels[min(lowest + 1, self.levels.size - 1)])
        middle = (level + below) / 2.0
        # Neighbouring floats have no number between them: the middle would be the lower one.
        return middle if middle > below else level


def _find_best_f1(cuts: _Cuts, _options: OperatingPointOptions) -> int:
    return int(np.argmax(2.0 * cuts.found / (cuts.flagged + cuts.found[-1])))


def _find_recall(cuts: _Cuts, options: OperatingPointOptions) -> int:
    return int(np.argmax(cuts.found >= options.recall * cuts.found[-1] - ROUNDING))


def _find_capacity(cuts: _Cuts, options: OperatingPointOptions) -> int:
    allowed = int(np.count_nonzero(cuts.flagged <= options.capacity * cuts.flagged[-1] + ROUNDING))
    return max(allowed - 1, 0)


_RULES: dict[str, Callable[[_Cuts, OperatingPointOptions], int]] = {
    "f1": _find_best_f1,
    "recall": _find_recall,
    "capacity": _find_capacity,
}
_NUMBERS: dict[str, tuple[str, ...]] = {
    "f1": (),
    "recall": ("recall",),
    "capacity": ("capacity",),
    "value": ("offer_cost", "saved_value", "uptake"),
}
