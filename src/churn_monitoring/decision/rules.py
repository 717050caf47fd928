"""The decision: the first rule that applies wins.

broken data            -> fix_data    nothing is learned from it
concept drift          -> retrain     what the model knows is no longer true
any other problem      -> alert       a person should look
nothing                -> none
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from churn_monitoring.core.options import ConceptOptions
from churn_monitoring.core.records import Action, Alert, Cooldown, Decision, Evidence
from churn_monitoring.performance.verdict import is_concept_confirmed

PROBLEM = ("warning", "critical")


@dataclass(frozen=True)
class Rule:
    """An action, when it applies, and which alerts explain it (by the start of their key)."""

    action: Action
    meaning: str
    applies: Callable[[Evidence, Sequence[Alert], ConceptOptions], bool]
    explained_by: str


RULES = (
    Rule(
        "fix_data",
        "The batch itself is broken: repair and deliver it again; nothing is learned from it.",
        lambda evidence, _alerts, _concept: evidence.quality.status == "failed",
        "data_quality",
    ),
    Rule(
        "retrain",
        "P(y | x) changed: what the champion learned is no longer true.",
        lambda evidence, _alerts, concept: is_concept_confirmed(evidence.labelled, concept),
        "concept_drift",
    ),
    Rule(
        "alert",
        "Something changed that retraining does not repair by itself: a person should look.",
        lambda _evidence, alerts, _concept: any(alert.severity in PROBLEM for alert in alerts),
        "",
    ),
)


def decide_action(evidence: Evidence, alerts: Sequence[Alert], cooldown: Cooldown, concept: ConceptOptions) -> Decision:
    """Apply the first rule that fits; its reasons are the messages of the alerts behind it.

    A cooldown delays a retraining, which the decision then says; it never hides an alert.
    """
    for rule in RULES:
        if rule.applies(evidence, alerts, concept):
            reasons = [
                alert.message
                for alert in alerts
                if alert.severity in PROBLEM and alert.key.startswith(rule.explained_by)
            ]
            if rule.action == "retrain" and cooldown.active:
                reasons.append(f"Retraining waits until {cooldown.until}, the end of the cooldown.")
            return Decision(rule.action, tuple(reasons), cooldown)
    return Decision("none", ("Nothing found that asks for action.",), cooldown)
