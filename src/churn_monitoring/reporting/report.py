"""The monitoring report: the keys that other programs rely on, and nothing beside them.

``monitoring_report.schema.json`` beside this file describes them; the tests hold every report against it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from churn_monitoring.core.levels import share_out
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import (
    AnchorDrift,
    Decision,
    EstimatedPerformance,
    Evidence,
    FeatureDrift,
    LabelledEvidence,
    Probation,
)
from churn_monitoring.decision.judgement import Judgement
from churn_monitoring.drift import share_drifted
from churn_monitoring.performance.domain import DomainDrift
from churn_monitoring.performance.verdict import summarize_concept
from churn_monitoring.promotion.probation import tell_end

SCHEMA_VERSION = "1.3"
BLIND = "Estimated from the scores alone: it follows a changed mix of customers and cannot see concept drift."
UNLABELLED = "no label has matured yet"
UNJUDGED = "the batch itself is broken, so its labels say nothing about the model"


@dataclass(frozen=True)
class TrackRecord:
    """Estimated against realized ROC-AUC of earlier batches, if any; the mean error is estimated minus realized."""

    batches: int
    mean_absolute_error: float
    mean_error: float


def build_report(
    judgement: Judgement,
    model: Mapping[str, str],
    domain: DomainDrift | None,
    track_record: TrackRecord,
) -> dict[str, Any]:
    """The report of one batch as plain JSON values, before its own labels say anything.

    Args:
        judgement: of the batch: its evidence, alerts and both verdicts.
        model: ``name`` and ``version`` of the champion that scored it, ``since`` which day and ``by`` which decision.
        domain: the domain classifier's result, where one was fitted.
        track_record: of earlier estimates.
    """
    evidence, decision = judgement.evidence, judgement.decision
    return {
        "schema_version": SCHEMA_VERSION,
        "batch": {
            "id": evidence.batch_id,
            "as_of": evidence.as_of.isoformat(),
            "rows": evidence.rows,
            "sampled_rows": evidence.looked_at,
            "label_coverage": 0.0,
        },
        "model": dict(model),
        "data_quality": {
            "status": evidence.quality.status,
            "findings": [{**asdict(one), "examples": list(one.examples)} for one in evidence.quality.findings],
        },
        "drift": {
            "status": _summarize_drift(evidence),
            "share": _share_drifted(evidence.features),
            "weighted_share": _weigh_drifted(evidence.features),
            "features": [_show_drift(feature) for feature in evidence.features],
            "prediction": _show_drift(evidence.prediction),
            "target": None,
            "concept": None,
            "concept_tests": [],
            "domain": _show_domain(domain),
            "anchor": _show_anchor(evidence.anchor),
        },
        "performance": {
            "realized": None,
            "reason": UNJUDGED if evidence.quality.status == "failed" else UNLABELLED,
            "segments": {},
            "estimated": _show_estimated(evidence.estimated, track_record),
        },
        "probe": {**asdict(evidence.probe), "batches": list(evidence.probe.batches)} if evidence.probe else None,
        "probation": _show_probation(evidence.probation),
        "alerts": [asdict(alert) for alert in judgement.alerts],
        "decision": {
            **_show_decision(decision),
            "cooldown": _show_cooldown(decision),
            "remedy": decision.remedy,
        },
        "verdicts": {
            "mode": judgement.mode,
            "calibrated": _show_decision(judgement.calibrated),
            "spec": _show_decision(judgement.spec),
        },
    }


def show_labels(labelled: LabelledEvidence, policy: Parameters) -> dict[str, Any]:
    """What the labels of a batch say, as the parts of a report that they fill."""
    level = share_out(policy).concept
    concept = summarize_concept(labelled.tests, level, policy.concept, policy.table.target)
    return {
        "batch": {"label_coverage": labelled.label_coverage},
        "drift": {
            "target": _show_drift(labelled.target),
            "concept": _show_drift(concept),
            "concept_tests": [asdict(test) for test in labelled.tests],
        },
        "performance": {
            "realized": asdict(labelled.performance) if labelled.performance else None,
            "reason": labelled.reason,
            "segments": {name: asdict(one) for name, one in labelled.segments.items()},
        },
    }


def add_labels(report: Mapping[str, Any], labels: Mapping[str, Any]) -> dict[str, Any]:
    """The report with what the labels of its batch say by now; the decision stays as it was taken.

    Drift that is not measured any more, because another champion is in service or it has been told, stays too.
    """
    found = {name: value for name, value in labels["drift"].items() if value}
    return {
        **report,
        "batch": {**report["batch"], **labels["batch"]},
        "drift": {**report["drift"], **found},
        "performance": {**report["performance"], **labels["performance"]},
    }


def _show_estimated(estimated: EstimatedPerformance | None, track_record: TrackRecord) -> dict[str, Any] | None:
    if estimated is None:
        return None
    return {**asdict(estimated), "note": BLIND, "track_record": asdict(track_record) if track_record.batches else None}


def _show_probation(probation: Probation | None) -> dict[str, Any] | None:
    if probation is None:
        return None
    return {
        "version": probation.version,
        "previous_version": probation.previous_version,
        "basis": probation.basis,
        "batches": list(probation.batches),
        "rows": probation.rows,
        "promised": asdict(probation.promised),
        "found": asdict(probation.found),
        "p_value": probation.p_value,
        "previous": asdict(probation.previous) if probation.previous else None,
        "ends": tell_end(probation),
    }


def _show_decision(decision: Decision) -> dict[str, Any]:
    return {"action": decision.action, "reasons": list(decision.reasons)}


def _show_cooldown(decision: Decision) -> dict[str, Any]:
    return {"active": decision.cooldown.active, "until": _show_date(decision.cooldown.until)}


def _summarize_drift(evidence: Evidence) -> str:
    found = [*evidence.features, *([evidence.prediction] if evidence.prediction else [])]
    if any(one.drifted for one in found):
        return "drift"
    return "stable" if any(one.p_value is not None for one in found) else "too_few_rows"


def _share_drifted(features: Sequence[FeatureDrift]) -> float:
    return sum(feature.drifted for feature in features) / len(features) if features else 0.0


def _weigh_drifted(features: Sequence[FeatureDrift]) -> float:
    """Drifted share of the importance; shares of importance sum to 1 but for rounding."""
    return min(1.0, sum((one.importance or 0.0) * one.drifted for one in features))


def _show_domain(domain: DomainDrift | None) -> dict[str, Any] | None:
    if domain is None:
        return None
    strongest = [{"feature": feature, "share": share} for feature, share in domain.strongest]
    return {"roc_auc": asdict(domain.roc_auc), "rows": domain.rows, "strongest": strongest}


def _show_anchor(anchor: AnchorDrift | None) -> dict[str, Any] | None:
    if anchor is None:
        return None
    kept = ("feature", "effect_size", "drifted")
    return {
        "version": anchor.version,
        "as_of": anchor.as_of,
        "share": share_drifted(anchor.features),
        "features": [{name: getattr(feature, name) for name in kept} for feature in anchor.features],
    }


def _show_drift(drift: FeatureDrift | None) -> dict[str, Any] | None:
    return asdict(drift) if drift is not None else None


def _show_date(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
