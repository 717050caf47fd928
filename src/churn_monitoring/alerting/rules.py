"""From evidence to alerts: one function per kind of problem, each with a stable key.

Topology: ``raise_alerts`` asks every rule of ``RULES`` in turn; a rule sees the whole evidence, the policy and the
levels that follow from it, and returns the alerts of its kind, none if there is nothing to say. Critical comes
before warning before info.
"""

from collections.abc import Callable, Iterator

from churn_monitoring.core.levels import Levels, share_out
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Alert, ConceptTest, Evidence, FeatureDrift, LabelledEvidence
from churn_monitoring.drift import share_drifted
from churn_monitoring.performance.verdict import (
    confirm_concept_drift,
    find_label_shift,
    find_steeper_slope,
    has_dropped,
    is_estimated_low,
    judge_low_performance,
)
from churn_monitoring.promotion.probation import falls_short, should_roll_back, tell_probation

ORDER = {"critical": 0, "warning": 1, "info": 2}
NAMED_FEATURES = 5


def raise_alerts(evidence: Evidence, policy: Parameters) -> tuple[Alert, ...]:
    """All alerts of a batch, most urgent first."""
    levels = share_out(policy)
    alerts = [alert for rule in RULES for alert in rule(evidence, policy, levels)]
    return tuple(sorted(alerts, key=lambda alert: (ORDER[alert.severity], alert.key)))


def gains_by_probe(evidence: Evidence, policy: Parameters, levels: Levels) -> bool:
    """Whether the probe showed a gain that is large enough and no luck."""
    probe = evidence.probe
    return probe is not None and probe.gain.value >= policy.min_improvement and probe.p_value < levels.probe


def _alert_quality(evidence: Evidence, _policy: Parameters, _levels: Levels) -> Iterator[Alert]:
    severities = {"failed": "critical", "warning": "warning", "info": "info"}
    for finding in evidence.quality.findings:
        key = ":".join(part for part in ("data_quality", finding.check, finding.column) if part)
        severity = severities[finding.severity]
        yield Alert(key, severity, finding.message, finding.value, finding.limit)  # type: ignore[arg-type]


def _alert_performance(evidence: Evidence, policy: Parameters, levels: Levels) -> Iterator[Alert]:
    newest = evidence.labelled[-1] if evidence.labelled else None
    if newest is None or newest.performance is None:
        return
    threshold, options = policy.performance_threshold, policy.performance
    severity = judge_low_performance(evidence.labelled, evidence.earlier, threshold, options)
    roc_auc = newest.performance.roc_auc
    shown = f"ROC-AUC of batch {newest.batch_id} is {roc_auc.value:.3f} ({roc_auc.low:.3f} to {roc_auc.high:.3f})"
    if severity:
        chance = "; that alone may be chance" if severity == "info" else ""
        message = f"{shown}, below the threshold {threshold}{chance}.{_explain(newest)}"
        yield Alert("performance", severity, message, roc_auc.value, threshold)
    if has_dropped(evidence.labelled, evidence.reference_roc_auc, levels.drop, options):
        reference = evidence.reference_roc_auc.value
        message = f"{shown}, significantly below the reference's {reference:.3f}.{_explain(newest)}"
        yield Alert("performance_drop", "warning", message, roc_auc.value, reference)


def _explain(newest: LabelledEvidence) -> str:
    if newest.expected_roc_auc is None:
        return ""
    return f" The mix of customers alone lets expect {newest.expected_roc_auc:.3f}."


def _alert_estimated(evidence: Evidence, policy: Parameters, levels: Levels) -> Iterator[Alert]:
    estimated, threshold = evidence.estimated, policy.performance_threshold
    if estimated is not None and is_estimated_low(estimated, threshold, levels.low, policy.performance):
        roc_auc = estimated.roc_auc
        message = (
            f"Without labels, ROC-AUC is expected to be {roc_auc.value:.3f} ({roc_auc.low:.3f} to {roc_auc.high:.3f}), "
            f"below the threshold {threshold}."
        )
        yield Alert("estimated_performance", "warning", message, roc_auc.value, threshold)


def _alert_concept(evidence: Evidence, policy: Parameters, levels: Levels) -> Iterator[Alert]:
    pair = (levels.concept, levels.concept_repeated)
    found = confirm_concept_drift(evidence.labelled, evidence.earlier, pair, policy.concept)
    if found is None:
        return
    batch = evidence.labelled[-1].batch_id
    message = f"Concept drift: on the labels of batch {batch} {_tell_concept(found)} (p = {found.p_value:.1e})."
    yield Alert("concept_drift", "critical", message, found.p_value, levels.concept)


def _tell_concept(test: ConceptTest) -> str:
    if test.test == "calibration_slope":
        return f"the calibration slope moved by {test.effect_size:+.0%}"
    if test.test == "roc_auc_gap":
        return f"realized ROC-AUC is {test.effect_size:.3f} below the one the scores promise"
    return f"customers with {test.where} leave {abs(test.effect_size) * 100:.0f} points {_sign(test)} their scores say"


def _sign(test: ConceptTest) -> str:
    return "more often than" if test.effect_size > 0 else "less often than"


