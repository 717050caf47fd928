"""Changing one threshold in YAML changes the verdict: every number the decision goes by, each on its own.

A case is a parameter, another value for it, and evidence on which the verdict hangs by it. Evidence that is
measured with the parameter is measured anew; what is told is the alert of one key, as urgent as it is. All cases are
in this one file, however long, so that the last test sees that no number is left out.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.parameters import Parameters, read_parameters
from churn_monitoring.core.records import (
    Attempt,
    ConceptTest,
    Cooldown,
    EarlierEvidence,
    Estimate,
    Evidence,
    LabelledEvidence,
    Performance,
    Probation,
    Probe,
    Quality,
)
from churn_monitoring.decision.cooldown import compute_cooldown
from churn_monitoring.decision.rules import decide
from churn_monitoring.drift import measure_features, measure_prediction
from churn_monitoring.learning.prepare import build_candidate
from churn_monitoring.learning.probe import measure_probe
from churn_monitoring.performance.concept import measure_concept_tests
from churn_monitoring.performance.labelled import ScoredBatch, measure_earlier
from churn_monitoring.performance.labels import explain_unusable, is_mature
from churn_monitoring.performance.metrics import measure_performance
from churn_monitoring.performance.scored import LabelledSample, ScoredLabels
from churn_monitoring.profiling import CategoryProfile, TableProfile, build_grid, profile_numbers
from churn_monitoring.quality import Agreement, BatchFacts, DependencyMeasure, RepeatedRows, measure_quality
from churn_monitoring.quality.dependency import fit_dependencies

ROOT = Path(__file__).resolve().parents[2]
BASE = yaml.safe_load((ROOT / "conf/base/parameters.yml").read_text(encoding="utf-8"))
DAY, FREE = date(2026, 3, 2), Cooldown(active=False, until=None)
QUIET = Evidence("2026-03-02", DAY, 500, Quality("ok"), (), None, (), 5000, Estimate(0.85, 0.84, 0.86))
TABLE = TableSchema(id="id", target="y", positive="yes", date=None, numeric=("age",), categorical=("plan",), ignored=())
Tell = Callable[[Parameters], object]


def alerted(key: str, gather: Callable[[Parameters], dict[str, Any]]) -> Tell:
    """Tells how urgent the alert of this key is on the gathered evidence; None where it is not raised."""

    def tell(policy: Parameters) -> object:
        alerts, _ = decide(replace(QUIET, **gather(policy)), policy, FREE)
        return next((alert.severity for alert in alerts if alert.key == key), None)

    return tell


# --- Profiles: ages 0 to 100, two plans -------------------------------------------------------------------------
AGES = np.linspace(0.0, 100.0, 5_000)
GRID = build_grid(AGES, 65_536)


def profile(ages: np.ndarray = AGES, missing: int = 0, **plans: int) -> TableProfile:
    rows = sum(plans.values()) + missing
    return TableProfile(rows, {"age": profile_numbers(ages, GRID)}, {"plan": CategoryProfile(plans, missing)})


REFERENCE = profile(basic=3_000, pro=2_000)
USUAL_AGES = np.linspace(0.0, 100.0, 1_000)
OLDER = np.linspace(20.0, 120.0, 1_000)


def check(
    name: str, batch: TableProfile | None = None, facts: BatchFacts | None = None, drift_share: float = 0.0
) -> Tell:
    given = batch or profile(USUAL_AGES, basic=600, pro=400)

    def gather(policy: Parameters) -> dict[str, Any]:
        found = measure_quality(REFERENCE, given, facts or BatchFacts(), policy.quality, drift_share)
        return {"quality": found, "rows": given.rows}

    return alerted(f"data_quality:{name}", gather)


def fits(nats: float, explained: float) -> BatchFacts:
    return BatchFacts(dependencies=(DependencyMeasure("plan", 0.3, explained, nats, z=10.0, rows=1_000),))


def explain_plan(policy: Parameters) -> object:
    """Whether the plan is explained by the age well enough to be checked."""
    rng = np.random.default_rng(2)
    plans = np.where(rng.random(1_000) < USUAL_AGES / 100, "pro", "basic")
    rows = pd.DataFrame({"id": range(1_000), "age": USUAL_AGES, "plan": plans})
    return any(model.column == "plan" for model in fit_dependencies(rows, TABLE, {}, policy.quality, 1).models)


RETURNING = BatchFacts(
    agreement={"plan": Agreement(0.1, 0.02, 100)}, usual_agreement={"plan": Agreement(0.95, 0.01, 100)}
)
RANGE = check("out_of_range:age", profile(np.append(USUAL_AGES[:900], np.full(100, 130.0)), basic=600, pro=400))
MISSING = check("missing_share:plan", profile(USUAL_AGES, 100, basic=540, pro=360))
NEW = check("new_category:plan", profile(USUAL_AGES, basic=588, pro=392, max=20))


# --- Drift ----------------------------------------------------------------------------------------------------
def drift(key: str, batch: TableProfile, reference: TableProfile = REFERENCE) -> Tell:
    return alerted(
        key, lambda policy: {"features": measure_features(reference, batch, policy.drift, policy.drift_threshold)}
    )


OLD = drift("feature_drift", profile(OLDER, basic=600, pro=400))
SWITCHED = profile(USUAL_AGES, basic=450, pro=550)
RARE = drift("feature_drift", profile(USUAL_AGES, a=600, b=380, c=20), profile(a=3_000, b=1_000, c=1_000))
SCORES = alerted(
    "prediction_drift",
    lambda policy: {
        "prediction": measure_prediction(profile_numbers(AGES, GRID), profile_numbers(OLDER, GRID), policy.drift)
    },
)


# --- Labels ---------------------------------------------------------------------------------------------------
def measured(roc_auc: float, half_width: float = 0.05, **more: Any) -> LabelledEvidence:
    estimate = Estimate(roc_auc, roc_auc - half_width, roc_auc + half_width)
    performance = Performance(estimate, 0.5, 0.8, 0.5, 0.5, 0.5, 0.1, 0.4, 0.4, rows=500, positives=100)
    return replace(LabelledEvidence("2026-02-23", DAY, 500, 1.0, performance), **more)


def label(key: str, *labelled: LabelledEvidence, **more: Any) -> Tell:
    return alerted(key, lambda _: {"labelled": labelled, **more})


def sign(test: Any, p_value: float, effect: float) -> ConceptTest:
    return ConceptTest(test, 5.0, p_value, effect)


def find(test: Any, p_value: float, effect: float, key: str = "concept_drift") -> Tell:
    return label(key, measured(0.84, tests=(sign(test, p_value, effect),)))


def rank_badly(policy: Parameters) -> dict[str, Any]:
    """40 churners and 45 others, ranked the wrong way."""
    labels, scores = np.repeat([1.0, 0.0], [40, 45]), np.linspace(0.0, 1.0, 85)
    performance = measure_performance(labels, scores, scores, 0.5, policy.performance)
    return {"labelled": (replace(measured(0.5), performance=performance),)}


WEAK = sign("calibration_slope", 0.005, -0.4)
LOW_TWICE = {"earlier": EarlierEvidence(("a",), 500, (), Estimate(0.73, 0.715, 0.745))}
DROP = label("performance_drop", measured(0.80, auc_drop_z=-3.3))


def draw_batch(number: int, positives: int, rows: int = 200) -> ScoredBatch:
    """Customers of its own, whose plan alone says who leaves; the champion's scores say nothing."""
    labels = np.repeat([1.0, 0.0], [positives, rows - positives])
    scores = np.random.default_rng(number).random(rows)
    frame = pd.DataFrame({"age": 40.0, "plan": np.where(labels > 0, "pro", "basic")})
    ids = pd.Series([f"{number}-{row}" for row in range(rows)], dtype=object)
    return ScoredBatch(str(number), DAY, 0.5, ids, labels, scores, scores, np.zeros(rows, dtype=bool), frame)


