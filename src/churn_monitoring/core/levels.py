"""From the promise per year to the level of each test.

    false_alarms_per_year / batches_per_year = expected false alarms a batch ─ divided among kinds of evidence ─ Levels

The promise is an expected number, and expectations add up whatever depends on whatever: if a kind of evidence
fires with probability at most ``a`` on every quiet batch, it fires at most ``a * batches_per_year`` times a year,
however alike the batches are and however many customers come back. That is why levels are spent at a constant
rate and simply added (the per-family error rate of Spjotvoll 1972, "On the optimality of some multiple comparison
procedures"), and why no chart statistic that assumes independent batches is used.

The levels named in ``parameters.yml`` are kept where they are stricter.
"""

from dataclasses import dataclass

from churn_monitoring.core.parameters import Parameters

ALERT_KINDS = 5  # features, scores, churn rate, drop against the reference, performance below the threshold
CONCEPT_TESTS = 3  # calibration slope, ROC-AUC gap, local
ONE_LOOK, TWO_LOOKS, PROBE = 0.4, 0.3, 0.3  # shares of the retrainings' allowance


@dataclass(frozen=True, slots=True)
class Levels:
    """p-values below which evidence counts.

    Attributes:
        feature: smallest adjusted p-value of the drifted features from which they are an alert.
        prediction: of the scores' Kolmogorov-Smirnov test.
        rate: of the intercept test, which tells label shift.
        drop: one-sided, of a ROC-AUC below the reference's.
        low: one-sided, of an estimated ROC-AUC below ``performance_threshold``.
        concept: of each concept test, for one batch to be enough.
        concept_repeated: of each, where other customers of the batches before must reach it as well.
        probe: one-sided, of the probe's gain.
    """

    feature: float
    prediction: float
    rate: float
    drop: float
    low: float
    concept: float
    concept_repeated: float
    probe: float


def share_out(policy: Parameters) -> Levels:
    """The levels that keep ``false_alarms_per_year``.

    An alert's allowance is divided equally among :data:`ALERT_KINDS`. A retraining's is divided among one look at
    the newest batch, two independent looks that agree (the product of their levels counts) and the probe; within
    a look the :data:`CONCEPT_TESTS` share by Bonferroni.
    """
    promise = policy.false_alarms_per_year
    alert = min(promise.alerts / promise.batches_per_year, 1.0) / ALERT_KINDS
    retraining = min(promise.retrainings / promise.batches_per_year, 1.0)
    return Levels(
        feature=min(policy.drift_threshold, alert),
        prediction=min(policy.drift.prediction_p_value, alert),
        rate=min(policy.concept.rate_p_value, alert),
        drop=alert,
        low=alert,
        concept=min(policy.concept.p_value, ONE_LOOK * retraining / CONCEPT_TESTS),
        concept_repeated=min(policy.concept.repeated_p_value, (TWO_LOOKS * retraining) ** 0.5 / CONCEPT_TESTS),
        probe=min(policy.probe.p_value, PROBE * retraining),
    )
