"""The specification's rules to the letter, beside the controlled ones: what they would do with the same evidence.

    ROC-AUC < performance_threshold                     -> retrain
    more than drift_share_threshold of features at p < drift_threshold   -> retrain
    chi-square on labels (the specification's concept drift) p < drift_threshold   -> retrain
    any feature, or the scores, at p < drift_threshold  -> alert
    any data-quality finding                            -> alert

No floors, no adjustment for many tests, no intervals and no memory: with nothing wrong this retrains about three
times a year on weekly batches. ``monitoring.mode: spec`` lets it act.
"""

from collections.abc import Iterator

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Action, Cooldown, Decision, Evidence
from churn_monitoring.decision.rules import tell_waiting


def decide_literally(evidence: Evidence, policy: Parameters, cooldown: Cooldown) -> Decision:
    """The action by the specification's own rules, and every rule that fired.

    A batch that could not be monitored at all is ``fix_data`` by any rules.
    """
    if evidence.rows == 0:
        return Decision("fix_data", tuple(finding.message for finding in evidence.quality.findings), cooldown)
    retraining, alerting = tuple(_find_retraining(evidence, policy)), tuple(_find_alerts(evidence, policy))
    action: Action = "retrain" if retraining else "alert" if alerting else "none"
    reasons = (*retraining, *alerting) or ("No threshold of the specification is crossed.",)
    return Decision(action, (*reasons, *tell_waiting(action, cooldown)), cooldown)


def _find_retraining(evidence: Evidence, policy: Parameters) -> Iterator[str]:
    newest = evidence.labelled[-1] if evidence.labelled else None
    if newest is not None and newest.performance is not None:
        roc_auc = newest.performance.roc_auc.value
        if roc_auc < policy.performance_threshold:
            yield f"ROC-AUC {roc_auc:.3f} < {policy.performance_threshold}."
    significant = [one for one in evidence.features if _is_below(one.p_value, policy)]
    share = len(significant) / len(evidence.features) if evidence.features else 0.0
    if share > policy.drift_share_threshold:
        limit = f"more than {policy.drift_share_threshold:.0%}"
        yield f"{share:.0%} of the features at p < {policy.drift_threshold}, {limit}."
    if newest is not None and newest.target is not None and _is_below(newest.target.p_value, policy):
        yield f"Chi-square on labels: p = {newest.target.p_value:.2g} < {policy.drift_threshold}."


def _find_alerts(evidence: Evidence, policy: Parameters) -> Iterator[str]:
    significant = [one.feature for one in evidence.features if _is_below(one.p_value, policy)]
    if significant:
        yield f"{len(significant)} of {len(evidence.features)} features at p < {policy.drift_threshold}."
    if evidence.prediction is not None and _is_below(evidence.prediction.p_value, policy):
        yield f"Scores at p < {policy.drift_threshold}."
    yield from (finding.message for finding in evidence.quality.findings if finding.severity != "info")


def _is_below(p_value: float | None, policy: Parameters) -> bool:
    return p_value is not None and p_value < policy.drift_threshold