def look_back(policy: Parameters) -> dict[str, Any]:
    """Signs of concept drift that two batches of other customers show together, and one of them does not."""
    against: Any = SimpleNamespace(test=lambda sample, _: (WEAK,) if sample.scored.rows > 300 else ())
    batches = [draw_batch(number, 60) for number in range(3)]
    return {
        "labelled": (measured(0.84, tests=(WEAK,)),),
        "earlier": measure_earlier(batches[-1], batches[:-1], against, policy),
    }


def draw_customers(rows: int, *, changed: bool) -> LabelledSample:
    """Changed: the youngest fifth leaves more often than its scores say, the next three tenths less often."""
    rng = np.random.default_rng(rows)
    ages, chance = rng.uniform(0, 100, rows), rng.uniform(0.3, 0.6, rows)
    moved = np.select([ages < 20, ages < 50], [0.3, -0.2], 0.0) if changed else 0.0
    labels = (rng.random(rows) < chance + moved).astype(float)
    return LabelledSample(ScoredLabels(labels, chance), pd.DataFrame({"age": ages, "plan": "basic"}))


def look_locally(policy: Parameters) -> dict[str, Any]:
    reference, batch = draw_customers(4_000, changed=False), draw_customers(2_000, changed=True)
    tests = measure_concept_tests(reference, batch, TABLE, policy.concept)
    return {"labelled": (measured(0.84, tests=tuple(one for one in tests if one.test == "local")),)}


