"""Outcomes counted, as rates with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from churn_monitoring.core.records import Action

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Rate:
    """A share or a yearly rate with its two-sided 95 % interval."""

    count: int
    of: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class StreamOutcome:
    """One stream of batches, judged.

    Attributes:
        scenario: its name.
        seed: of the stream.
        actions: of the calibrated rules, per batch.
        spec_actions: of the literal rules, per batch.
        right: the right actions, per batch.
        quiet: per batch, whether nothing was wrong by then.
        detected_after: batches from the first that could know to the right action; None where it never came.
        in_time: whether it came by the deadline; None where there is nothing to detect.
        estimate_errors: estimated minus realized ROC-AUC of the batches for which both are known.
    """

    scenario: str
    seed: int
    actions: tuple[Action, ...]
    spec_actions: tuple[Action, ...]
    right: tuple[frozenset[Action], ...]
    quiet: tuple[bool, ...]
    detected_after: int | None = None
    in_time: bool | None = None
    estimate_errors: tuple[float, ...] = field(default=())


def measure_share(count: int, of: int) -> Rate:
    """A share with Wilson's interval (Wilson 1927).

    >>> rate = measure_share(0, 20)
    >>> rate.value, rate.low, round(rate.high, 3)
    (0.0, 0.0, 0.161)
    """
    from scipy.stats import binomtest

    if not of:
        return Rate(0, 0, 0.0, 0.0, 1.0)
    interval = binomtest(count, of).proportion_ci(CONFIDENCE, method="wilson")
    return Rate(count, of, count / of, float(interval.low), float(interval.high))


def measure_yearly(count: int, years: float) -> Rate:
    """A number of events a year with Garwood's exact interval for a Poisson count (Garwood 1936).

    >>> rate = measure_yearly(0, 20.0)
    >>> rate.value, round(rate.high, 3)
    (0.0, 0.184)
    """
    from scipy.special import chdtri

    tail = (1.0 - CONFIDENCE) / 2.0
    low = float(chdtri(2 * count, 1.0 - tail)) / 2.0 if count else 0.0
    high = float(chdtri(2 * count + 2, tail)) / 2.0
    return Rate(count, years, count / years, low / years, high / years)


def count_wrong(outcomes: Sequence[StreamOutcome], *, spec: bool = False) -> tuple[int, int]:
    """Batches with an action that was not right, and batches; the quiet weeks before a change are not counted.

    They are the same batches in every stream of a seed, and those of the quiet streams.
    """
    pairs = [
        (action, right)
        for one in outcomes
        for action, right, quiet in zip(_actions(one, spec=spec), one.right, one.quiet, strict=True)
        if one.in_time is None or not quiet
    ]
    return sum(action not in right for action, right in pairs), len(pairs)


def count_quiet(outcomes: Sequence[StreamOutcome], loud: frozenset[Action], *, spec: bool = False) -> tuple[int, int]:
    """Batches of streams in which nothing has to be found with one of the ``loud`` actions, and all of them."""
    actions = [action for one in outcomes if one.in_time is None for action in _actions(one, spec=spec)]
    return sum(action in loud for action in actions), len(actions)


def _actions(one: StreamOutcome, *, spec: bool) -> tuple[Action, ...]:
    return one.spec_actions if spec else one.actions
