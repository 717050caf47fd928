"""Nodes of the monitoring pipeline: choose columns, call the core, shape the result.

Topology:
    choose_batch -> read_batch -> score_batch -> profile_batch -> measure_batch_quality, measure_batch_drift
    gather_known_labels -> gather_matured_batches -> measure_matured_batches
    all of it -> gather_evidence -> raise_batch_alerts -> decide_batch_action -> (outputs.py) reports, run facts
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from churn_monitoring.alerting.rules import Limits, raise_alerts
from churn_monitoring.core.options import (
    ConceptOptions,
    DriftOptions,
    LabelOptions,
    PerformanceOptions,
    QualityOptions,
)
from churn_monitoring.core.records import (
    Alert,
    Attempt,
    Decision,
    EstimatedPerformance,
    Evidence,
    FeatureDrift,
    LabelledEvidence,
    LedgerEntry,
    Quality,
)
from churn_monitoring.decision.cooldown import compute_cooldown
from churn_monitoring.decision.rules import decide_action
from churn_monitoring.drift import measure_distances, measure_features, measure_prediction
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.performance.estimation import estimate_performance, estimate_roc_auc
from churn_monitoring.performance.labelled import measure_labelled
from churn_monitoring.performance.labels import LabelTable, gather_labels, is_mature, join_labels
from churn_monitoring.pipelines.monitoring.intake import Batch, BatchRows
from churn_monitoring.profiling import NumericProfile, TableProfile, profile_numbers, profile_rows
from churn_monitoring.quality import BatchFacts, RepeatedRows, count_repeated_rows, measure_quality
from churn_monitoring.tables import fingerprint_rows


@dataclass(frozen=True)
class BatchProfile:
    """What is left of a batch once it has been read: profiles and a few counts."""

    rows: int
    features: TableProfile
    scores: NumericProfile
    facts: BatchFacts


@dataclass(frozen=True)
class BatchDrift:
    """Verdicts per feature and on the scores, and distances that are only reported."""

    features: tuple[FeatureDrift, ...] = ()
    prediction: FeatureDrift | None = None
    distances: Mapping[str, Mapping[str, float]] | None = None


@dataclass(frozen=True, eq=False)
class MaturedBatch:
    """Predictions of a batch, by the champion of its day, with the labels known by now in ``label``."""

    batch_id: str
    batch_date: date
    model_version: str
    scored: pd.DataFrame


def score_batch(
    batch: Batch, rows: BatchRows, champion: ChampionPackage
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Score every row; returns the predictions, and the same under the batch's id for keeping."""
    scores = champion.score(rows.rows)
    probabilities = champion.calibration.apply(scores)
    ids = pd.Series(dtype=object) if rows.rows.empty else rows.rows[champion.schema.id].astype(object)
    scored = pd.DataFrame(
        {
            "id": ids,
            "score": scores,
            "probability": probabilities,
            "predicted": probabilities >= champion.threshold,
            "label": rows.labels,
            "threshold": champion.threshold,
            "model_version": champion.version,
        }
    )
    return scored, {batch.batch_id: scored}


def profile_batch(rows: BatchRows, scored: pd.DataFrame, champion: ChampionPackage) -> BatchProfile:
    """Profile rows and scores on the reference's grids; a rejected batch has an empty profile."""
    schema = champion.schema
    if rows.rows.empty:
        table = pd.DataFrame({name: pd.Series(dtype=float) for name in schema.numeric})
        table = table.assign(**{name: pd.Series(dtype=object) for name in schema.categorical})
    else:
        table = rows.rows
    repeated = 0 if table.empty else count_repeated_rows(fingerprint_rows(table, schema.features))
    facts = BatchFacts(
        unparseable=rows.unparseable,
        reference_unparseable=champion.facts["unparseable"],
        repeated=RepeatedRows(
            rows=repeated,
            ids=int(scored["id"].dropna().duplicated().sum()),
            reference_share=champion.facts["repeated_share"],
        ),
    )
    scores = profile_numbers(scored["score"].to_numpy(float), champion.score_profile.grid)
    return BatchProfile(len(table), profile_rows(table, champion.profile), scores, facts)


def measure_batch_quality(
    rows: BatchRows,
    profile: BatchProfile,
    champion: ChampionPackage,
    labels: LabelTable,
    options: QualityOptions,
) -> Quality:
    """Is the batch itself broken? A rejection is all there is to say; else the checks, and label files left out."""
    if rows.rejection is not None:
        return Quality("failed", (rows.rejection,))
    quality = measure_quality(champion.profile, profile.features, profile.facts, options)
    if not labels.problems:
        return quality
    status = "warning" if quality.status == "ok" else quality.status
    return replace(quality, status=status, findings=(*quality.findings, *labels.problems))


def measure_batch_drift(
    rows: BatchRows, profile: BatchProfile, champion: ChampionPackage, options: DriftOptions, alpha: float
) -> BatchDrift:
    """Feature and prediction drift against the reference; nothing of a rejected batch."""
    if rows.rejection is not None:
        return BatchDrift()
    return BatchDrift(
        measure_features(champion.profile, profile.features, options, alpha),
        measure_prediction(champion.score_profile, profile.scores, options),
        measure_distances(champion.profile, profile.features, options),
    )


