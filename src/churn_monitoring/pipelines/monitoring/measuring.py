"""Nodes that measure the batch itself: scores, profile, drift, data quality.

What is a count is of all rows; what needs rows looks at those of ``BatchRows``, a sample of a large batch.

Topology:
    score_batch -> profile_batch -> measure_batch_drift -> measure_batch_quality
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import AnchorDrift, FeatureDrift, LedgerEntry, Quality
from churn_monitoring.drift import measure_distances, measure_features, measure_prediction, share_drifted
from churn_monitoring.drift.season import explain_by_season, explain_scores_by_season
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.performance.domain import DomainDrift, measure_domain
from churn_monitoring.performance.labels import LabelTable
from churn_monitoring.pipelines.monitoring.intake import Batch, BatchRows
from churn_monitoring.profiling import NumericProfile, TableProfile, profile_numbers, profile_rows
from churn_monitoring.profiling.repeats import count_repeats
from churn_monitoring.quality import Agreement, BatchFacts, RepeatedRows, measure_quality
from churn_monitoring.quality.dependency import measure_dependencies
from churn_monitoring.quality.examples import name_examples
from churn_monitoring.quality.returning import measure_agreement
from churn_monitoring.tables import are_among, fingerprint_rows

ACCEPTED_BEFORE = 2  # batches before this one that tell how well the values of returning customers usually agree


@dataclass(frozen=True)
class BatchProfile:
    """What is left of a batch once it has been read: profiles and a few counts.

    ``on_anchor`` are the features on the anchor's grids, where the champion has an anchor besides its reference.
    ``looked_at`` is how many of ``rows`` are in the sample that is looked at; None where it is all of them.
    """

    rows: int
    features: TableProfile
    scores: NumericProfile
    facts: BatchFacts
    on_anchor: TableProfile | None = None
    looked_at: int | None = None


@dataclass(frozen=True)
class BatchDrift:
    """Verdicts per feature and on the scores, and what is only reported."""

    features: tuple[FeatureDrift, ...] = ()
    prediction: FeatureDrift | None = None
    distances: Mapping[str, Mapping[str, float]] | None = None
    domain: DomainDrift | None = None
    anchor: AnchorDrift | None = None


def score_batch(
    batch: Batch, rows: BatchRows, champion: ChampionPackage
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame | None], dict[str, pd.DataFrame]]:
    """Scores of the rows that are looked at, what is kept of them, and their features as the champion saw them.

    Of a batch that is looked at as a whole nothing is kept beside its predictions.
    """
    scores = champion.score(rows.rows) if rows.scores is None else rows.scores
    probabilities = champion.calibration.apply(scores)
    ids = pd.Series(dtype=object) if rows.rows.empty else rows.rows[champion.schema.id].astype(object)
    scored = pd.DataFrame(
        {
            "id": ids,
            "score": scores,
            "probability": probabilities,
            "predicted": probabilities >= champion.threshold,
            "label": rows.labels,
            "seen": champion.has_seen(ids),
            "threshold": champion.threshold,
            "model_version": champion.version,
        }
    )
    features = pd.DataFrame() if rows.rows.empty else rows.rows[[champion.schema.id, *champion.schema.features]]
    kept = scored if rows.counts is not None else None
    return scored, {batch.batch_id: kept}, {batch.batch_id: features}


def profile_batch(
    batch: Batch,
    rows: BatchRows,
    scored: pd.DataFrame,
    champion: ChampionPackage,
    ledger: Sequence[LedgerEntry],
    kept_features: Mapping[str, Callable[[], pd.DataFrame]],
) -> BatchProfile:
    """Profile rows and scores on the reference's grids; a rejected batch has an empty profile.

    Scores of customers the model was fitted on are left out where enough others are there: they are no forecasts.
    """
    table = rows.rows if not rows.rows.empty else _build_empty(champion)
    facts = BatchFacts(
        unparseable=rows.unparseable,
        reference_unparseable=champion.facts["unparseable"],
        repeated=_count_repeated(rows, table, scored, champion),
    )
    if not rows.rows.empty:
        agreement, usual = _compare_returning(batch, table, champion, ledger, kept_features)
        facts = replace(
            facts,
            dependencies=measure_dependencies(champion.dependencies, table) if champion.dependencies else (),
            agreement=agreement,
            usual_agreement=usual,
        )
    counts = rows.counts
    if counts is not None:
        return BatchProfile(
            counts.rows, counts.table.profile, counts.forecasts, facts, counts.on_anchor, looked_at=len(table)
        )
    scores = profile_numbers(choose_forecasts(scored)["score"].to_numpy(float), champion.score_profile.grid)
    on_anchor = profile_rows(table, champion.anchor) if champion.anchor else None
    return BatchProfile(len(table), profile_rows(table, champion.profile), scores, facts, on_anchor)


def choose_forecasts(scored: pd.DataFrame) -> pd.DataFrame:
    """The rows of customers the model was not fitted on, or all where these are fewer than half."""
    unseen = scored[~scored["seen"].astype(bool)]
    return unseen if 2 * len(unseen) >= len(scored) else scored


def measure_batch_drift(
    rows: BatchRows, profile: BatchProfile, champion: ChampionPackage, policy: Parameters
) -> BatchDrift:
    """Feature and prediction drift against the reference, seasons taken out; nothing of a rejected batch."""
    if rows.rejection is not None:
        return BatchDrift()
    options, reference = policy.drift, champion.reference_features
    features = measure_features(champion.profile, profile.features, options, policy.drift_threshold)
    prediction = measure_prediction(champion.score_profile, profile.scores, options)
    if champion.schema.date is not None and champion.schema.date in reference:
        dates, scores = reference[champion.schema.date], champion.reference["score"].to_numpy(float)
        features = explain_by_season(
            features, champion.profile, profile.features, reference, dates, options, policy.drift_threshold
        )
        named = next((one.usual_in for one in features if one.usual_in), None)
        prediction = explain_scores_by_season(
            prediction, champion.score_profile, profile.scores, scores, dates, options, named
        )
    importance = champion.facts.get("importance", {})
    return BatchDrift(
        tuple(replace(one, importance=importance.get(one.feature)) for one in features),
        prediction,
        measure_distances(champion.profile, profile.features, options),
        measure_domain(reference, rows.rows, champion.schema, options.domain_rows, policy.seed),
        _measure_anchor(profile, champion, policy),
    )


def _measure_anchor(profile: BatchProfile, champion: ChampionPackage, policy: Parameters) -> AnchorDrift | None:
    """How far the batch is from the reference that this line of champions began with."""
    if champion.anchor is None or profile.on_anchor is None:
        return None
    features = measure_features(champion.anchor, profile.on_anchor, policy.drift, policy.drift_threshold)
    facts = champion.anchor_facts
    return AnchorDrift(facts["anchor_version"], facts["anchor_as_of"], features)


def measure_batch_quality(
    rows: BatchRows,
    profile: BatchProfile,
    drift: BatchDrift,
    champion: ChampionPackage,
    labels: LabelTable,
    policy: Parameters,
) -> Quality:
    """Is the batch itself broken? A rejection is all there is to say; else the checks, and label files left out."""
    if rows.rejection is not None:
        return Quality("failed", (rows.rejection,))
    share = share_drifted(drift.features)
    quality = measure_quality(champion.profile, profile.features, profile.facts, policy.quality, share)
    ids = rows.rows[champion.schema.id]
    findings = name_examples(quality.findings, rows.rows, ids, champion.profile, rows.raw, champion.dependencies)
    quality = replace(quality, findings=findings)
    if not labels.problems:
        return quality
    status = "warning" if quality.status == "ok" else quality.status
    return replace(quality, status=status, findings=(*quality.findings, *labels.problems))


def _count_repeated(
    rows: BatchRows, table: pd.DataFrame, scored: pd.DataFrame, champion: ChampionPackage
) -> RepeatedRows:
    usual = champion.facts["repeated_share"]
    if rows.counts is not None:
        return RepeatedRows(rows.counts.repeated_rows, rows.counts.repeated_ids, usual)
    repeated = 0 if table.empty else count_repeats(fingerprint_rows(table, champion.schema.features))
    return RepeatedRows(repeated, int(scored["id"].dropna().duplicated().sum()), usual)


def find_accepted(ledger: Sequence[LedgerEntry], batch: Batch) -> list[str]:
    """Ids of earlier batches that were not broken, oldest first."""
    return [
        entry.batch_id
        for entry in ledger
        if not entry.rejected
        and entry.action != "fix_data"
        and (entry.batch_date, entry.batch_id) < (batch.batch_date, batch.batch_id)
    ]


def _compare_returning(
    batch: Batch,
    table: pd.DataFrame,
    champion: ChampionPackage,
    ledger: Sequence[LedgerEntry],
    kept_features: Mapping[str, Callable[[], pd.DataFrame]],
) -> tuple[dict[str, Agreement], dict[str, Agreement]]:
    """How well returning customers' values agree with the batch before, and did between the two before it."""
    names = [name for name in find_accepted(ledger, batch) if name in kept_features][-ACCEPTED_BEFORE:]
    before = [kept_features[name]() for name in names]
    if not before or not set(champion.schema.features) <= set(before[-1].columns):
        return {}, {}
    if not are_among(table[champion.schema.id], before[-1][champion.schema.id]).any():
        return {}, {}
    schema = champion.schema
    now = measure_agreement(before[-1], table, schema, champion.profile)
    if len(before) < ACCEPTED_BEFORE or not set(schema.features) <= set(before[0].columns):
        return now, {}
    return now, measure_agreement(before[0], before[1], schema, champion.profile)


def _build_empty(champion: ChampionPackage) -> pd.DataFrame:
    numbers: dict[str, Any] = {name: np.empty(0) for name in champion.schema.numeric}
    return pd.DataFrame(numbers | {name: pd.Series(dtype=object) for name in champion.schema.categorical})
