"""The numbers of a monitoring run in the tracking database."""

from collections.abc import Sequence
from dataclasses import asdict

from churn_monitoring.core.options import ReportingOptions
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Evidence, FeatureDrift, LabelledEvidence
from churn_monitoring.drift import share_drifted
from churn_monitoring.performance.verdict import summarize_concept
from churn_monitoring.pipelines.monitoring.measuring import BatchDrift
from churn_monitoring.promotion.probation import name_metrics


def measure_evidence(evidence: Evidence, drift: BatchDrift, limits: ReportingOptions) -> dict[str, float]:
    """What was found of the batch itself, by the name each number has in the run.

    Of a wide table only ``limits.logged_features`` and those that drifted have numbers of their own: the ledger reads
    them again with every later batch.
    """
    drifted = [feature.drifted for feature in evidence.features]
    metrics = {
        "rows": float(evidence.rows),
        "quality_findings": float(len(evidence.quality.findings)),
        "drift_share": sum(drifted) / len(drifted) if drifted else 0.0,
    }
    logged = _choose_logged(evidence.features, limits.logged_features)
    for one in [*logged, *([evidence.prediction] if evidence.prediction else [])]:
        metrics[f"drift_effect/{one.feature}"] = one.effect_size
        if one.p_value is not None:
            metrics[f"drift_p_value/{one.feature}"] = one.p_value
    distances = drift.distances or {}
    metrics |= {f"psi/{one.feature}": distances[one.feature]["psi"] for one in logged if one.feature in distances}
    metrics["drift_share_weighted"] = sum((one.importance or 0.0) * one.drifted for one in evidence.features)
    if evidence.estimated:
        estimated = {name: value for name, value in asdict(evidence.estimated).items() if name != "rows"}
        metrics |= {f"estimated_{name}": value["value"] for name, value in estimated.items()}
    if drift.domain:
        metrics["domain_roc_auc"] = drift.domain.roc_auc.value
    if evidence.anchor:
        metrics["anchor_drift_share"] = share_drifted(evidence.anchor.features)
    if evidence.probe:
        metrics |= {"probe_gain": evidence.probe.gain.value, "probe_p_value": evidence.probe.p_value}
    return metrics | name_metrics(evidence.probation)


def measure_labels(item: LabelledEvidence, policy: Parameters) -> dict[str, float]:
    """What the labels of a batch say, by the name each number has in its run; nothing where they cannot be judged."""
    if item.performance is None:
        return {}
    plain = {name: value for name, value in asdict(item.performance).items() if name != "roc_auc"}
    roc_auc = item.performance.roc_auc
    metrics = {
        **plain,
        "roc_auc": roc_auc.value,
        "roc_auc_low": roc_auc.low,
        "roc_auc_high": roc_auc.high,
        "label_coverage": item.label_coverage,
    }
    metrics["labelled_rows"] = metrics.pop("rows")
    metrics |= {"known_labels": float(item.rows), "known_positives": float(item.positives)}
    concept = summarize_concept(item.tests, 1.0, policy.concept, policy.table.target)
    for name, test in (("target", item.target), ("concept", concept)):
        if test is not None and test.p_value is not None:
            metrics[f"{name}_p_value"] = test.p_value
    return metrics


def _choose_logged(features: Sequence[FeatureDrift], most: int) -> list[FeatureDrift]:
    """Those most important to the champion, the same in every run of it, and all that drifted."""
    ranked = sorted(range(len(features)), key=lambda place: -(features[place].importance or 0.0))
    leading = set(ranked[:most])
    return [one for place, one in enumerate(features) if place in leading or one.drifted]