def gather_known_labels(
    label_files: Mapping[str, Callable[[], pd.DataFrame]], batch: Batch, champion: ChampionPackage
) -> LabelTable:
    """The labels that had been delivered by the day the batch is judged on."""
    return gather_labels(label_files, champion.schema, batch.as_of)


def gather_matured_batches(
    batch: Batch,
    scored: pd.DataFrame,
    kept_predictions: Mapping[str, Callable[[], pd.DataFrame]],
    ledger: Sequence[LedgerEntry],
    labels: LabelTable,
    options: LabelOptions,
) -> tuple[MaturedBatch, ...]:
    """This batch and earlier ones, where labels are old enough; oldest first.

    Broken batches are left out: their scores say nothing about a champion. Those of an earlier champion are
    kept for their reports.
    """
    dates = {
        entry.batch_id: entry.batch_date
        for entry in ledger
        if not entry.rejected
        and entry.action != "fix_data"
        and entry.batch_date <= batch.as_of
        and entry.batch_id in kept_predictions
    } | {batch.batch_id: batch.batch_date}
    mature = [
        batch_id
        for batch_id, day in sorted(dates.items(), key=lambda item: (item[1], item[0]))
        if is_mature(day, batch.as_of, options.maturity_days)
    ]
    gathered: list[MaturedBatch] = []
    for batch_id in reversed(mature):
        table = scored if batch_id == batch.batch_id else kept_predictions[batch_id]()
        known = join_labels(table["id"], table["label"], batch_id, labels)
        if known.notna().any():
            version = str(table["model_version"].iloc[0])
            gathered.append(MaturedBatch(batch_id, dates[batch_id], version, table.assign(label=known)))
        if len(gathered) == options.window_batches:
            break
    return tuple(reversed(gathered))


def measure_matured_batches(
    matured: Sequence[MaturedBatch],
    champion: ChampionPackage,
    performance: PerformanceOptions,
    concept: ConceptOptions,
) -> tuple[tuple[LabelledEvidence, ...], tuple[LabelledEvidence, ...]]:
    """What the matured labels of each batch say: of all batches, and of those the present champion scored.

    Only the latter are evidence about it; comparing an earlier champion's scores with the present reference
    would mean nothing, so their batches get realized performance alone.
    """
    measured = {
        item: measure_labelled(
            item.batch_id,
            item.batch_date,
            item.scored["label"].to_numpy(float),
            item.scored["score"].to_numpy(float),
            item.scored["probability"].to_numpy(float),
            champion.reference_scores,
            float(item.scored["threshold"].iloc[0]),
            performance,
            concept,
            champion.schema.target,
        )
        for item in matured
    }
    own = tuple(found for item, found in measured.items() if item.model_version == champion.version)
    everything = tuple(
        found if found in own else replace(found, target=None, concept=None, auc_drop_z=None)
        for found in measured.values()
    )
    return everything, own


def estimate_batch_performance(
    scored: pd.DataFrame, champion: ChampionPackage, options: PerformanceOptions
) -> dict[str, EstimatedPerformance | None]:
    """Performance to expect of this batch before its labels come, under the key ``estimated``."""
    reference = estimate_roc_auc(champion.reference["probability"].to_numpy(float))
    probabilities = scored["probability"].to_numpy(float)
    return {"estimated": estimate_performance(probabilities, reference, champion.roc_auc, options)}


def gather_evidence(
    batch: Batch,
    profile: BatchProfile,
    quality: Quality,
    drift: BatchDrift,
    labelled: tuple[LabelledEvidence, ...],
    estimated: Mapping[str, EstimatedPerformance | None],
    champion: ChampionPackage,
) -> Evidence:
    """Everything the decision may look at; batches with too few labels are no evidence."""
    return Evidence(
        batch_id=batch.batch_id,
        as_of=batch.as_of,
        rows=profile.rows,
        quality=quality,
        features=drift.features,
        prediction=drift.prediction,
        labelled=tuple(item for item in labelled if item.performance is not None),
        reference_rows=len(champion.reference),
        reference_roc_auc=champion.roc_auc,
        estimated=estimated["estimated"],
    )


def raise_batch_alerts(
    evidence: Evidence,
    performance_threshold: float,
    drift_share_threshold: float,
    drift: DriftOptions,
    performance: PerformanceOptions,
    concept: ConceptOptions,
) -> tuple[Alert, ...]:
    """The problems worth a person's attention."""
    limits = Limits(performance_threshold, drift_share_threshold, drift, performance, concept)
    return raise_alerts(evidence, limits)


def decide_batch_action(
    evidence: Evidence,
    alerts: Sequence[Alert],
    attempts: Sequence[Attempt],
    cooldown_days: int,
    concept: ConceptOptions,
) -> Decision:
    """The action, and whether a retraining has to wait."""
    cooldown = compute_cooldown(attempts, evidence.as_of, cooldown_days)
    return decide_action(evidence, alerts, cooldown, concept)
