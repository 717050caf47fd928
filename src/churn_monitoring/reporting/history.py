"""What happened so far, as plain records that pages and figures draw.

    ledger entries ─────┐
    digests of reports ─┴─► one record per batch        attempts ─► events

Which batches there are, and their performance by now, is told by the ledger; a digest adds what it does not hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from churn_monitoring.core.records import Attempt, LedgerEntry
from churn_monitoring.reporting.ranking import rank_features

DIGESTED = 40
"""Drifted features of a batch that its digest names, those that matter most first."""


@dataclass(frozen=True, slots=True)
class History:
    """Records of the batches, oldest first, and what was done about the model, in order."""

    batches: tuple[dict[str, Any], ...]
    events: tuple[dict[str, Any], ...]


def digest_report(report: Mapping[str, Any]) -> dict[str, Any]:
    """What of a report the dashboard shows and the ledger does not have; a few hundred bytes.

    Returns:
        ``estimated`` ROC-AUC with its interval or None, ``alerts`` counted by severity, ``effects`` of the features
        that drifted, and ``weights``: how much each of them matters.
    """
    estimated = report["performance"]["estimated"]
    severities = [alert["severity"] for alert in report["alerts"]]
    drifted = [one for one in rank_features(report["drift"]["features"], {}) if one["drifted"]][:DIGESTED]
    return {
        "estimated": dict(estimated["roc_auc"]) if estimated else None,
        "alerts": {severity: severities.count(severity) for severity in sorted(set(severities))},
        "effects": {one["feature"]: one["effect_size"] for one in drifted},
        "weights": {one["feature"]: one["weight"] for one in drifted},
    }


def build_history(
    ledger: Sequence[LedgerEntry], attempts: Sequence[Attempt], digests: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """One plain record per monitored batch, oldest first, with what retraining did on its day."""
    events = {attempt.as_of: attempt for attempt in attempts}
    return [
        {
            "batch": entry.batch_id,
            "as_of": entry.as_of.isoformat(),
            "action": entry.action,
            "roc_auc": _read_roc_auc(entry.metrics),
            "drift_share": entry.metrics.get("drift_share", 0.0),
            "label_coverage": entry.metrics.get("label_coverage", 0.0),
            "model_version": entry.model_version,
            "event": events[entry.as_of].verdict if entry.as_of in events else None,
            "event_version": events[entry.as_of].version_after if entry.as_of in events else None,
            **_read_digest(digests.get(entry.batch_id, {}), entry.metrics),
        }
        for entry in ledger
    ]


def list_events(attempts: Sequence[Attempt]) -> list[dict[str, Any]]:
    """Attempts to change what is in service, in the order in which they happened."""
    return [
        {
            "as_of": attempt.as_of.isoformat(),
            "kind": attempt.kind,
            "verdict": attempt.verdict,
            "version_before": attempt.version_before,
            "version": attempt.version_after,
        }
        for attempt in attempts
    ]


def _read_digest(digest: Mapping[str, Any], metrics: Mapping[str, float]) -> dict[str, Any]:
    guessed = metrics.get("estimated_roc_auc")
    point = None if guessed is None else {"value": guessed, "low": guessed, "high": guessed}
    return {
        "estimated": digest.get("estimated") or point,
        "alerts": digest.get("alerts", {}),
        "effects": digest.get("effects", {}),
        "weights": digest.get("weights", {}),
    }


def _read_roc_auc(metrics: Mapping[str, float]) -> dict[str, float] | None:
    if "roc_auc" not in metrics:
        return None
    return {"value": metrics["roc_auc"], "low": metrics["roc_auc_low"], "high": metrics["roc_auc_high"]}
