"""Nodes that watch a newly promoted champion on its first batches.

Topology:
    find_watched -> gather_watched_batches -> watch_probation -> (evidence)

The champion that was replaced is loaded only where the new one surely falls short.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import ChurnMonitoringError
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Attempt, Estimate, Evidence, LedgerEntry, Probation
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.performance.estimation import estimate_performance
from churn_monitoring.performance.labelled import ScoredBatch
from churn_monitoring.performance.labels import LabelTable, explain_unusable, is_mature, join_labels
from churn_monitoring.performance.ranking import measure_roc_auc
from churn_monitoring.performance.scored import ReferenceScores
from churn_monitoring.pipelines.monitoring.intake import Batch, BatchRows
from churn_monitoring.pipelines.monitoring.maturing import Logs, describe_batch, weigh_reference
from churn_monitoring.promotion.probation import (
    Basis,
    Pool,
    Watch,
    falls_short,
    find_watch,
    is_new_look,
    is_over,
    measure_shortfall,
    pool_labelled,
    pool_scored,
)

LoadVersion = Callable[[str], ChampionPackage]


@dataclass(frozen=True)
class Watched:
    """The promotion under watch, if there is one, and the dates of the batches it is watched on, oldest first.

    ``promoted`` is the package as it was promoted, which holds the promise and the rows it was compared on.
    """

    watch: Watch | None = None
    promoted: ChampionPackage | None = None
    dates: Mapping[str, Any] = field(default_factory=dict)
    to_come: int = 0


@dataclass(frozen=True)
class WatchedBatches:
    """The same with the rows: ``labelled`` are those of ``batches`` whose labels can be judged by now.

    ``features`` gives the features of a batch, in the order of its rows.
    """

    watch: Watch | None = None
    promoted: ChampionPackage | None = None
    batches: tuple[ScoredBatch, ...] = ()
    labelled: tuple[ScoredBatch, ...] = ()
    features: Mapping[str, Callable[[], pd.DataFrame]] = field(default_factory=dict)
    to_come: int = 0


def find_watched(
    evidence: Evidence,
    batch: Batch,
    ledger: Sequence[LedgerEntry],
    attempts: Sequence[Attempt],
    champion: ChampionPackage,
    load_version: LoadVersion,
    policy: Parameters,
) -> Watched:
    """The first ``probation.batches`` batches that the promoted model scored, this one perhaps among them.

    A broken batch is no occasion to look: it has a verdict of its own.
    """
    watch = find_watch(attempts, champion.version, batch.as_of)
    if not policy.probation.enabled or watch is None or evidence.quality.status == "failed":
        return Watched()
    before = [entry for entry in ledger if entry.batch_id != batch.batch_id and entry.batch_date <= batch.as_of]
    dates = {
        entry.batch_id: entry.batch_date
        for entry in before
        if entry.model_version in watch.versions and not entry.rejected and entry.action != "fix_data"
    }
    dates[batch.batch_id] = batch.batch_date
    promoted = (
        champion if watch.promotion.version_after == champion.version else load_version(watch.promotion.version_after)
    )
    learned_from = set(promoted.facts.get("window_batches", ()))
    scored = sorted(dates.keys() - learned_from, key=lambda name: (dates[name], name))
    count = policy.probation.batches
    if not scored or is_over(len(scored), before, watch, count, policy.labels.window_batches):
        return Watched()
    return Watched(watch, promoted, {name: dates[name] for name in scored[:count]}, max(count - len(scored), 0))


def gather_watched_batches(
    watched: Watched,
    batch: Batch,
    rows: BatchRows,
    scored: pd.DataFrame,
    logs: Logs,
    labels: LabelTable,
    policy: Parameters,
) -> WatchedBatches:
    """Scores of the watched batches, with the labels that have matured."""
    batches: list[ScoredBatch] = []
    for batch_id, day in watched.dates.items():
        if batch_id != batch.batch_id and batch_id not in logs.predictions:
            continue
        table = scored if batch_id == batch.batch_id else logs.predictions[batch_id]()
        mature = is_mature(day, batch.as_of, policy.labels.maturity_days)
        known = join_labels(table["id"], table["label"], batch_id, labels) if mature else np.nan
        batches.append(describe_batch(batch_id, day, table.assign(label=known), None).scored)
    usable = tuple(one for one in batches if explain_unusable(one.known, one.scores, policy.labels) is None)
    features = {**logs.features, batch.batch_id: lambda: rows.rows}
    return WatchedBatches(watched.watch, watched.promoted, tuple(batches), usable, features, watched.to_come)


def watch_probation(
    evidence: Evidence,
    watched: WatchedBatches,
    ledger: Sequence[LedgerEntry],
    load_version: LoadVersion,
    policy: Parameters,
) -> Evidence:
    """Add how the new champion does against its promise: by labels where there are enough of them, else by scores."""
    if watched.watch is None or watched.promoted is None:
        return evidence
    promised = (watched.promoted.metrics.get("holdout") or {}).get("roc_auc")
    found = _measure_labelled(watched, policy) or _estimate(watched, watched.promoted, policy)
    if found is None or promised is None:
        return evidence
    before = [entry for entry in ledger if entry.batch_id != evidence.batch_id]
    probation = _describe(found, watched, watched.watch, Estimate(**promised), policy)
    probation = replace(probation, looked=is_new_look(probation, before, watched.watch))
    if falls_short(probation, policy.probation):
        previous, unasked = _ask_previous(found, probation.previous_version, load_version)
        probation = replace(probation, previous=previous, unasked=unasked)
    return replace(evidence, probation=probation)


@dataclass(frozen=True, eq=False)
class _Found:
    """ROC-AUC of the new champion on some rows, and how another package's on the same rows is found."""

    basis: Basis
    pool: Pool
    roc_auc: Estimate
    ask: Callable[[ChampionPackage], Estimate | None]


