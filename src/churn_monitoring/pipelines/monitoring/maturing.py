"""Nodes about labels: which are known, what they say, what to expect where there are none, would retraining help.

Topology:
    gather_known_labels -> gather_matured_batches -> measure_matured_batches
    estimate_batch_performance
    (evidence) -> ask_probe
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from churn_monitoring.alerting.rules import raise_alerts
from churn_monitoring.core.dates import parse_date
from churn_monitoring.core.narrowing import narrow_schema
from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import (
    EarlierEvidence,
    EstimatedPerformance,
    Evidence,
    LabelledEvidence,
    LedgerEntry,
    Quality,
)
from churn_monitoring.decision.rules import PROBLEM
from churn_monitoring.drift import measure_features
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.learning.prepare import build_candidate
from churn_monitoring.learning.probe import measure_probe
from churn_monitoring.performance.estimation import estimate_performance
from churn_monitoring.performance.labelled import JudgedAgainst, ScoredBatch, measure_earlier, measure_labelled
from churn_monitoring.performance.labels import (
    LabelTable,
    explain_unusable,
    gather_labels,
    is_mature,
    join_labels,
    read_label_rows,
)
from churn_monitoring.performance.verdict import LAST_THREE
from churn_monitoring.performance.weights import fit_density_ratio
from churn_monitoring.pipelines.monitoring.intake import Batch, BatchRows
from churn_monitoring.pipelines.monitoring.measuring import choose_forecasts
from churn_monitoring.profiling import profile_rows


@dataclass(frozen=True, eq=False)
class MaturedBatch:
    """Predictions of a batch with the labels known by now, and the champion that made them."""

    model_version: str
    scored: ScoredBatch

    @property
    def batch_id(self) -> str:
        """Of the batch."""
        return self.scored.batch_id


@dataclass(frozen=True)
class Logs:
    """What was kept of earlier batches' rows that were looked at, by batch id, read when asked for.

    Features are in the order of predictions.
    """

    predictions: Mapping[str, Callable[[], pd.DataFrame]]
    features: Mapping[str, Callable[[], pd.DataFrame]]


@dataclass(frozen=True)
class LabelledBatches:
    """What matured labels say: of all batches, of those that are evidence about the champion, and before the newest."""

    everything: tuple[LabelledEvidence, ...] = ()
    own: tuple[LabelledEvidence, ...] = ()
    earlier: EarlierEvidence | None = None


def gather_known_labels(
    label_files: Mapping[str, Callable[[], pd.DataFrame]],
    batch: Batch,
    champion: ChampionPackage,
    ledger: Sequence[LedgerEntry],
    policy: Parameters,
    read: Callable[[str, pd.DataFrame, TableSchema], pd.DataFrame] = read_label_rows,
) -> LabelTable:
    """The labels that had been delivered by the day the batch is judged on.

    A file from before the last ``2 * labels.window_batches`` batches cannot hold labels of these, and is not read.
    """
    days = sorted(entry.batch_date for entry in ledger if entry.batch_date <= batch.as_of)
    first = min([*days[-2 * policy.labels.window_batches :], batch.batch_date])
    wanted = {name: load for name, load in label_files.items() if (parse_date(name) or first) >= first}
    return gather_labels(wanted, champion.schema, batch.as_of, read)


def pair_logs(
    predictions: Mapping[str, Callable[[], pd.DataFrame]],
    samples: Mapping[str, Callable[[], pd.DataFrame]],
    features: Mapping[str, Callable[[], pd.DataFrame]],
) -> Logs:
    """The logs as one: of a batch that was too large to be looked at as a whole, the predictions of its sample."""
    return Logs({**predictions, **samples}, features)


def gather_matured_batches(
    batch: Batch,
    rows: BatchRows,
    scored: pd.DataFrame,
    quality: Quality,
    logs: Logs,
    ledger: Sequence[LedgerEntry],
    labels: LabelTable,
    policy: Parameters,
) -> tuple[MaturedBatch, ...]:
    """This batch and earlier ones, where labels are old enough; oldest first.

    Broken batches are left out: their scores say nothing about a champion. Those of an earlier champion are
    kept for their reports. Features come along for as many of the newest as the tests and the probe look at.
    """
    dates = {
        entry.batch_id: entry.batch_date
        for entry in ledger
        if not entry.rejected
        and entry.action != "fix_data"
        and entry.batch_date <= batch.as_of
        and entry.batch_id in logs.predictions
        and entry.batch_id != batch.batch_id  # judged again: what it is now counts, not what it was
    }
    if quality.status != "failed":
        dates[batch.batch_id] = batch.batch_date
    gathered: list[MaturedBatch] = []
    with_features = max(policy.concept.repeat_within, policy.probe.max_batches)
    for batch_id, day in sorted(dates.items(), key=lambda item: (item[1], item[0]), reverse=True):
        if not is_mature(day, batch.as_of, policy.labels.maturity_days):
            continue
        current = batch_id == batch.batch_id
        table = scored if current else logs.predictions[batch_id]()
        known = join_labels(table["id"], table["label"], batch_id, labels)
        if known.notna().any():
            load = (lambda: rows.rows) if current else logs.features.get(batch_id)
            load = load if len(gathered) < with_features else None
            gathered.append(describe_batch(batch_id, day, table.assign(label=known), load))
        if len(gathered) == policy.labels.window_batches:
            break
    return tuple(reversed(gathered))


def measure_matured_batches(
    matured: Sequence[MaturedBatch],
    champion: ChampionPackage,
    ledger: Sequence[LedgerEntry],
    policy: Parameters,
) -> LabelledBatches:
    """What the matured labels of each batch say.

    Only batches the present champion scored are evidence about it; comparing an earlier champion's scores with the
    present reference would mean nothing, so these get realized performance alone. Concept tests are made of the
    newest batch, and of others of which no run has told them yet; a batch before the last three whose labels are those
    that a run has told already is passed over.
    """
    against = JudgedAgainst(
        champion.reference_scores, champion.labelled_reference, lambda rows: weigh_reference(rows, champion, policy)
    )
    told = {entry.batch_id for entry in ledger if "concept_p_value" in entry.metrics}
    own = [item for item in matured if item.model_version == champion.version]
    usable = [item for item in own if explain_unusable(item.scored.known, item.scored.scores, policy.labels) is None]
    newest = usable[-1].batch_id if usable else None
    looked_at = {item.batch_id for item in usable[-LAST_THREE:]}
    unchanged = {entry.batch_id: entry.metrics for entry in ledger}
    matured = [
        item
        for item in matured
        if item.batch_id in looked_at or not _is_told(item.scored, unchanged.get(item.batch_id, {}))
    ]
    measured = {
        item.batch_id: measure_labelled(
            item.scored,
            against,
            policy,
            with_tests=item in own and (item.batch_id == newest or item.batch_id not in told),
        )
        for item in matured
    }
    everything = tuple(
        measured[item.batch_id] if item in own else replace(measured[item.batch_id], target=None, auc_drop_z=None)
        for item in matured
    )
    judged = [item for item in usable if item.batch_id in measured and measured[item.batch_id].performance is not None]
    evidence = tuple(measured[item.batch_id] for item in judged)
    scored = [item.scored for item in judged]
    earlier = measure_earlier(scored[-1], scored[:-1], against, policy) if scored else None
    return LabelledBatches(everything, evidence, earlier)


def estimate_batch_performance(
    rows: BatchRows, scored: pd.DataFrame, quality: Quality, champion: ChampionPackage, policy: Parameters
) -> dict[str, EstimatedPerformance | None]:
    """Performance to expect of this batch before its labels come, under the key ``estimated``; none if broken."""
    if quality.status == "failed":
        return {"estimated": None}
    forecasts = choose_forecasts(scored)
    estimated = estimate_performance(
        forecasts["probability"].to_numpy(float),
        champion.reference_scores,
        champion.threshold,
        policy.performance,
        policy.seed,
        weights=weigh_reference(rows.rows.loc[forecasts.index], champion, policy),
    )
    return {"estimated": estimated}


def ask_probe(
    evidence: Evidence,
    matured: Sequence[MaturedBatch],
    champion: ChampionPackage,
    ledger: Sequence[LedgerEntry],
    policy: Parameters,
) -> Evidence:
    """Add the probe where something changed, but not the concept, and labels of the changed batches have matured."""
    problems = [alert.key for alert in raise_alerts(evidence, policy) if alert.severity in PROBLEM]
    if not problems or "concept_drift" in problems or evidence.quality.status == "failed":
        return evidence
    changed = {entry.batch_id for entry in ledger if entry.action != "none"} | {evidence.batch_id}
    own = [item for item in matured if item.model_version == champion.version and item.scored.rows.shape[1]]
    usable = [item for item in own if explain_unusable(item.scored.known, item.scored.scores, policy.labels) is None]
    regime: list[ScoredBatch] = []
    for item in reversed(usable):
        if item.batch_id not in changed:
            break
        regime.insert(0, item.scored)
    told = policy.training.candidates.get(champion.candidate, {})
    params = {name: value for name, value in told.items() if name != "estimator"}
    params["n_estimators"] = min(params.get("n_estimators", policy.probe.max_estimators), policy.probe.max_estimators)
    probe = measure_probe(
        champion, regime, lambda: build_candidate(champion.candidate, champion.schema, params, policy.seed), policy
    )
    return replace(evidence, probe=probe)


def describe_batch(
    batch_id: str, day: date, table: pd.DataFrame, load: Callable[[], pd.DataFrame] | None
) -> MaturedBatch:
    """A batch from its kept predictions, ``label`` among them, and where they are wanted its features."""
    scored = ScoredBatch(
        batch_id=batch_id,
        batch_date=day,
        threshold=float(table["threshold"].iloc[0]),
        ids=table["id"].reset_index(drop=True),
        labels=table["label"].to_numpy(float),
        scores=table["score"].to_numpy(float),
        probabilities=table["probability"].to_numpy(float),
        seen=table["seen"].to_numpy(bool) if "seen" in table else np.zeros(len(table), dtype=bool),
        rows=load().reset_index(drop=True) if load else pd.DataFrame(index=range(len(table))),
    )
    return MaturedBatch(str(table["model_version"].iloc[0]), scored)


def weigh_reference(rows: pd.DataFrame, champion: ChampionPackage, policy: Parameters) -> np.ndarray | None:
    """Weights that make the reference look like the rows, where some feature differs, be it by little."""
    if not set(champion.schema.features) <= set(rows.columns):
        return None
    profile = profile_rows(rows, champion.profile)
    features = measure_features(champion.profile, profile, policy.drift, policy.drift_threshold)
    adjusted = [one.adjusted_p_value for one in features if one.adjusted_p_value is not None]
    if min(adjusted, default=1.0) >= policy.drift_threshold:
        return None
    importance = champion.facts.get("importance", {})
    matters = {one.feature: (importance.get(one.feature, 0.0) * one.effect_size, one.effect_size) for one in features}
    schema = narrow_schema(champion.schema, matters, policy.concept.weight_max_features)
    return fit_density_ratio(champion.reference_features, rows, schema)


def _is_told(scored: ScoredBatch, metrics: Mapping[str, float]) -> bool:
    """Whether an earlier run has told the performance on just these labels."""
    known = scored.labels[scored.known]
    return (metrics.get("known_labels"), metrics.get("known_positives")) == (known.size, known.sum())
