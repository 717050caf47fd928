from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

CALM = {"none": 0.02, "alert": 0.25, "fix_data": 0.1, "retrain": 0.4}


def make_drift(feature: str, kind: str, effect_size: float, drifted: bool, test: str = "kolmogorov_smirnov"):
    p_value = 3.1e-12 if drifted else 0.4123
    measured = {"statistic": effect_size * 0.7, "p_value": p_value, "adjusted_p_value": min(1.0, p_value * 4)}
    return {
        "feature": feature,
        "kind": kind,
        "test": test,
        "effect_size": effect_size,
        "drifted": drifted,
    } | measured


@pytest.fixture
def report() -> dict[str, Any]:
    """A batch on which a retraining was decided, with everything that a report can hold."""
    features = [make_drift(f"feature_{number}", "numeric", number / 50, number > 11) for number in range(1, 17)]
    features.append(make_drift("contract", "categorical", 0.31, True, "chi_square"))
    metrics = {"average_precision": 0.501, "accuracy": 0.741, "precision": 0.48, "recall": 0.61, "f1": 0.537}
    realized = {"roc_auc": {"value": 0.712, "low": 0.674, "high": 0.748}, "brier": 0.178, "log_loss": 0.531}
    realized |= metrics | {"threshold": 0.312, "rows": 1000, "positives": 271}
    return {
        "schema_version": "1.0",
        "batch": {"id": "2025-05-26", "as_of": "2025-06-23", "rows": 1000, "label_coverage": 1.0},
        "model": {"name": "churn", "version": "2"},
        "data_quality": {
            "status": "warning",
            "findings": [
                {"check": "small_batch", "column": None, "severity": "info", "value": 120, "limit": 200}
                | {"message": "120 rows: only gross faults are judged"},
                {
                    "check": "missing_share",
                    "column": "charges",
                    "severity": "warning",
                    "value": 0.034,
                    "limit": 0.02,
                }
                | {"message": "column 'charges' is missing in 3.4% of rows, in the reference in 0.1%"},
            ],
        },
        "drift": {
            "status": "drifted",
            "share": 0.35,
            "features": features,
            "prediction": make_drift("score", "prediction", 0.14, True),
            "target": make_drift("churned", "target", 0.021, False, "chi_square"),
            "concept": make_drift("concept", "concept", -0.42, True, "calibration_slope"),
        },
        "performance": {
            "realized": realized,
            "estimated": {"roc_auc": {"value": 0.829, "low": 0.8, "high": 0.857}},
        },
        "alerts": [
            {
                "key": "feature_drift",
                "severity": "warning",
                "message": "Feature drift in contract.",
                "value": 0.0,
            }
            | {"threshold": 0.001},
            {
                "key": "concept_drift",
                "severity": "critical",
                "message": "Concept drift: the slope moved by -42%.",
            }
            | {"value": 2e-9, "threshold": 0.001},
        ],
        "decision": {
            "action": "retrain",
            "reasons": ["Concept drift: the slope moved by -42% (p = 2.0e-09)."],
            "cooldown": {"active": False, "until": None},
        },
    }


@pytest.fixture
def bare(report) -> dict[str, Any]:
    """The same report with everything absent that may be absent."""
    empty = deepcopy(report)
    empty["drift"] |= {"features": [], "prediction": None, "target": None, "concept": None, "share": 0.0}
    empty["performance"] = {"realized": None, "estimated": None}
    empty["data_quality"] = {"status": "ok", "findings": []}
    empty["alerts"] = []
    empty["decision"] |= {"action": "none", "reasons": []}
    return empty


@pytest.fixture
def history() -> list[dict[str, Any]]:
    """A simulated year: quiet, a broken batch, a shift, concept drift in week 20, retraining, promotion."""
    generator = np.random.default_rng(5)
    actions = {9: "fix_data", 14: "alert", 15: "alert", 21: "alert", 22: "retrain", 23: "alert", 38: "alert"}
    events = {22: "kept", 26: "promoted", 40: "promoted"}
    actions |= {26: "retrain", 40: "retrain", 41: "alert"}
    version, weeks = 1, []
    for week in range(52):
        action, event = actions.get(week, "none"), events.get(week)
        version += event == "promoted"
        level = 0.842 if week < 20 else 0.722 if week < 27 else 0.829
        value = level + generator.normal(0, 0.014)
        day = (date(2025, 1, 6) + timedelta(weeks=week)).isoformat()
        estimate = {"value": value, "low": value - 0.031, "high": min(value + 0.028, 1.0)}
        share = float(np.clip(generator.normal(CALM[action], 0.05), 0, 1).round(3))
        weeks.append(
            {
                "batch": day,
                "as_of": day,
                "action": action,
                "roc_auc": estimate if week < 48 and week != 9 else None,
            }
            | {"drift_share": share, "model_version": str(version), "event": event, "event_version": str(version)}
        )
    return weeks
