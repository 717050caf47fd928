"""P(y | x) of the world: who leaves, before and after the business changes.

Before, the new and the annoyed leave: monthly contracts, few months of tenure, fibre without support and
many calls. After a competitor undercuts the prices, all that counts less than half as much, and those leave
who pay much, above all the long-standing among them, who were safe before. Both concepts churn at about the
same rate, so the rate says nothing about the change.
"""

import numpy as np
import pandas as pd


def measure_churn_probability(rows: pd.DataFrame, concept_strength: float | np.ndarray = 0.0) -> np.ndarray:
    """Compute the world's true P(y = churned | x).

    Args:
        rows: Customers with the columns of :func:`~churn_monitoring.simulation.population.draw_population`.
        concept_strength: 0 is the old concept, 1 the new one; between them the log-odds are interpolated. One
            number, or one for each row.

    Returns:
        float64[n] probabilities; a missing ``data_usage_gb`` has a law of its own, so
        they are exact there too.
    """
    logit = _old_logit(rows)
    if np.any(concept_strength):
        logit = (1 - concept_strength) * logit + concept_strength * _turn_logit(rows, logit)
    probability: np.ndarray = 1 / (1 + np.exp(-logit))
    return probability


def _old_logit(rows: pd.DataFrame) -> np.ndarray:
    monthly, fiber = _is(rows, "contract", "month-to-month"), _is(rows, "internet_service", "fiber")
    tenure, calls = _number(rows, "tenure_months"), _number(rows, "support_calls")
    unsupported = fiber & _is(rows, "tech_support", "no")
    logit = (
        -2.33
        + 0.85 * monthly
        - 0.7 * _is(rows, "contract", "two year")
        - 0.016 * (tenure - 30)
        + 1.1 * (monthly & (tenure < 10))
        + 0.4 * fiber
        - 0.4 * _is(rows, "internet_service", "no internet")
        + 0.5 * unsupported * np.minimum(calls, 4)
        + 0.008 * (_number(rows, "monthly_charges") - 60)
        + 0.2 * (calls - 1)
        + 0.3 * (_number(rows, "late_payments") - 0.8)
        - 0.4 * _is(rows, "online_security", "yes")
        + 0.25 * _is(rows, "payment_method", "electronic check")
    )
    return np.asarray(logit + _household_logit(rows))


def _household_logit(rows: pd.DataFrame) -> np.ndarray:
    usage = _number(rows, "data_usage_gb")
    logit = (
        0.15 * _is(rows, "paperless_billing", "yes")
        + 0.25 * _is(rows, "senior_citizen", "yes")
        - 0.25 * _is(rows, "dependents", "yes")
        - np.where(np.isnan(usage), 0.0, 0.001 * (usage - 120))
    )
    return np.asarray(logit)


def _turn_logit(rows: pd.DataFrame, old_logit: np.ndarray) -> np.ndarray:
    charges = _number(rows, "monthly_charges")
    overpays = (_number(rows, "tenure_months") > 36) & (charges > 55)
    return np.asarray(-1.62 + 0.45 * old_logit + 2.2 * overpays + 0.06 * (charges - 60))


def _is(rows: pd.DataFrame, column: str, level: str) -> np.ndarray:
    return (rows[column] == level).to_numpy(dtype=bool)


def _number(rows: pd.DataFrame, column: str) -> np.ndarray:
    return rows[column].to_numpy(dtype=np.float64)
