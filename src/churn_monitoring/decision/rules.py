"""The decision: the first rule that applies wins.

broken data                                 -> fix_data    nothing is learned from it
a promotion that breaks its promise         -> alert       and the previous champion is put back
concept drift, or the probe gains           -> retrain     the model can be brought back by learning
the churn rate moved at equal scores        -> alert       and the scores are recalibrated
any other problem                           -> alert       a person should look
nothing                                     -> none

``RULES`` is the table; the documentation's is generated from it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from churn_monitoring.alerting.rules import raise_alerts
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Action, Alert, Cooldown, Decision, Evidence, Remedy, Severity

PROBLEM: tuple[Severity, ...] = ("warning", "critical")


@dataclass(frozen=True)
class Rule:
    """An action, when it applies, which alerts explain it (by the start of their keys), and what is done beside it."""

    action: Action
    when: str
    meaning: str
    applies: Callable[[Evidence, Sequence[Alert]], bool]
    explained_by: tuple[str, ...]
    remedy: Remedy | None = None


def _raised(alerts: Sequence[Alert], keys: tuple[str, ...]) -> list[Alert]:
    return [alert for alert in alerts if alert.severity in PROBLEM and alert.key.startswith(keys)]


RULES = (
    Rule(
        "fix_data",
        "a data-quality check failed",
        "The batch itself is broken: repair and deliver it again; nothing is learned from it.",
        lambda evidence, _alerts: evidence.quality.status == "failed",
        ("data_quality",),
    ),
    Rule(
        "alert",
        "a new champion falls short of what its promotion promised, and the previous one does better",
        "The promotion was a mistake: the previous champion is put back.",
        lambda _evidence, alerts: bool(_raised(alerts, ("probation",))),
        ("probation",),
        remedy="roll_back",
    ),
    Rule(
        "retrain",
        "concept drift is confirmed on matured labels, or the probe shows that retraining gains",
        "What the champion learned is no longer true, or no longer all there is to know.",
        lambda _evidence, alerts: bool(_raised(alerts, ("concept_drift", "probe"))),
        ("concept_drift", "probe"),
    ),
    Rule(
        "alert",
        "the churn rate moved at equal scores",
        "Ranking is intact and retraining not needed: the scores are recalibrated.",
        lambda _evidence, alerts: bool(_raised(alerts, ("label_shift",))),
        ("",),
        remedy="recalibrate",
    ),
    Rule(
        "alert",
        "any other alert of severity warning or critical",
        "Something changed that retraining does not repair by itself: a person should look.",
        lambda _evidence, alerts: bool(_raised(alerts, ("",))),
        ("",),
    ),
)


def decide(evidence: Evidence, policy: Parameters, cooldown: Cooldown) -> tuple[tuple[Alert, ...], Decision]:
    """From a frozen evidence record to its alerts and the action, by the calibrated rules.

    A remedy that is switched off in the parameters is not asked for; the action beside it stays.
    """
    alerts = raise_alerts(evidence, policy)
    decision = decide_action(evidence, alerts, cooldown)
    switched_off = decision.remedy == "recalibrate" and not policy.recalibration.enabled
    return alerts, replace(decision, remedy=None) if switched_off else decision


def decide_action(evidence: Evidence, alerts: Sequence[Alert], cooldown: Cooldown) -> Decision:
    """Apply the first rule that fits; its reasons are the messages of the alerts behind it.

    A cooldown delays a retraining, which the decision then says; it never hides an alert.
    """
    for rule in RULES:
        if rule.applies(evidence, alerts):
            reasons = [alert.message for alert in _raised(alerts, rule.explained_by)]
            return Decision(rule.action, (*reasons, *tell_waiting(rule.action, cooldown)), cooldown, rule.remedy)
    return Decision("none", ("Nothing found that asks for action.",), cooldown)


def tell_waiting(action: Action, cooldown: Cooldown) -> tuple[str, ...]:
    """The sentence that belongs to a retraining which has to wait."""
    if action != "retrain" or not cooldown.active:
        return ()
    return (f"Retraining waits until {cooldown.until}, the end of the cooldown.",)


def render_rules() -> str:
    """The table of rules as Markdown, for the documentation."""
    lines = ["| | the first that applies | action | remedy | meaning |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {n} | {rule.when} | `{rule.action}` | {f'`{rule.remedy}`' if rule.remedy else ''} | {rule.meaning} |"
        for n, rule in enumerate(RULES, start=1)
    ]
    lines.append(f"| {len(RULES) + 1} | nothing of this | `none` | | The model stays in service. |")
    return "\n".join(lines)