def _alert_probe(evidence: Evidence, policy: Parameters, levels: Levels) -> Iterator[Alert]:
    probe = evidence.probe
    if probe is not None and gains_by_probe(evidence, policy, levels):
        message = (
            f"Retraining would help: on {probe.rows} labelled rows of {len(probe.batches)} batches a challenger that "
            f"learned from them gains {probe.gain.value:.3f} ROC-AUC (p = {probe.p_value:.1e})."
        )
        yield Alert("probe", "critical", message, probe.gain.value, policy.min_improvement)


def _alert_probation(evidence: Evidence, policy: Parameters, _levels: Levels) -> Iterator[Alert]:
    probation, options = evidence.probation, policy.probation
    if probation is None or not falls_short(probation, options):
        return
    found, threshold = probation.found.value, probation.promised.value - options.floor
    if should_roll_back(probation, options):
        yield Alert("probation", "critical", tell_probation(probation), found, threshold)
    else:
        yield Alert("promise_broken", "warning", tell_probation(probation), found, threshold)


def _alert_label_shift(evidence: Evidence, policy: Parameters, levels: Levels) -> Iterator[Alert]:
    found = find_label_shift(evidence.labelled, levels.rate, policy.concept)
    if found is not None:
        test, change = found
        message = (
            f"Label shift: the churn rate of batch {evidence.labelled[-1].batch_id} changed by {change * 100:+.1f} "
            f"points beyond what its scores explain (p = {test.p_value:.1e})."
        )
        yield Alert("label_shift", "warning", message, change, policy.concept.rate_floor)


def _alert_timid_scores(evidence: Evidence, policy: Parameters, levels: Levels) -> Iterator[Alert]:
    found = find_steeper_slope(evidence.labelled, levels.concept, policy.concept)
    if found is not None:
        message = (
            f"Timid scores: on the labels of batch {evidence.labelled[-1].batch_id} high and low scores differ by "
            f"{found.effect_size:.0%} more than they say (calibration slope, p = {found.p_value:.1e}). The ranking is "
            "no worse than promised."
        )
        yield Alert("timid_scores", "warning", message, found.effect_size, policy.concept.slope_floor)


def _alert_features(evidence: Evidence, policy: Parameters, levels: Levels) -> Iterator[Alert]:
    drifted = [feature for feature in evidence.features if feature.drifted]
    surest = min(drifted, key=lambda feature: feature.p_value or 0.0, default=None)
    if surest is None or surest.p_value is None or surest.adjusted_p_value is None:
        return
    if surest.p_value >= policy.drift.alert_p_value or surest.adjusted_p_value >= levels.feature:
        return
    message = f"Feature drift in {_name(drifted)}."
    yield Alert("feature_drift", "warning", message, surest.p_value, policy.drift.alert_p_value)
    share = len(drifted) / len(evidence.features)
    if share > policy.drift_share_threshold:
        message = f"{share:.0%} of the features drifted, more than {policy.drift_share_threshold:.0%}."
        yield Alert("drift_share", "warning", message, share, policy.drift_share_threshold)


def _alert_anchor(evidence: Evidence, policy: Parameters, _levels: Levels) -> Iterator[Alert]:
    """Says how far this line of champions has moved; decides nothing, for the one in service has learned the way."""
    anchor = evidence.anchor
    if anchor is None or evidence.quality.status == "failed":
        return
    share = share_drifted(anchor.features)
    if share > policy.drift_share_threshold:
        message = (
            f"{share:.0%} of the features left the anchor reference of version {anchor.version} ({anchor.as_of}): "
            f"{_name([feature for feature in anchor.features if feature.drifted])}."
        )
        yield Alert("anchor_drift", "info", message, share, policy.drift_share_threshold)


def _alert_season(evidence: Evidence, _policy: Parameters, _levels: Levels) -> Iterator[Alert]:
    usual = [feature for feature in evidence.features if feature.usual_in is not None]
    if usual:
        message = (
            f"Not as in the reference as a whole: {', '.join(feature.feature for feature in usual[:NAMED_FEATURES])}, "
            f"but as in its period {usual[0].usual_in}: a season, no drift."
        )
        yield Alert("season", "info", message, len(usual) / len(evidence.features), 0.0)


def _alert_prediction(evidence: Evidence, policy: Parameters, levels: Levels) -> Iterator[Alert]:
    prediction = evidence.prediction
    if prediction is not None and prediction.drifted and (prediction.p_value or 0.0) < levels.prediction:
        message = f"Prediction drift: scores moved by a KS distance of {prediction.statistic:.2f}."
        yield Alert("prediction_drift", "warning", message, prediction.statistic, policy.drift.prediction_ks_floor)


def _alert_small_reference(evidence: Evidence, policy: Parameters, _levels: Levels) -> Iterator[Alert]:
    ratio = evidence.rows / evidence.reference_rows if evidence.reference_rows else float(evidence.rows)
    limit = policy.drift.reference_ratio_warning
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


RULES: tuple[Callable[[Evidence, Parameters, Levels], Iterator[Alert]], ...] = (
    _alert_quality,
    _alert_performance,
    _alert_estimated,
    _alert_concept,
    _alert_probe,
    _alert_probation,
    _alert_label_shift,
    _alert_timid_scores,
    _alert_features,
    _alert_anchor,
    _alert_season,
    _alert_prediction,
    _alert_small_reference,
)
