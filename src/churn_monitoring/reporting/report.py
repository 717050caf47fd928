"""The monitoring report: the keys that other programs rely on, and nothing beside them.

``monitoring_report.schema.json`` beside this file describes them; the tests hold every report against it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from churn_monitoring.core.records import Alert, Decision, Evidence, FeatureDrift, LabelledEvidence

SCHEMA_VERSION = "1.0"


def build_report(
    evidence: Evidence,
    alerts: Sequence[Alert],
    decision: Decision,
    labelled: LabelledEvidence | None,
    model: Mapping[str, str],
) -> dict[str, Any]:
    """The report of one batch as plain JSON values.

    Args:
        evidence: of the batch.
        alerts: raised on it.
        decision: taken on it.
        labelled: what the batch's own labels say so far, if they say anything.
        model: ``name`` and ``version`` of the champion that scored it.
    """
    report = {
        "schema_version": SCHEMA_VERSION,
        "batch": {
            "id": evidence.batch_id,
            "as_of": evidence.as_of.isoformat(),
            "rows": evidence.rows,
            "label_coverage": 0.0,
        },
        "model": dict(model),
        "data_quality": {
            "status": evidence.quality.status,
            "findings": [asdict(finding) for finding in evidence.quality.findings],
        },
        "drift": {
            "status": _summarize_drift(evidence),
            "share": _share_drifted(evidence.features),
            "features": [_show_drift(feature) for feature in evidence.features],
            "prediction": _show_drift(evidence.prediction),
            "target": None,
            "concept": None,
        },
        "performance": {
            "realized": None,
            "estimated": asdict(evidence.estimated) if evidence.estimated else None,
        },
        "alerts": [asdict(alert) for alert in alerts],
        "decision": {
            "action": decision.action,
            "reasons": list(decision.reasons),
            "cooldown": {
                "active": decision.cooldown.active,
                "until": _show_date(decision.cooldown.until),
            },
        },
    }
    return add_labels(report, labelled) if labelled else report


def add_labels(report: Mapping[str, Any], labelled: LabelledEvidence) -> dict[str, Any]:
    """The report with what the labels of its batch say by now; the decision stays as it was taken."""
    return {
        **report,
        "batch": {**report["batch"], "label_coverage": labelled.label_coverage},
        "drift": {
            **report["drift"],
            # Absent once another champion is in service; what was found under the batch's own stays.
            "target": _show_drift(labelled.target) or report["drift"]["target"],
            "concept": _show_drift(labelled.concept) or report["drift"]["concept"],
        },
        "performance": {
            **report["performance"],
            "realized": asdict(labelled.performance) if labelled.performance else None,
        },
    }


def _summarize_drift(evidence: Evidence) -> str:
    found = [*evidence.features, *([evidence.prediction] if evidence.prediction else [])]
    if any(one.drifted for one in found):
        return "drift"
    return "stable" if any(one.p_value is not None for one in found) else "too_few_rows"


def _share_drifted(features: Sequence[FeatureDrift]) -> float:
    return sum(feature.drifted for feature in features) / len(features) if features else 0.0


def _show_drift(drift: FeatureDrift | None) -> dict[str, Any] | None:
    return asdict(drift) if drift is not None else None


def _show_date(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