def ask_probe(policy: Parameters) -> dict[str, Any]:
    """Two batches with 60 churners each, from whom a challenger learns what the champion does not know."""
    known = draw_batch(9, 60)
    champion: Any = SimpleNamespace(
        candidate="random_forest",
        reference=pd.DataFrame({"id": known.ids, "label": known.labels}),
        reference_features=known.rows,
    )
    forest = {"n_estimators": 5, "max_depth": 2, "max_features": None}
    batches = [draw_batch(number, 60) for number in range(2)]
    own = policy.model_copy(update={"table": TABLE})
    return {"probe": measure_probe(champion, batches, lambda: build_candidate("random_forest", TABLE, forest, 1), own)}


def gain(value: float, p_value: float) -> Tell:
    probe = Probe("xgboost", ("a",), 800, 120, Estimate(value, 0.0, 2 * value), p_value)
    return alerted("probe", lambda _: {"probe": probe})


def fall(found: float, p_value: float) -> Tell:
    """A new champion that showed 0.81 when it was promoted, and the one before that reaches as much still."""
    promised, seen = Estimate(0.81, 0.78, 0.84), Estimate(found, found - 0.03, found + 0.03)
    told = Probation("3", "2", ("a",), 800, "realized", promised, seen, p_value, promised)
    return alerted("probation", lambda _: {"probation": told})


def know(known: np.ndarray) -> Tell:
    """Whether labels of which so many are known can judge the champion."""
    scores = np.linspace(0.0, 1.0, known.size)
    return lambda policy: explain_unusable(known, scores, policy.labels) is None


def wait(days: int, verdict: str) -> Tell:
    """Whether a retraining has to wait so many days after an attempt."""
    tried = [Attempt("run", DAY, "retraining", verdict, "1", "2")]  # type: ignore[arg-type]
    return lambda policy: (
        compute_cooldown(
            tried, DAY + timedelta(days=days), policy.retraining_cooldown_days, policy.retraining_cooldown_max_days
        ).active
    )


