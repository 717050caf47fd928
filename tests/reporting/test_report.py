"""Every report and every retraining summary keeps the promise of its JSON Schema, however little there is to say."""

import json
from copy import deepcopy
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from scipy.special import expit

import churn_monitoring.reporting
from churn_monitoring.alerting.rules import Limits, raise_alerts
from churn_monitoring.core.options import ConceptOptions, DriftOptions, PerformanceOptions, QualityOptions, TableSchema
from churn_monitoring.core.records import (
    Alert,
    Attempt,
    Cooldown,
    Decision,
    Estimate,
    Evidence,
    FeatureDrift,
    Finding,
    LabelledEvidence,
    LedgerEntry,
    Performance,
    Quality,
)
from churn_monitoring.decision.cooldown import compute_cooldown
from churn_monitoring.decision.rules import decide_action
from churn_monitoring.drift import measure_features, measure_prediction
from churn_monitoring.learning.window import Window, split_window
from churn_monitoring.performance.estimation import estimate_performance, estimate_roc_auc
from churn_monitoring.performance.labelled import measure_labelled
from churn_monitoring.performance.ranking import measure_roc_auc
from churn_monitoring.performance.scored import ReferenceScores
from churn_monitoring.pipelines.retraining.nodes import Stop, WindowCheck
from churn_monitoring.pipelines.retraining.promotion import Judgement, summarize_attempt
from churn_monitoring.profiling import build_grid, fit_reference_profile, profile_numbers, profile_rows
from churn_monitoring.promotion.comparison import compare_candidates
from churn_monitoring.quality import BatchFacts, measure_quality
from churn_monitoring.reporting.report import SCHEMA_VERSION, add_labels, build_report

FOLDER = Path(churn_monitoring.reporting.__file__).parent
SCHEMAS = {
    name: json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    for name in ("monitoring_report", "retraining_summary")
}
DAY = date(2026, 3, 2)
MODEL = {"name": "churn", "version": "3"}
TABLE = TableSchema(
    id="customer", target="left", positive="yes", date=None, numeric=["age"], categorical=["plan"], ignored=[]
)
QUALITY = QualityOptions(
    min_rows=200,
    max_repeated_share=0.05,
    max_missing_increase=0.05,
    missing_z=4.0,
    missing_warning_increase=0.02,
    range_margin=0.1,
    max_out_of_range_share=0.05,
    constant_min_rows=20,
    constant_probability=1e-6,
    new_category_share=0.005,
    new_category_rows=3,
    recoded_share=0.5,
    max_unparseable_share=0.05,
)
LIMITS = Limits(
    performance_threshold=0.75,
    drift_share_threshold=0.30,
    drift=DriftOptions(
        min_rows=200,
        ks_floor=0.1,
        wasserstein_floor=0.1,
        total_variation_floor=0.1,
        rare_level_share=0.005,
        alert_p_value=0.001,
        prediction_p_value=0.001,
        prediction_ks_floor=0.1,
        psi_bins=10,
        reference_ratio_warning=0.2,
    ),
    performance=PerformanceOptions(
        min_positives=30, min_negatives=30, confidence=0.95, low_points_of_three=2, drop_z=3.0, drop_floor=0.03
    ),
    concept=ConceptOptions(
        p_value=0.001, repeated_p_value=0.01, repeat_within=3, slope_floor=0.2, auc_gap_floor=0.03, rate_floor=0.04
    ),
)


def find_faults(name: str, document: Any) -> list[str]:
    """What the schema has against a document, after a round through JSON; NaN does not survive that."""
    checker = Draft202012Validator.FORMAT_CHECKER
    plain = json.loads(json.dumps(document, allow_nan=False))
    errors = Draft202012Validator(SCHEMAS[name], format_checker=checker).iter_errors(plain)
    return [f"{error.json_path}: {error.message}" for error in errors]


