from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from churn_monitoring.reporting.report import BLIND, SCHEMA_VERSION, UNLABELLED

CALM = {"none": 0.02, "alert": 0.25, "fix_data": 0.1, "retrain": 0.4}


def make_drift(feature: str, kind: str, effect_size: float, drifted: bool, test: str = "kolmogorov_smirnov"):
    p_value = 3.1e-12 if drifted else 0.4123
    told = {"importance": 0.04 if kind in ("numeric", "categorical") else None, "usual_in": None}
    measured = {"statistic": effect_size * 0.7, "p_value": p_value, "adjusted_p_value": min(1.0, p_value * 4)}
    return (
        {
            "feature": feature,
            "kind": kind,
            "test": test,
            "effect_size": effect_size,
            "drifted": drifted,
        }
        | measured
        | told
    )


def make_interval(value: float, width: float = 0.03) -> dict[str, float]:
    return {"value": value, "low": value - width, "high": value + width}


def make_realized(roc_auc: float, rows: int) -> dict[str, Any]:
    metrics = {"average_precision": 0.501, "accuracy": 0.741, "precision": 0.48, "recall": 0.61, "f1": 0.537}
    told = {"brier": 0.178, "log_loss": 0.531, "threshold": 0.312, "rows": rows, "positives": 271 * rows // 1000}
    return {"roc_auc": make_interval(roc_auc, 0.037)} | metrics | told


CONCEPT_TESTS = [
    {"test": "intercept", "statistic": 0.2, "p_value": 0.6547, "effect_size": 0.012, "where": None},
    {"test": "calibration_slope", "statistic": 36.0, "p_value": 2e-9, "effect_size": -0.42, "where": None},
    {"test": "roc_auc_gap", "statistic": 3.9, "p_value": 5e-5, "effect_size": 0.081, "where": None},
    {"test": "local", "statistic": 31.0, "p_value": 0.0003, "effect_size": 0.19, "where": "contract = yearly"},
]
ESTIMATED_METRICS = {"average_precision": 0.66, "accuracy": 0.78, "precision": 0.56, "recall": 0.74, "f1": 0.64}


@pytest.fixture
def report() -> dict[str, Any]:
    """A batch on which a retraining was decided, with everything that a report can hold."""
    features = [make_drift(f"feature_{number}", "numeric", number / 50, number > 11) for number in range(1, 17)]
    features.append(make_drift("contract", "categorical", 0.31, True, "chi_square"))
    features[1] |= {"usual_in": "2024-12-02 to 2024-12-29"}
    estimated = {name: make_interval(value, 0.05) for name, value in ESTIMATED_METRICS.items()}
    record = {"batches": 5, "mean_absolute_error": 0.0124, "mean_error": -0.004}
    estimated |= {"roc_auc": make_interval(0.829), "rows": 1000, "note": BLIND, "track_record": record}
    segments = {"contract = monthly": make_realized(0.741, 600), "contract = yearly": make_realized(0.655, 400)}
    return {
        "schema_version": SCHEMA_VERSION,
        "batch": {"id": "2025-05-26", "as_of": "2025-06-23", "rows": 1000, "sampled_rows": None, "label_coverage": 1.0},
        "model": {"name": "churn", "version": "2", "since": "2025-11-03", "by": "rolled_back"},
        "data_quality": {
            "status": "warning",
            "findings": [
                {"check": "small_batch", "column": None, "severity": "info", "value": 120, "limit": 200}
                | {"message": "120 rows: only gross faults are judged", "examples": []},
                {
                    "check": "missing_share",
                    "column": "charges",
                    "severity": "warning",
                    "value": 0.034,
                    "limit": 0.02,
                }
                | {"message": "column 'charges' is missing in 3.4% of rows, in the reference in 0.1%"}
                | {"examples": ["c-17", "c-204", "c-311"]},
            ],
        },
        "drift": {
            "status": "drift",
            "share": 0.35,
            "weighted_share": 0.24,
            "features": features,
            "prediction": make_drift("score", "prediction", 0.14, True),
            "target": make_drift("churned", "target", 0.021, False, "chi_square"),
            "concept": make_drift("concept", "concept", -0.42, True, "calibration_slope"),
            "concept_tests": deepcopy(CONCEPT_TESTS),
            "domain": {
                "roc_auc": make_interval(0.613),
                "rows": 3000,
                "strongest": [{"feature": "contract", "share": 0.41}, {"feature": "feature_16", "share": 0.22}],
            },
            "anchor": {
                "version": "1",
                "as_of": "2025-01-06",
                "share": 0.5,
                "features": [
                    {"feature": "tenure", "effect_size": 0.02, "drifted": False},
                    {"feature": "charges", "effect_size": 0.2, "drifted": True},
                    {"feature": "contract", "effect_size": 0.4, "drifted": True},
                    {"feature": "region", "effect_size": 0.05, "drifted": False},
                ],
            },
        },
        "performance": {
            "realized": make_realized(0.712, 1000),
            "reason": None,
            "segments": segments,
            "estimated": estimated,
        },
        "probe": {
            "candidate": "random_forest",
            "batches": ["2025-05-12", "2025-05-19"],
            "rows": 1873,
            "positives": 466,
            "gain": make_interval(0.031, 0.014),
            "p_value": 0.00002,
        },
        "probation": {
            "version": "2",
            "previous_version": "1",
            "basis": "realized",
            "batches": ["2025-05-12", "2025-05-19"],
            "rows": 1873,
            "promised": make_interval(0.812),
            "found": make_interval(0.733),
            "p_value": 0.0002,
            "previous": make_interval(0.741),
            "ends": "after 2 more batches and the labels of all 4",
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
            "remedy": None,
        },
        "verdicts": {
            "mode": "calibrated",
            "calibrated": {"action": "retrain", "reasons": ["Concept drift: the slope moved by -42% (p = 2.0e-09)."]},
            "spec": {"action": "alert", "reasons": ["6 of 17 features at p < 0.05."]},
        },
    }


@pytest.fixture
def bare(report) -> dict[str, Any]:
    """The same report with everything absent that may be absent."""
    empty = deepcopy(report)
    empty["drift"] |= {"features": [], "prediction": None, "target": None, "concept": None, "share": 0.0}
    empty["drift"] |= {"status": "too_few_rows", "weighted_share": 0.0, "concept_tests": [], "domain": None}
    empty["drift"] |= {"anchor": None}
    empty["performance"] = {"realized": None, "reason": UNLABELLED, "segments": {}, "estimated": None}
    empty["probe"] = None
    empty["probation"] = None
    empty["data_quality"] = {"status": "ok", "findings": []}
    empty["alerts"] = []
    calm = {"action": "none", "reasons": ["Nothing found that asks for action."]}
    empty["decision"] |= calm
    empty["verdicts"] = {"mode": "calibrated", "calibrated": calm, "spec": calm}
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
            | {
                "estimated": {"value": 0.84, "low": 0.81, "high": 0.87},
                "label_coverage": 1.0 if week < 48 else 0.0,
                "alerts": {"critical": 1, "info": 2}
                if action == "retrain"
                else {"warning": 1}
                if action == "alert"
                else {},
                "effects": {"charges": 0.2, "plan": 0.7} if action == "alert" else {},
                "weights": {"charges": 0.1, "plan": 0.02} if action == "alert" else {},
            }
        )
    return weeks