def _measure_labelled(watched: WatchedBatches, policy: Parameters) -> _Found | None:
    pool = pool_labelled(watched.labelled, policy.performance)
    if pool is None:
        return None
    confidence = policy.performance.confidence

    def ask(package: ChampionPackage) -> Estimate | None:
        scores = package.score(_read_features(watched, pool))
        return measure_roc_auc(pool.labels, scores, confidence)

    return _Found("realized", pool, measure_roc_auc(pool.labels, pool.scores, confidence), ask)


def _estimate(watched: WatchedBatches, promoted: ChampionPackage, policy: Parameters) -> _Found | None:
    """What the promise becomes with these customers, if what was learned still holds.

    Both champions are estimated from the comparison rows, whose labels neither was fitted on: what the replaced one
    believed of itself before is just what its replacement proved wrong.
    """
    compared = (promoted.reference["part"] == "comparison").to_numpy()
    if not compared.any() or any(batch.batch_id not in watched.features for batch in watched.batches):
        return None
    pool = pool_scored(watched.batches)
    rows, labels = _read_features(watched, pool), promoted.reference_scores.labels[compared]
    weights = weigh_reference(rows, promoted, policy)
    weights = None if weights is None else weights[compared]

    def estimate(package: ChampionPackage, before: np.ndarray, scores: np.ndarray) -> Estimate | None:
        reference = ReferenceScores(labels, before, package.calibration.apply(before))
        probabilities, options = package.calibration.apply(scores), policy.performance
        told = estimate_performance(probabilities, reference, package.threshold, options, policy.seed, weights=weights)
        return told.roc_auc if told else None

    def ask(package: ChampionPackage) -> Estimate | None:
        return estimate(package, package.score(promoted.reference_features[compared]), package.score(rows))

    roc_auc = estimate(promoted, promoted.reference_scores.scores[compared], pool.scores)
    return _Found("estimated", pool, roc_auc, ask) if roc_auc else None


def _describe(
    found: _Found, watched: WatchedBatches, watch: Watch, promised: Estimate, policy: Parameters
) -> Probation:
    return Probation(
        version=watch.version,
        previous_version=watch.previous_version,
        batches=found.pool.batches,
        rows=int(found.pool.positions.size),
        basis=found.basis,
        promised=promised,
        found=found.roc_auc,
        p_value=measure_shortfall(promised, found.roc_auc, policy.performance.confidence),
        to_come=watched.to_come,
        to_mature=len(watched.batches) - len(watched.labelled),
    )


def _ask_previous(found: _Found, version: str, load_version: LoadVersion) -> tuple[Estimate | None, str | None]:
    """ROC-AUC of the replaced champion on the same rows, or why it is not known."""
    try:
        return found.ask(load_version(version)), None
    except ChurnMonitoringError as error:
        return None, str(error)


def _read_features(watched: WatchedBatches, pool: Pool) -> pd.DataFrame:
    """Features of the pooled rows, in their order."""
    frames = [watched.features[batch_id]() for batch_id in pool.batches]
    return pd.concat(frames, ignore_index=True).iloc[pool.positions].reset_index(drop=True)