# parameter, another value, what is told, as shipped, with the other value
CASES: tuple[tuple[str, float, Tell, object, object], ...] = (
    ("performance_threshold", 0.60, label("performance", measured(0.65)), "critical", None),
    ("drift_threshold", 1e-30, drift("feature_drift", SWITCHED), "warning", None),
    ("drift_share_threshold", 0.60, drift("drift_share", SWITCHED), "warning", None),
    ("retraining_cooldown_days", 14, wait(10, "promoted"), False, True),
    ("retraining_cooldown_max_days", 7, wait(10, "kept"), True, False),
    ("min_improvement", 0.10, gain(0.05, 1e-5), "critical", None),
    ("false_alarms_per_year.batches_per_year", 52_000.0, find("calibration_slope", 1e-4, -0.4), "critical", None),
    ("false_alarms_per_year.alerts", 0.001, DROP, "warning", None),
    ("false_alarms_per_year.retrainings", 0.001, find("calibration_slope", 1e-4, -0.4), "critical", None),
    (
        "labels.maturity_days",
        30,
        lambda policy: is_mature(DAY, date(2026, 3, 9), policy.labels.maturity_days),
        True,
        False,
    ),
    ("labels.min_coverage", 0.90, know(np.arange(400) % 4 > 0), True, False),
    ("labels.missing_p_value", 1e-60, know(np.arange(400) < 300), False, True),
    ("quality.min_rows", 2_000, MISSING, "critical", None),
    (
        "quality.max_repeated_share",
        0.20,
        check("repeated_rows", facts=BatchFacts(repeated=RepeatedRows(100))),
        "critical",
        None,
    ),
    ("quality.max_missing_increase", 0.20, MISSING, "critical", "warning"),
    ("quality.missing_z", 40.0, MISSING, "critical", None),
    (
        "quality.missing_warning_increase",
        0.04,
        check("missing_share:plan", profile(USUAL_AGES, 30, basic=582, pro=388)),
        "warning",
        None,
    ),
    ("quality.range_margin", 0.50, RANGE, "critical", None),
    ("quality.max_out_of_range_share", 0.20, RANGE, "critical", None),
    ("quality.constant_min_rows", 30, check("constant:plan", profile(USUAL_AGES[:25], pro=25)), "critical", None),
    ("quality.constant_probability", 1e-12, check("constant:plan", profile(USUAL_AGES[:25], pro=25)), "critical", None),
    ("quality.new_category_share", 0.05, NEW, "warning", None),
    ("quality.new_category_rows", 30, NEW, "warning", None),
    (
        "quality.recoded_share",
        0.90,
        check("recoded_category:plan", profile(USUAL_AGES, basic=400, max=600)),
        "critical",
        None,
    ),
    ("quality.max_unparseable_share", 0.20, check("unparseable:age", facts=BatchFacts({"age": 100})), "critical", None),
    ("quality.dependency_min_r2", 0.90, explain_plan, True, False),
    ("quality.dependency_nats", 0.40, check("dependency:plan", facts=fits(0.35, 0.5)), "critical", None),
    ("quality.dependency_lost", 2.0, check("dependency:plan", facts=fits(0.15, 0.1)), "critical", None),
    ("quality.dependency_z", 20.0, check("dependency:plan", facts=fits(0.35, 0.5)), "critical", None),
    (
        "quality.dependency_max_drift_share",
        0.10,
        check("dependency:plan", None, fits(0.35, 0.5), 0.2),
        "critical",
        None,
    ),
    ("quality.returning_min_rows", 200, check("returning:plan", facts=RETURNING), "critical", None),
    ("quality.returning_usual", 0.99, check("returning:plan", facts=RETURNING), "critical", None),
    ("quality.returning_fall", 0.90, check("returning:plan", facts=RETURNING), "critical", None),
    ("quality.returning_z", 60.0, check("returning:plan", facts=RETURNING), "critical", None),
    ("drift.min_rows", 2_000, OLD, "warning", None),
    ("drift.ks_floor", 0.50, OLD, "warning", None),
    ("drift.wasserstein_floor", 2.0, OLD, "warning", None),
    ("drift.total_variation_floor", 0.50, drift("feature_drift", SWITCHED), "warning", None),
    ("drift.rare_level_share", 0.25, RARE, "warning", None),
    ("drift.alert_p_value", 1e-30, drift("feature_drift", SWITCHED), "warning", None),
    ("drift.prediction_p_value", 1e-60, SCORES, "warning", None),
    ("drift.prediction_ks_floor", 0.50, SCORES, "warning", None),
    ("drift.reference_ratio_warning", 0.50, alerted("small_reference", lambda _: {"rows": 1_500}), "info", None),
    ("performance.min_positives", 50, alerted("performance", rank_badly), "critical", None),
    ("performance.min_negatives", 50, alerted("performance", rank_badly), "critical", None),
    ("performance.low_confidence", 0.9999, label("performance", measured(0.72, 0.03)), "critical", "info"),
    (
        "performance.low_points_of_three",
        3,
        label("performance", measured(0.74), measured(0.74), **LOW_TWICE),
        "critical",
        "info",
    ),
    ("performance.drop_z", 4.0, DROP, "warning", None),
    ("performance.drop_floor", 0.10, DROP, "warning", None),
    ("concept.p_value", 1e-6, find("calibration_slope", 1e-5, -0.4), "critical", None),
    ("concept.repeated_p_value", 0.001, alerted("concept_drift", look_back), "critical", None),
    ("concept.repeat_within", 2, alerted("concept_drift", look_back), "critical", None),
    ("concept.slope_floor", 0.50, find("calibration_slope", 1e-5, -0.4), "critical", None),
    ("concept.auc_gap_floor", 0.20, find("roc_auc_gap", 1e-5, 0.1), "critical", None),
    ("concept.local_floor", 0.40, find("local", 1e-5, 0.2), "critical", None),
    ("concept.local_min_share", 0.50, alerted("concept_drift", look_locally), "critical", None),
    ("concept.local_bins", 2, alerted("concept_drift", look_locally), "critical", None),
    ("concept.rate_p_value", 1e-6, find("intercept", 1e-5, 0.1, "label_shift"), "warning", None),
    ("concept.rate_floor", 0.20, find("intercept", 1e-5, 0.1, "label_shift"), "warning", None),
    ("probe.max_batches", 1, alerted("probe", ask_probe), "critical", None),
    ("probe.min_positives", 150, alerted("probe", ask_probe), "critical", None),
    ("probe.p_value", 1e-6, gain(0.05, 1e-5), "critical", None),
    ("probation.batches", 52, fall(0.75, 5e-4), "critical", None),
    ("probation.p_value", 1e-3, fall(0.75, 5e-4), "critical", None),
    ("probation.floor", 0.10, fall(0.75, 5e-4), "critical", None),
)
OTHERWISE = {
    "labels.window_batches": "how many batches are read at all: tests/pipelines/monitoring",
    "quality.dependency_max_rows": "rows that are looked at, for time: more make the same limits surer",
    "quality.dependency_max_columns": "columns that are looked at, for time: tests/quality/test_dependency.py",
    "concept.weight_max_features": "features to weight reference rows by, for time: tests/core/test_narrowing.py",
    "drift.psi_bins": "the population stability index is reported and decides nothing",
    "drift.domain_rows": "the domain classifier is reported and decides nothing",
    "performance.confidence": "of the intervals shown: verdicts have levels of their own (tests/performance)",
    "probation.enabled": "whether anything is watched at all: tests/pipelines/monitoring/test_probation.py",
    "probe.max_estimators": "trees of the challenger, for time: more make the same gain a little surer",
    "probe.folds": "how the challenger is cross-fitted: any number asks the same question",
}
BLOCKS = ("false_alarms_per_year", "labels", "quality", "drift", "performance", "concept", "probe", "probation")
ALONE = (
    *("performance_threshold", "drift_threshold", "drift_share_threshold"),
    *("retraining_cooldown_days", "retraining_cooldown_max_days", "min_improvement"),
)


def read_with(path: str, value: float) -> Parameters:
    values = deepcopy(BASE)
    *blocks, key = path.split(".")
    block = values[blocks[0]] if blocks else values
    assert key in block
    block[key] = value
    return read_parameters(values)


@pytest.mark.parametrize(
    ("path", "value", "tell", "shipped", "changed"), [pytest.param(*case, id=case[0]) for case in CASES]
)
def test_changing_one_threshold_in_the_parameters_changes_the_verdict(
    path: str, value: float, tell: Tell, shipped: object, changed: object
) -> None:
    assert tell(read_parameters(BASE)) == shipped
    assert tell(read_with(path, value)) == changed


def list_numbers() -> Iterator[str]:
    yield from ALONE
    for block in BLOCKS:
        yield from (f"{block}.{key}" for key, value in BASE[block].items() if isinstance(value, int | float))


def test_no_number_is_left_out_of_the_table_without_a_reason() -> None:
    tested = [path for path, *_ in CASES]
    assert sorted(tested + list(OTHERWISE)) == sorted(list_numbers())