@pytest.fixture
def events(history) -> list[dict[str, Any]]:
    """What retraining did on the days of the history that have an event."""
    told = [one for one in history if one["event"]]
    return [
        {
            "as_of": one["as_of"],
            "kind": "retraining",
            "verdict": one["event"],
            "version_before": "1",
            "version": one["event_version"],
        }
        for one in told
    ]


@pytest.fixture
def picture() -> dict[str, Any]:
    """What is kept beside the report: shapes of three of its features, and what it was judged by."""
    sides = {"below": [0.0, 0.0], "above": [0.005, 0.31], "upper_quartile": [5.0, 7.5]}
    sides |= {"lower_quartile": [3.0, 3.5], "median": [5.1, None]}
    number = {"edges": [0.0, 4.0, 8.0, 12.0], "reference": [0.3, 0.4, 0.295], "batch": [0.1, 0.2, 0.39], **sides}
    level = {
        "levels": ["monthly", "yearly"],
        "reference": [0.6, 0.3],
        "batch": [0.3, 0.6],
        "others": 2,
        "rest": [0.1, 0.1],
    }
    return {
        "features": {
            "feature_16": {**number, "missing": [0.0, 0.04], "mix_effect": 0.004},
            "feature_12": {**number, "missing": [0.0, 0.0], "mix_effect": 0.02},
            "contract": {**level, "missing": [0.0, 0.0], "mix_effect": -0.001},
        },
        "reference": {"rows": 5000, "churn_rate": 0.27, "roc_auc": make_interval(0.83)},
        "model": {"candidate": "xgboost", "threshold": 0.31, "data_sha256": "ab12"},
        "run": {"file": "data/01_raw/production/2025-05-26.csv", "sha256": "cd34", "code": "0.1.0"},
        "parameters": {"performance_threshold": 0.75, "drift": {"min_rows": 200}},
    }
