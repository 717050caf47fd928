"""Both verdicts on the same evidence, and which of them acts."""

from dataclasses import dataclass

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Alert, Cooldown, Decision, Evidence
from churn_monitoring.decision.literal import decide_literally
from churn_monitoring.decision.rules import decide


@dataclass(frozen=True)
class Judgement:
    """The evidence, its alerts, and the action by the calibrated and by the literal rules; ``mode`` says whose acts."""

    evidence: Evidence
    alerts: tuple[Alert, ...]
    calibrated: Decision
    spec: Decision
    mode: str

    @property
    def decision(self) -> Decision:
        """The one that acts."""
        return self.spec if self.mode == "spec" else self.calibrated


def judge(evidence: Evidence, policy: Parameters, cooldown: Cooldown) -> Judgement:
    """Decide by both sets of rules."""
    alerts, calibrated = decide(evidence, policy, cooldown)
    literal = decide_literally(evidence, policy, cooldown)
    return Judgement(evidence, alerts, calibrated, literal, policy.monitoring.mode)
