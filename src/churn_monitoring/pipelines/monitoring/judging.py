"""Nodes that judge: one frozen record of evidence, the verdict of both sets of rules, and which of them acts."""

from collections.abc import Mapping, Sequence

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Attempt, EstimatedPerformance, Evidence, Quality
from churn_monitoring.decision.cooldown import compute_cooldown
from churn_monitoring.decision.judgement import Judgement, judge
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.pipelines.monitoring.arriving import AS_USUAL, Arrival
from churn_monitoring.pipelines.monitoring.intake import Batch
from churn_monitoring.pipelines.monitoring.maturing import LabelledBatches
from churn_monitoring.pipelines.monitoring.measuring import BatchDrift, BatchProfile
from churn_monitoring.quality.verdict import add_findings


def gather_evidence(
    batch: Batch,
    profile: BatchProfile,
    quality: Quality,
    drift: BatchDrift,
    labelled: LabelledBatches,
    estimated: Mapping[str, EstimatedPerformance | None],
    champion: ChampionPackage,
    arrival: Arrival = AS_USUAL,
) -> Evidence:
    """Everything the decision may look at, in one record; the probe is asked later."""
    return Evidence(
        batch_id=batch.batch_id,
        as_of=batch.as_of,
        rows=profile.rows,
        looked_at=profile.looked_at,
        quality=add_findings(quality, arrival.findings),
        features=drift.features,
        prediction=drift.prediction,
        labelled=labelled.own,
        reference_rows=champion.profile.rows,
        reference_roc_auc=champion.roc_auc,
        estimated=estimated["estimated"],
        earlier=labelled.earlier,
        anchor=drift.anchor,
    )


def decide_batch_action(evidence: Evidence, attempts: Sequence[Attempt], policy: Parameters) -> Judgement:
    """Both verdicts on the evidence, and whether a retraining has to wait."""
    cooldown = compute_cooldown(
        attempts, evidence.as_of, policy.retraining_cooldown_days, policy.retraining_cooldown_max_days
    )
    return judge(evidence, policy, cooldown)
