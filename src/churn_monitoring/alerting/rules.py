"""From evidence to alerts: one function per kind of problem, each with a stable key.

Topology: ``raise_alerts`` asks every rule of ``RULES`` in turn; a rule sees the whole evidence and returns the
alerts of its kind, none if there is nothing to say. Critical comes before warning before info.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from churn_monitoring.core.options import ConceptOptions, DriftOptions, PerformanceOptions
from churn_monitoring.core.records import Alert, Evidence, FeatureDrift
from churn_monitoring.performance.verdict import has_dropped, is_concept_confirmed, judge_low_performance

ORDER = {"critical": 0, "warning": 1, "info": 2}
NAMED_FEATURES = 5


@dataclass(frozen=True)
class Limits:
    """The parameters that alerts are judged by."""

    performance_threshold: float
    drift_share_threshold: float
    drift: DriftOptions
    performance: PerformanceOptions
    concept: ConceptOptions


def raise_alerts(evidence: Evidence, limits: Limits) -> tuple[Alert, ...]:
    """All alerts of a batch, most urgent first."""
    alerts = [alert for rule in RULES for alert in rule(evidence, limits)]
    return tuple(sorted(alerts, key=lambda alert: (ORDER[alert.severity], alert.key)))


def _alert_quality(evidence: Evidence, _limits: Limits) -> Iterator[Alert]:
    severities = {"failed": "critical", "warning": "warning", "info": "info"}
    for finding in evidence.quality.findings:
        key = ":".join(part for part in ("data_quality", finding.check, finding.column) if part)
        severity = severities[finding.severity]
        yield Alert(key, severity, finding.message, finding.value, finding.limit)  # type: ignore[arg-type]


def _alert_performance(evidence: Evidence, limits: Limits) -> Iterator[Alert]:
    severity = judge_low_performance(evidence.labelled, limits.performance_threshold, limits.performance)
    newest = evidence.labelled[-1] if evidence.labelled else None
    if newest is None or newest.performance is None:
        return
    roc_auc = newest.performance.roc_auc
    shown = f"ROC-AUC of batch {newest.batch_id} is {roc_auc.value:.3f} ({roc_auc.low:.3f} to {roc_auc.high:.3f})"
    if severity:
        message = f"{shown}, below the threshold {limits.performance_threshold}."
        yield Alert("performance", severity, message, roc_auc.value, limits.performance_threshold)
    if has_dropped(evidence.labelled, evidence.reference_roc_auc, limits.performance):
        message = f"{shown}, significantly below the reference's {evidence.reference_roc_auc.value:.3f}."
        yield Alert("performance_drop", "warning", message, roc_auc.value, evidence.reference_roc_auc.value)


def _alert_concept(evidence: Evidence, limits: Limits) -> Iterator[Alert]:
    if not is_concept_confirmed(evidence.labelled, limits.concept):
        return
    newest = evidence.labelled[-1]
    concept = newest.concept
    if concept is None or concept.p_value is None:
        return
    what = (
        f"the calibration slope moved by {concept.effect_size:.0%}"
        if concept.test == "calibration_slope"
        else f"realized ROC-AUC is {concept.effect_size:.3f} below the one the scores promise"
    )
    message = f"Concept drift: on the labels of batch {newest.batch_id} {what} (p = {concept.p_value:.1e})."
    yield Alert("concept_drift", "critical", message, concept.p_value, limits.concept.p_value)


def _alert_label_shift(evidence: Evidence, limits: Limits) -> Iterator[Alert]:
    target = evidence.labelled[-1].target if evidence.labelled else None
    if target is not None and target.drifted:
        message = (
            f"Label shift: the churn rate of batch {evidence.labelled[-1].batch_id} changed by "
            f"{target.effect_size * 100:.1f} points (p = {target.p_value:.1e})."
        )
        yield Alert("label_shift", "warning", message, target.effect_size, limits.concept.rate_floor)


def _alert_features(evidence: Evidence, limits: Limits) -> Iterator[Alert]:
    drifted = [feature for feature in evidence.features if feature.drifted]
    surest = min((feature.p_value for feature in drifted if feature.p_value is not None), default=1.0)
    if drifted and surest < limits.drift.alert_p_value:
        message = f"Feature drift in {_name(drifted)}."
        yield Alert("feature_drift", "warning", message, surest, limits.drift.alert_p_value)
    share = len(drifted) / len(evidence.features) if evidence.features else 0.0
    if share > limits.drift_share_threshold:
        message = f"{share:.0%} of the features drifted, more than {limits.drift_share_threshold:.0%}."
        yield Alert("drift_share", "warning", message, share, limits.drift_share_threshold)


def _alert_prediction(evidence: Evidence, limits: Limits) -> Iterator[Alert]:
    prediction = evidence.prediction
    if prediction is not None and prediction.drifted:
        message = f"Prediction drift: scores moved by a KS distance of {prediction.statistic:.2f}."
        yield Alert("prediction_drift", "warning", message, prediction.statistic, limits.drift.prediction_ks_floor)


def _alert_small_reference(evidence: Evidence, limits: Limits) -> Iterator[Alert]:
    ratio = evidence.rows / evidence.reference_rows if evidence.reference_rows else float(evidence.rows)
    limit = limits.drift.reference_ratio_warning
    if ratio > limit:
        message = (
            f"The batch has {evidence.rows} rows and the reference {evidence.reference_rows}: above a share of "
            f"{limit:g} the reference's own sampling error shows in every comparison."
        )
        yield Alert("small_reference", "info", message, ratio, limit)


def _name(drifted: list[FeatureDrift]) -> str:
    strongest = sorted(drifted, key=lambda feature: -abs(feature.effect_size))
    names = [f"{feature.feature} (effect {feature.effect_size:.2f})" for feature in strongest[:NAMED_FEATURES]]
    more = len(drifted) - NAMED_FEATURES
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


RULES: tuple[Callable[[Evidence, Limits], Iterator[Alert]], ...] = (
    _alert_quality,
    _alert_performance,
    _alert_concept,
    _alert_label_shift,
    _alert_features,
    _alert_prediction,
    _alert_small_reference,
)