def draw_rows(
    rows: int, seed: int, shift: float = 0.0, slope: float = 1.0
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Features, scores and labels of customers whose age is moved and whose scores are too steep by a factor."""
    generator = np.random.default_rng(seed)
    ages = generator.normal(40 + shift, 10, rows)
    plans = generator.choice(["monthly", "yearly"], rows).astype(object)
    logits = (ages - 40) / 5 - 1
    labels = (generator.random(rows) < expit(slope * logits)).astype(float)
    return pd.DataFrame({"age": ages, "plan": plans}), expit(logits), labels


REFERENCE_ROWS, REFERENCE_SCORES, REFERENCE_LABELS = draw_rows(4000, seed=1)
REFERENCE = ReferenceScores(REFERENCE_LABELS, REFERENCE_SCORES, REFERENCE_SCORES)
PROFILE = fit_reference_profile(REFERENCE_ROWS, TABLE, 1000)
SCORE_GRID = build_grid(REFERENCE_SCORES, 1000)
ROC_AUC = measure_roc_auc(REFERENCE_LABELS, REFERENCE_SCORES, 0.95)


def judge_labels(scores: np.ndarray, labels: np.ndarray) -> LabelledEvidence:
    return measure_labelled(
        "2026-03-02",
        DAY,
        labels,
        scores,
        scores,
        REFERENCE,
        0.4,
        LIMITS.performance,
        LIMITS.concept,
        TABLE.target,
    )


def gather(rows: pd.DataFrame, scores: np.ndarray, labelled: LabelledEvidence | None) -> Evidence:
    """Evidence measured as monitoring does."""
    features, grid = profile_rows(rows, PROFILE), profile_numbers(scores, SCORE_GRID)
    return Evidence(
        batch_id="2026-03-02",
        as_of=DAY,
        rows=len(rows),
        quality=measure_quality(PROFILE, features, BatchFacts(), QUALITY),
        features=measure_features(PROFILE, features, LIMITS.drift, 0.05),
        prediction=measure_prediction(profile_numbers(REFERENCE_SCORES, SCORE_GRID), grid, LIMITS.drift),
        labelled=(labelled,) if labelled is not None and labelled.performance is not None else (),
        reference_rows=len(REFERENCE_ROWS),
        reference_roc_auc=ROC_AUC,
        estimated=estimate_performance(scores, estimate_roc_auc(REFERENCE_SCORES), ROC_AUC, LIMITS.performance),
    )


def report_on(
    evidence: Evidence, labelled: LabelledEvidence | None, attempts: tuple[Attempt, ...] = ()
) -> dict[str, Any]:
    """The report with the alerts and the decision that the evidence calls for."""
    alerts = raise_alerts(evidence, LIMITS)
    decision = decide_action(evidence, alerts, compute_cooldown(attempts, DAY, 7), LIMITS.concept)
    return build_report(evidence, alerts, decision, labelled, MODEL)


def report_batch(rows: int, *, shift: float = 0.0, slope: float = 1.0, known: float = 1.0) -> dict[str, Any]:
    """The report on a simulated batch of which the first ``known`` share of rows has labels."""
    table, scores, labels = draw_rows(rows, seed=2, shift=shift, slope=slope)
    labels[round(known * rows) :] = np.nan
    labelled = judge_labels(scores, labels)
    return report_on(gather(table, scores, labelled), labelled)


def reject(message: str = "Batch 2026-03-02 lacks column age: deliver it again.") -> Evidence:
    finding = Finding("missing_column", "age", "failed", 1.0, 0.0, message)
    return Evidence("2026-03-02", DAY, 0, Quality("failed", (finding,)), (), None, (), 4000, ROC_AUC)


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_a_schema_and_closed_everywhere(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    open_objects: list[str] = []

    def visit(node: Any, path: str) -> None:
        if isinstance(node, dict):
            if node.get("type") == "object":
                closed = node.get("additionalProperties")
                named = set(node.get("properties", {})) == set(node.get("required", []))
                if not named or closed is None or closed is True:
                    open_objects.append(path)
            for key, value in node.items():
                visit(value, f"{path}/{key}")
        if isinstance(node, list):
            for value in node:
                visit(value, path)

    visit(SCHEMAS[name], name)
    assert open_objects == []


def test_a_quiet_batch_with_labels_is_reported_whole() -> None:
    report = report_batch(800)
    assert find_faults("monitoring_report", report) == []
    assert report["schema_version"] == SCHEMA_VERSION
    assert report["batch"] == {"id": "2026-03-02", "as_of": "2026-03-02", "rows": 800, "label_coverage": 1.0}
    assert report["drift"]["status"] == "stable"
    assert report["drift"]["share"] == 0.0
    assert report["performance"]["realized"]["rows"] == 800
    assert report["performance"]["estimated"]["rows"] == 800
    assert (report["drift"]["target"]["feature"], report["drift"]["concept"]["feature"]) == ("left", "left")
    assert report["decision"]["action"] == "none"


def test_a_shifted_batch_is_reported_with_its_drift_and_its_alerts() -> None:
    report = report_batch(800, shift=8.0)
    assert find_faults("monitoring_report", report) == []
    assert (report["drift"]["status"], report["drift"]["share"]) == ("drift", 0.5)
    assert {"feature_drift", "prediction_drift"} <= {alert["key"] for alert in report["alerts"]}
    assert report["decision"]["action"] == "alert"


def test_concept_drift_within_the_cooldown_is_reported_with_its_end() -> None:
    table, scores, labels = draw_rows(3000, seed=2, slope=-1.0)
    labelled = judge_labels(scores, labels)
    report = report_on(gather(table, scores, labelled), labelled, (Attempt("r", DAY, "retraining", "kept", "1", "1"),))
    assert find_faults("monitoring_report", report) == []
    assert report["decision"]["action"] == "retrain"
    assert report["decision"]["cooldown"] == {"active": True, "until": "2026-03-09"}
    assert report["drift"]["concept"]["drifted"] is True
    assert report["alerts"][0]["severity"] == "critical"


def test_a_rejected_batch_has_a_report_that_says_why_and_nothing_else() -> None:
    report = report_on(reject(), None)
    assert find_faults("monitoring_report", report) == []
    assert (report["batch"]["rows"], report["drift"]["status"]) == (0, "too_few_rows")
    assert report["drift"]["features"] == []
    assert report["drift"]["prediction"] is None
    assert report["performance"] == {"realized": None, "estimated": None}
    assert report["decision"]["action"] == "fix_data"
    assert report["decision"]["reasons"] == ["Batch 2026-03-02 lacks column age: deliver it again."]


def test_without_labels_the_labelled_parts_are_null() -> None:
    report = report_batch(800, known=0.0)
    assert find_faults("monitoring_report", report) == []
    assert report["batch"]["label_coverage"] == 0.0
    assert (report["drift"]["target"], report["drift"]["concept"]) == (None, None)
    assert report["performance"]["realized"] is None
    assert report["performance"]["estimated"] is not None


def test_partial_labels_are_reported_with_their_coverage() -> None:
    report = report_batch(800, known=0.75)
    assert find_faults("monitoring_report", report) == []
    assert report["batch"]["label_coverage"] == 0.75
    assert report["performance"]["realized"]["rows"] == 600


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_labels_of_one_class_only_say_nothing_of_performance(label: float) -> None:
    table, scores, labels = draw_rows(800, seed=2)
    labelled = judge_labels(scores, np.full_like(labels, label))
    report = report_on(gather(table, scores, labelled), labelled)
    assert find_faults("monitoring_report", report) == []
    assert report["batch"]["label_coverage"] == 1.0
    assert report["performance"]["realized"] is None


@pytest.mark.parametrize("rows", [1, 3])
def test_a_batch_of_three_rows_is_reported_as_too_small_to_tell(rows: int) -> None:
    report = report_batch(rows)
    assert find_faults("monitoring_report", report) == []
    assert report["drift"]["status"] == "too_few_rows"
    assert all(feature["p_value"] is None for feature in report["drift"]["features"])
    assert report["performance"] == {"realized": None, "estimated": None}
    assert report["decision"]["action"] == "none"


def test_labels_that_come_later_change_what_they_are_about_and_not_the_decision() -> None:
    early = report_batch(800, known=0.0)
    before = deepcopy(early)
    _, scores, labels = draw_rows(800, seed=2)
    late = add_labels(early, judge_labels(scores, labels))
    assert early == before
    assert find_faults("monitoring_report", late) == []
    assert late == add_labels(late, judge_labels(scores, labels))
    assert late["performance"]["realized"]["rows"] == 800
    for kept in ("model", "data_quality", "alerts", "decision"):
        assert late[kept] == early[kept]
    assert late["drift"]["features"] == early["drift"]["features"]
    assert late == report_batch(800, known=1.0)


def test_the_report_of_a_page_keeps_the_same_schema(report: dict[str, Any], bare: dict[str, Any]) -> None:
    for shown in (report, bare):
        written = deepcopy(shown)
        written["drift"]["status"] = "drift"
        written["decision"]["reasons"] = written["decision"]["reasons"] or ["Nothing found that asks for action."]
        if written["performance"]["estimated"]:
            written["performance"]["estimated"]["rows"] = 1000
        assert find_faults("monitoring_report", written) == []


def list_objects(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the objects of a document are."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    own = [path] if isinstance(node, dict) else []
    return own + [found for key, value in inner for found in list_objects(value, (*path, key))]


def descend(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


FULL_REPORT = report_batch(800, shift=8.0)
OBJECTS = list_objects(FULL_REPORT)


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: ".".join(map(str, path)) or "report")
def test_a_key_more_or_less_anywhere_breaks_the_promise_and_is_found(path: tuple[Any, ...]) -> None:
    longer = deepcopy(FULL_REPORT)
    descend(longer, path)["surprise"] = 1
    assert any("surprise" in fault for fault in find_faults("monitoring_report", longer))
    for key in descend(FULL_REPORT, path):
        shorter = deepcopy(FULL_REPORT)
        del descend(shorter, path)[key]
        assert find_faults("monitoring_report", shorter) != []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), "2.0"),
        (("batch", "as_of"), "2026-02-30"),
        (("batch", "rows"), -1),
        (("batch", "label_coverage"), 1.2),
        (("drift", "status"), "maybe"),
        (("drift", "prediction", "kind"), "numeric"),
        (("drift", "features", 0, "p_value"), 1.5),
        (("drift", "features", 0, "drifted"), "yes"),
        (("drift", "features"), None),
        (("performance", "realized", "roc_auc"), 0.8),
        (("alerts", 0, "severity"), "failed"),
        (("alerts", 0, "value"), None),
        (("decision", "action"), "panic"),
        (("decision", "reasons"), []),
        (("decision", "cooldown", "until"), "soon"),
    ],
)
def test_a_wrong_value_breaks_the_promise_and_is_found(path: tuple[Any, ...], value: Any) -> None:
    wrong = deepcopy(FULL_REPORT)
    descend(wrong, path[:-1])[path[-1]] = value
    assert find_faults("monitoring_report", wrong) != []


SHARES = st.floats(0.0, 1.0)
TEXTS = st.text(min_size=1, max_size=8)
ESTIMATES = st.builds(Estimate, SHARES, SHARES, SHARES)
DRIFTS = st.builds(
    FeatureDrift,
    TEXTS,
    st.sampled_from(["numeric", "categorical"]),
    st.just("chi_square"),
    st.floats(-9, 9),
    st.none() | SHARES,
    st.none() | SHARES,
    st.floats(-9, 9),
    st.booleans(),
)
FINDINGS = st.builds(
    Finding, TEXTS, st.none() | TEXTS, st.sampled_from(["info", "warning", "failed"]), SHARES, SHARES, TEXTS
)
PERFORMANCES = st.builds(
    Performance, ESTIMATES, *[SHARES] * 6, st.floats(0, 9), SHARES, st.integers(0, 99), st.integers(0, 99)
)
LABELLED = st.builds(
    LabelledEvidence, TEXTS, st.just(DAY), st.just(9), SHARES, st.none() | PERFORMANCES, st.none(), st.none()
)


@given(
    st.lists(DRIFTS, max_size=3),
    st.lists(FINDINGS, max_size=3),
    st.none() | LABELLED,
    st.sampled_from(["info", "warning", "critical"]),
    st.none() | st.dates(),
)
def test_every_record_that_can_be_built_can_be_reported(
    features: list[FeatureDrift],
    findings: list[Finding],
    labelled: LabelledEvidence | None,
    severity: Any,
    until: date | None,
) -> None:
    evidence = replace(reject(), features=tuple(features), quality=Quality("ok", tuple(findings)))
    alerts = (Alert("data_quality:constant:größe", severity, "Look.", 0.5, 0.1),)
    decision = Decision("alert", ("Look.",), Cooldown(until is not None, until))
    report = build_report(evidence, alerts, decision, labelled, MODEL)
    assert find_faults("monitoring_report", report) == []
    assert [alert["key"] for alert in report["alerts"]] == [alert.key for alert in alerts]
    assert [feature["feature"] for feature in report["drift"]["features"]] == [one.feature for one in features]


RECEIPT = {"version_before": "1", "version_after": "2"}


def build_window(rows: int) -> Window:
    """A window over two batches of new customers, or over none."""
    frames: dict[str, pd.DataFrame] = {}
    for batch in ("2026-02-16", "2026-02-23") if rows else ():
        table, scores, labels = draw_rows(rows, seed=int(batch[-2:]))
        names = [f"{batch}-{number}" for number in range(rows)]
        frames[batch] = table.assign(customer=names, label=labels, score=scores)
    return split_window(frames, TABLE, pd.Series([], dtype="str"), 0.5, 1)


def summarize(judgement: Judgement, window: Window, quality: Quality, ledger: tuple[LedgerEntry, ...] = ()) -> Any:
    stop = Stop() if judgement.comparison else Stop(judgement.verdict, judgement.reasons)  # type: ignore[arg-type]
    check = WindowCheck(quality, stop)
    documents, _, _ = summarize_attempt(judgement, window, check, RECEIPT, ledger, (), DAY, "churn")
    (summary,) = documents.values()
    return summary


def test_a_summary_with_a_comparison_keeps_its_promise() -> None:
    window = build_window(600)
    labels, champion = window.comparison["label"].to_numpy(), window.comparison["score"].to_numpy()
    generator = np.random.default_rng(4)
    others = {name: expit(generator.normal(labels, 1.0)) for name in ("random_forest", "xgboost")}
    comparison = compare_candidates(labels, champion, others, "xgboost", 0.95)
    judgement = Judgement("kept", ("xgboost does not gain.",), "xgboost", comparison)
    entry = LedgerEntry("r", "2026-03-02", DAY, DAY, "retrain", False, "1", 1, 1, "abc")
    summary = summarize(judgement, window, Quality("ok"), (entry,))
    assert find_faults("retraining_summary", summary) == []
    assert set(summary["candidates"]) == {"random_forest", "xgboost"}
    assert summary["trigger"] == "decided on batch 2026-03-02"
    assert summary["window"]["learning_rows"] + summary["window"]["comparison_rows"] == 1200
    assert summary["candidates"]["xgboost"]["paired_difference"] == asdict(comparison.challengers["xgboost"].paired)


def test_a_summary_over_rows_of_one_class_keeps_its_promise() -> None:
    window = build_window(30)
    scores = window.comparison["score"].to_numpy()
    comparison = compare_candidates(np.zeros(scores.size), scores, {"xgboost": scores}, "xgboost", 0.95)
    judgement = Judgement("insufficient_evidence", ("Too few churners.",), "xgboost", comparison)
    summary = summarize(judgement, window, Quality("ok"))
    assert find_faults("retraining_summary", summary) == []
    assert (summary["champion"], summary["candidates"]) == (None, {})
    assert summary["trigger"] == "asked for by a person"


@pytest.mark.parametrize("verdict", ["insufficient_evidence", "refused_data"])
def test_a_summary_of_an_attempt_that_was_stopped_keeps_its_promise(verdict: str) -> None:
    finding = Finding("constant", "age", "failed", 1.0, 0.0, "Column 'age' is constant.")
    quality = Quality("failed", (finding,)) if verdict == "refused_data" else Quality("ok")
    summary = summarize(Judgement(verdict, ("It cannot be tried.",)), build_window(0), quality)
    assert find_faults("retraining_summary", summary) == []
    assert (summary["chosen"], summary["comparison"], summary["window"]["batches"]) == (None, None, [])


def test_a_key_more_or_less_anywhere_in_a_summary_is_found() -> None:
    summary = summarize(Judgement("insufficient_evidence", ("Too few.",)), build_window(30), Quality("ok"))
    for path in list_objects(summary):
        if path == ("candidates",):
            continue
        longer = deepcopy(summary)
        descend(longer, path)["surprise"] = 1
        assert any("surprise" in fault for fault in find_faults("retraining_summary", longer))
        for key in descend(summary, path):
            shorter = deepcopy(summary)
            del descend(shorter, path)[key]
            assert find_faults("retraining_summary", shorter) != []
