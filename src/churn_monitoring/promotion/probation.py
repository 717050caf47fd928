"""Does a new champion keep what its promotion promised? Watched on its first batches, and taken back where not.

    attempts ─ find_watch ─ Watch                            which version, in whose place
    rows of its first batches ─ pool_labelled ─ found ─┐
    its ROC-AUC on the comparison rows ─ promised ─────┴ measure_shortfall ─ falls_short ─┐
    the previous champion on the same rows ───────────────────────────────────────────────┴ should_roll_back

A shortfall alone may mean that the world changed once more; then the previous champion is no better, and putting it
back would help nobody. Hence both have to be shown. Without labels the same question is asked of the scores, which
follow a changed mix of customers and are blind to concept drift.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from churn_monitoring.core.options import PerformanceOptions, ProbationOptions
from churn_monitoring.core.records import Attempt, Estimate, LedgerEntry, Probation
from churn_monitoring.performance.labelled import ScoredBatch

Basis = Literal["realized", "estimated"]
BASES: tuple[Basis, ...] = ("realized", "estimated")


@dataclass(frozen=True)
class Watch:
    """The promotion whose promise is watched, and the versions that serve its model.

    A recalibration keeps the model and its ranking, so that the watch goes on under the new ``version``.
    """

    version: str
    promotion: Attempt
    versions: frozenset[str]

    @property
    def previous_version(self) -> str:
        """The champion that was replaced."""
        return self.promotion.version_before


@dataclass(frozen=True, eq=False)
class Pool:
    """Rows of the watched batches that speak for the champion.

    Attributes:
        batches: ids of the batches, oldest first.
        positions: ``int[n]``, where these rows stand in the batches' rows, one batch after the other.
        labels: ``float64[n]`` of 0 and 1; NaN where no label was asked for.
        scores: ``float64[n]`` of the champion.
        probabilities: ``float64[n]``, the same calibrated.
    """

    batches: tuple[str, ...]
    positions: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    probabilities: np.ndarray


def find_watch(attempts: Sequence[Attempt], version: str, as_of: date) -> Watch | None:
    """The promotion that put ``version`` in service, or None where something else did: training, or a rollback.

    Args:
        attempts: in the order in which they happened; those after ``as_of`` are not known yet.
        version: in service.
        as_of: day of the judgement.
    """
    versions: set[str] = set()
    served = version
    for attempt in reversed([one for one in attempts if one.as_of <= as_of]):
        if attempt.version_before == attempt.version_after:
            continue
        if attempt.version_after != served or attempt.kind == "rollback":
            return None
        versions.add(served)
        if attempt.kind == "retraining":
            return Watch(version, attempt, frozenset(versions)) if attempt.version_before else None
        served = attempt.version_before
    return None


def pool_labelled(batches: Sequence[ScoredBatch], options: PerformanceOptions) -> Pool | None:
    """The labelled rows of some batches, the newest of each customer; None below the least counts of each class.

    Customers the champion was fitted on are left out, unless the others are too few.
    """
    if not batches:
        return None
    known = np.concatenate([batch.known for batch in batches])
    seen = np.concatenate([batch.seen for batch in batches])
    for mask in (known & ~seen, known):
        pool = _pool(batches, mask)
        positives = int(pool.labels.sum())
        if positives >= max(options.min_positives, 1) and pool.labels.size - positives >= max(options.min_negatives, 1):
            return pool
    return None


def pool_scored(batches: Sequence[ScoredBatch]) -> Pool:
    """Rows of some batches whatever their labels, the newest of each customer.

    Customers the champion was fitted on are left out, unless the others are fewer than half.
    """
    seen = np.concatenate([batch.seen for batch in batches])
    return _pool(batches, ~seen if 2 * int(seen.sum()) <= seen.size else np.ones(seen.size, dtype=bool))


def measure_shortfall(promised: Estimate, found: Estimate, confidence: float) -> float:
    """One-sided p-value of "what is found is no worse than promised".

    ``z = (promised - found) / sqrt(se_promised**2 + se_found**2)``: the rows are different ones, so that the variances
    add. Each standard error is read off its interval, ``(high - low) / (2 z_confidence)``. Close to 1, where intervals
    of a ROC-AUC are not symmetric, that is a little too large, and the test so much too careful.

    >>> round(measure_shortfall(Estimate(0.80, 0.76, 0.84), Estimate(0.74, 0.70, 0.78), 0.95), 4)
    0.0188
    """
    reach = -2.0 * float(ndtri((1.0 - confidence) / 2.0))
    spread = float(np.hypot(promised.high - promised.low, found.high - found.low)) / reach
    fall = promised.value - found.value
    if not spread:
        return 0.0 if fall > 0.0 else 1.0
    return float(ndtr(-fall / spread))


def share_level(options: ProbationOptions) -> float:
    """Level of one look.

    There is at most one look per number of batches known, from labels and from scores each, so that the chances of
    ``2 * batches`` looks add up to ``p_value`` at most, however late the labels are and however alike the looks.
    """
    return options.p_value / (len(BASES) * options.batches)


def is_new_look(probation: Probation, ledger: Sequence[LedgerEntry], watch: Watch) -> bool:
    """Whether more batches are known than at any earlier look, or an earlier look asked in vain for the rollback.

    Args:
        probation: measured now.
        ledger: entries of earlier judgements, with the metrics of :func:`name_metrics`.
        watch: of the promotion.
    """
    more = len(probation.batches) > count_looked_at(ledger, watch, probation.basis)
    return more or is_unanswered(ledger, watch)


def is_over(scored: int, ledger: Sequence[LedgerEntry], watch: Watch, batches: int, patience: int) -> bool:
    """Whether nothing is watched any more.

    That is once the labels of all watched batches were looked at, or ``patience`` batches later, when labels of these
    are hardly to come; never while a rollback that was asked for has not been carried out.

    Args:
        scored: batches that the promoted model has scored.
        ledger: entries of earlier judgements.
        watch: of the promotion.
        batches: on how many it is watched.
        patience: in batches.
    """
    over = count_looked_at(ledger, watch, "realized") >= batches or scored > batches + patience
    return over and not is_unanswered(ledger, watch)


def falls_short(probation: Probation, options: ProbationOptions) -> bool:
    """Whether the shortfall is sure, and large enough to matter."""
    fall = probation.promised.value - probation.found.value
    return probation.looked and fall >= options.floor and probation.p_value < share_level(options)


def should_roll_back(probation: Probation, options: ProbationOptions) -> bool:
    """Whether the new champion falls short and the one it replaced does at least as well on the same rows."""
    previous = probation.previous
    return falls_short(probation, options) and previous is not None and previous.value >= probation.found.value


def tell_probation(probation: Probation) -> str:
    """A shortfall in words: what was promised and found, on what, and how the replaced champion does there."""
    estimated, known = probation.basis == "estimated", probation.found
    rows = f"{probation.rows} {'rows, by their scores alone,' if estimated else 'labelled rows'}"
    batches = f"batch{'es' if len(probation.batches) > 1 else ''} {', '.join(probation.batches)}"
    blind = " Estimates cannot see concept drift." if estimated else ""
    return (
        f"Version {probation.version} falls short of its promise: ROC-AUC {known.value:.3f} ({known.low:.3f} to "
        f"{known.high:.3f}) on {rows} of {batches}, where its promotion showed {probation.promised.value:.3f}; "
        f"{_tell_previous(probation)}.{blind}"
    )


def tell_end(probation: Probation) -> str:
    """Until when it is watched, in words.

    >>> known = Estimate(0.8, 0.78, 0.82)
    >>> tell_end(Probation("3", "2", ("a", "b"), 900, "realized", known, known, 0.5, to_come=1, to_mature=1))
    'after 1 more batch and the labels of all 4'
    >>> tell_end(Probation("3", "2", ("a", "b"), 900, "realized", known, known, 0.5))
    'with this look'
    """
    unlabelled = probation.to_mature if probation.basis == "realized" else 0
    batches = len(probation.batches) + unlabelled + probation.to_come
    if probation.to_come:
        more = f"{probation.to_come} more batch{'es' if probation.to_come > 1 else ''}"
        return f"after {more} and the labels of all {batches}"
    return f"with the labels of all {batches} batches" if probation.to_mature else "with this look"


def name_metrics(probation: Probation | None) -> dict[str, float]:
    """What the ledger remembers of it; the number of batches only where they were looked at."""
    if probation is None:
        return {}
    told = {
        "probation_promised": probation.promised.value,
        "probation_found": probation.found.value,
        "probation_p_value": probation.p_value,
    }
    return told | ({_counter(probation.basis): float(len(probation.batches))} if probation.looked else {})


def count_looked_at(ledger: Sequence[LedgerEntry], watch: Watch, basis: Basis) -> int:
    """Most batches that an earlier look of this kind knew."""
    known = [entry.metrics.get(_counter(basis), 0.0) for entry in ledger if entry.model_version in watch.versions]
    return int(max(known, default=0.0))


def is_unanswered(ledger: Sequence[LedgerEntry], watch: Watch) -> bool:
    """Whether an earlier look asked for the rollback, and the version is in service still."""
    return any(entry.remedy == "roll_back" for entry in ledger if entry.model_version in watch.versions)


def _tell_previous(probation: Probation) -> str:
    version = f"version {probation.previous_version}"
    if probation.previous is not None:
        better = probation.previous.value >= probation.found.value
        same = f"{probation.previous.value:.3f} on the same rows"
        return f"{version} reaches {same}" if better else f"{version} is no better ({same}), so nothing is put back"
    return f"{version} cannot be compared ({probation.unasked or 'too few rows'}), so nothing is put back"


def _counter(basis: Basis) -> str:
    return f"probation_{basis}"


def _pool(batches: Sequence[ScoredBatch], mask: np.ndarray) -> Pool:
    positions = np.flatnonzero(mask)
    ids = pd.concat([batch.ids for batch in batches], ignore_index=True).iloc[positions]
    positions = positions[(ids.isna() | ~ids.duplicated(keep="last")).to_numpy()]
    labels, scores, probabilities = (
        np.concatenate([getattr(batch, name) for batch in batches])[positions]
        for name in ("labels", "scores", "probabilities")
    )
    return Pool(tuple(batch.batch_id for batch in batches), positions, labels, scores, probabilities)
