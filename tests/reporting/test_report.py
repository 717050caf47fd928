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
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from scipy.special import expit

import churn_monitoring.reporting
from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import (
    Alert,
    AnchorDrift,
    Attempt,
    ConceptTest,
    Cooldown,
    Decision,
    Estimate,
    Evidence,
    FeatureDrift,
    Finding,
    LabelledEvidence,
    LedgerEntry,
    Performance,
    Probation,
    Probe,
    Quality,
)
from churn_monitoring.decision.cooldown import compute_cooldown
from churn_monitoring.decision.judgement import Judgement, judge
from churn_monitoring.drift import measure_features, measure_prediction
from churn_monitoring.learning.leaks import KnownRows, LeakCheck
from churn_monitoring.learning.window import Window, split_window
from churn_monitoring.performance.domain import measure_domain
from churn_monitoring.performance.estimation import estimate_performance
from churn_monitoring.performance.labelled import JudgedAgainst, ScoredBatch, measure_labelled
from churn_monitoring.performance.ranking import measure_roc_auc
from churn_monitoring.performance.scored import LabelledSample, ReferenceScores
from churn_monitoring.pipelines.retraining.nodes import Stop, WindowCheck
from churn_monitoring.pipelines.retraining.promotion import AttemptJudgement
from churn_monitoring.pipelines.retraining.summary import summarize_attempt
from churn_monitoring.profiling import build_grid, fit_reference_profile, profile_numbers, profile_rows
from churn_monitoring.promotion.comparison import compare_candidates
from churn_monitoring.promotion.guardrails import Contender, measure_guardrails
from churn_monitoring.quality import BatchFacts, measure_quality
from churn_monitoring.reporting.report import (
    BLIND,
    SCHEMA_VERSION,
    UNJUDGED,
    UNLABELLED,
    TrackRecord,
    add_labels,
    build_report,
    show_labels,
)

FOLDER = Path(churn_monitoring.reporting.__file__).parent
SCHEMAS = {
    name: json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    for name in ("monitoring_report", "retraining_summary")
}
VALIDATORS = {
    name: Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for name, schema in SCHEMAS.items()
}
DAY = date(2026, 3, 2)
MODEL = {"name": "churn", "version": "3", "since": "2026-01-05", "by": "training"}
TABLE = TableSchema(
    id="customer", target="left", positive="yes", date=None, numeric=["age"], categorical=["plan"], ignored=[]
)
PARAMETERS = Path(__file__).resolve().parents[2] / "conf/base/parameters.yml"
POLICY = Parameters.model_validate(yaml.safe_load(PARAMETERS.read_text(encoding="utf-8"))).model_copy(
    update={"table": TABLE, "segments": ("plan",)}
)


def find_faults(name: str, document: Any) -> list[str]:
    """What the schema has against a document, after a round through JSON; NaN does not survive that."""
    plain = json.loads(json.dumps(document, allow_nan=False))
    return [f"{error.json_path}: {error.message}" for error in VALIDATORS[name].iter_errors(plain)]


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


RECORD = TrackRecord(4, 0.0124, -0.004)
NO_RECORD = TrackRecord(0, 0.0, 0.0)


def judge_labels(rows: pd.DataFrame, scores: np.ndarray, labels: np.ndarray) -> LabelledEvidence:
    against = JudgedAgainst(REFERENCE, LabelledSample(REFERENCE.scored, REFERENCE_ROWS), lambda _rows: None)
    ids = pd.Series(range(len(rows)), dtype=object)
    batch = ScoredBatch("2026-03-02", DAY, 0.4, ids, labels, scores, scores, np.zeros(len(rows), dtype=bool), rows)
    return measure_labelled(batch, against, POLICY, with_tests=True)


def gather(rows: pd.DataFrame, scores: np.ndarray, labelled: LabelledEvidence | None) -> Evidence:
    """Evidence measured as monitoring does."""
    features, grid = profile_rows(rows, PROFILE), profile_numbers(scores, SCORE_GRID)
    importance = {"age": 1.0, "plan": 0.0}
    return Evidence(
        batch_id="2026-03-02",
        as_of=DAY,
        rows=len(rows),
        quality=measure_quality(PROFILE, features, BatchFacts(), POLICY.quality),
        features=tuple(
            replace(one, importance=importance[one.feature])
            for one in measure_features(PROFILE, features, POLICY.drift, POLICY.drift_threshold)
        ),
        prediction=measure_prediction(profile_numbers(REFERENCE_SCORES, SCORE_GRID), grid, POLICY.drift),
        labelled=(labelled,) if labelled is not None and labelled.performance is not None else (),
        reference_rows=len(REFERENCE_ROWS),
        reference_roc_auc=ROC_AUC,
        estimated=estimate_performance(scores, REFERENCE, 0.4, POLICY.performance, 1),
    )


def report_on(
    evidence: Evidence,
    labelled: LabelledEvidence | None,
    attempts: tuple[Attempt, ...] = (),
    rows: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """The report with the alerts and the verdicts that the evidence calls for."""
    cooldown = compute_cooldown(attempts, DAY, 7, 56)
    judgement = judge(evidence, POLICY, cooldown)
    domain = None if rows is None else measure_domain(REFERENCE_ROWS, rows, TABLE, 200, 1)
    report = build_report(judgement, MODEL, domain, RECORD)
    return report if labelled is None else add_labels(report, show_labels(labelled, POLICY))


def report_batch(rows: int, *, shift: float = 0.0, slope: float = 1.0, known: float = 1.0) -> dict[str, Any]:
    """The report on a simulated batch of which the first ``known`` share of rows has labels."""
    table, scores, labels = draw_rows(rows, seed=2, shift=shift, slope=slope)
    labels[round(known * rows) :] = np.nan
    labelled = judge_labels(table, scores, labels)
    return report_on(gather(table, scores, labelled), labelled, rows=table)


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
    assert report["batch"] == {
        "id": "2026-03-02",
        "as_of": "2026-03-02",
        "rows": 800,
        "sampled_rows": None,
        "label_coverage": 1.0,
    }
    assert report["drift"]["status"] == "stable"
    assert report["drift"]["share"] == 0.0
    assert report["performance"]["realized"]["rows"] == 800
    assert report["performance"]["estimated"]["rows"] == 800
    assert (report["drift"]["target"]["feature"], report["drift"]["concept"]["feature"]) == ("left", "left")
    assert {test["test"] for test in report["drift"]["concept_tests"]} >= {"intercept", "calibration_slope"}
    assert set(report["performance"]["segments"]) == {"plan = monthly", "plan = yearly"}
    assert report["performance"]["reason"] is None
    assert report["performance"]["estimated"]["note"] == BLIND
    assert report["performance"]["estimated"]["track_record"] == asdict(RECORD)
    assert report["drift"]["domain"]["roc_auc"]["low"] < 0.5 < report["drift"]["domain"]["roc_auc"]["high"]
    assert (report["decision"]["action"], report["verdicts"]["mode"]) == ("none", "calibrated")
    assert report["verdicts"]["calibrated"]["reasons"] == report["decision"]["reasons"]


def test_a_shifted_batch_is_reported_with_its_drift_and_its_alerts() -> None:
    report = report_batch(800, shift=8.0)
    assert find_faults("monitoring_report", report) == []
    assert (report["drift"]["status"], report["drift"]["share"]) == ("drift", 0.5)
    assert report["drift"]["weighted_share"] == 1.0
    assert report["drift"]["domain"]["strongest"][0]["feature"] == "age"
    assert report["verdicts"]["spec"]["action"] == "retrain"
    assert {"feature_drift", "prediction_drift"} <= {alert["key"] for alert in report["alerts"]}
    assert report["decision"]["action"] == "alert"


def test_concept_drift_within_the_cooldown_is_reported_with_its_end() -> None:
    table, scores, labels = draw_rows(3000, seed=2, slope=-1.0)
    labelled = judge_labels(table, scores, labels)
    report = report_on(
        gather(table, scores, labelled), labelled, (Attempt("r", DAY, "retraining", "promoted", "1", "2"),)
    )
    assert find_faults("monitoring_report", report) == []
    assert report["decision"]["action"] == "retrain"
    assert report["decision"]["cooldown"] == {"active": True, "until": "2026-03-09"}
    assert report["drift"]["concept"]["drifted"] is True
    assert report["alerts"][0]["severity"] == "critical"


def test_a_rejected_batch_has_a_report_that_says_why_and_nothing_else() -> None:
    report = report_on(reject(), None)
    assert report["verdicts"]["spec"]["action"] == "fix_data"
    assert find_faults("monitoring_report", report) == []
    assert (report["batch"]["rows"], report["drift"]["status"]) == (0, "too_few_rows")
    assert report["drift"]["features"] == []
    assert report["drift"]["prediction"] is None
    assert report["performance"] == {"realized": None, "reason": UNJUDGED, "segments": {}, "estimated": None}
    assert (report["drift"]["domain"], report["probe"]) == (None, None)
    assert report["decision"]["action"] == "fix_data"
    assert report["decision"]["reasons"] == ["Batch 2026-03-02 lacks column age: deliver it again."]


def test_without_labels_the_labelled_parts_are_null() -> None:
    report = report_batch(800, known=0.0)
    assert find_faults("monitoring_report", report) == []
    assert report["batch"]["label_coverage"] == 0.0
    assert (report["drift"]["target"], report["drift"]["concept"]) == (None, None)
    assert (report["performance"]["realized"], report["performance"]["reason"]) == (None, UNLABELLED)
    assert report["performance"]["estimated"] is not None


def test_partial_labels_are_reported_with_their_coverage() -> None:
    report = report_batch(800, known=0.75)
    assert find_faults("monitoring_report", report) == []
    assert report["batch"]["label_coverage"] == 0.75
    assert report["performance"]["realized"]["rows"] == 600


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_labels_of_one_class_only_say_nothing_of_performance(label: float) -> None:
    table, scores, labels = draw_rows(800, seed=2)
    labelled = judge_labels(table, scores, np.full_like(labels, label))
    report = report_on(gather(table, scores, labelled), labelled)
    assert find_faults("monitoring_report", report) == []
    assert report["batch"]["label_coverage"] == 1.0
    assert report["performance"]["realized"] is None
    assert f"{800 if label else 0} " in report["performance"]["reason"]


@pytest.mark.parametrize("rows", [1, 3])
def test_a_batch_of_three_rows_is_reported_as_too_small_to_tell(rows: int) -> None:
    report = report_batch(rows)
    assert find_faults("monitoring_report", report) == []
    assert report["drift"]["status"] == "too_few_rows"
    assert all(feature["p_value"] is None for feature in report["drift"]["features"])
    assert (report["performance"]["realized"], report["performance"]["estimated"]) == (None, None)
    assert report["performance"]["reason"]
    assert (report["decision"]["action"], report["drift"]["domain"]) == ("none", None)


def test_labels_that_come_later_change_what_they_are_about_and_not_the_decision() -> None:
    early = report_batch(800, known=0.0)
    before = deepcopy(early)
    told = show_labels(judge_labels(*draw_rows(800, seed=2)), POLICY)
    late = add_labels(early, told)
    assert early == before
    assert find_faults("monitoring_report", late) == []
    assert late == add_labels(late, told)
    assert late["performance"]["realized"]["rows"] == 800
    for kept in ("model", "data_quality", "probe", "alerts", "decision", "verdicts"):
        assert late[kept] == early[kept]
    assert late["drift"]["features"] == early["drift"]["features"]
    whole = report_batch(800, known=1.0)
    assert late == whole | {"decision": early["decision"], "verdicts": early["verdicts"], "alerts": early["alerts"]}


def test_what_is_said_of_labels_without_concept_tests_takes_back_none_that_were_told() -> None:
    labelled = judge_labels(*draw_rows(800, seed=2))
    first = add_labels(report_batch(800, known=0.0), show_labels(labelled, POLICY))
    later = add_labels(first, show_labels(replace(labelled, tests=()), POLICY))
    assert first["drift"]["concept_tests"]
    assert later["drift"] == first["drift"]


def test_a_season_and_a_probe_are_reported() -> None:
    gain = Probe("xgboost", ("2026-02-23", "2026-03-02"), 900, 240, Estimate(-0.004, -0.02, 0.01), 0.7)
    usual = FeatureDrift("age", "numeric", "kolmogorov_smirnov", 0.2, 0.0, 0.0, 0.4, False, 0.5, "a to b")
    report = report_on(replace(reject(), features=(usual,), probe=gain), None)
    assert find_faults("monitoring_report", report) == []
    assert report["drift"]["features"][0]["usual_in"] == "a to b"
    assert report["probe"]["batches"] == ["2026-02-23", "2026-03-02"]
    assert report["probe"]["gain"]["value"] == -0.004


def test_a_probation_is_reported_with_or_without_what_the_model_before_reaches() -> None:
    promised, found = Estimate(0.81, 0.78, 0.84), Estimate(0.79, 0.75, 0.82)
    told = Probation("3", "2", ("2026-02-23",), 900, "realized", promised, found, 0.2, to_come=3)
    report = report_on(replace(reject(), probation=told), None)
    assert find_faults("monitoring_report", report) == []
    assert (report["probation"]["promised"]["value"], report["probation"]["found"]["low"]) == (0.81, 0.75)
    assert report["probation"]["ends"] == "after 3 more batches and the labels of all 4"
    assert report["probation"]["previous"] is None
    compared = report_on(replace(reject(), probation=replace(told, basis="estimated", previous=promised)), None)
    assert find_faults("monitoring_report", compared) == []
    assert compared["probation"]["previous"]["value"] == 0.81
    assert report_on(reject(), None)["probation"] is None


def test_drift_against_the_anchor_is_reported_with_whose_reference_it_was() -> None:
    table, scores, _ = draw_rows(800, seed=2, shift=8.0)
    evidence = gather(table, scores, None)
    report = report_on(replace(evidence, anchor=AnchorDrift("1", "2025-01-06", evidence.features)), None)
    assert find_faults("monitoring_report", report) == []
    anchor = report["drift"]["anchor"]
    assert (anchor["version"], anchor["as_of"], anchor["share"]) == ("1", "2025-01-06", 0.5)
    assert [(one["feature"], one["drifted"]) for one in anchor["features"]] == [("age", True), ("plan", False)]
    assert anchor["features"][0]["effect_size"] == evidence.features[0].effect_size
    assert report_on(evidence, None)["drift"]["anchor"] is None


@pytest.mark.parametrize(("mode", "action"), [("calibrated", "alert"), ("spec", "retrain")])
def test_the_decision_is_the_verdict_that_acts_with_its_cooldown(mode: str, action: str) -> None:
    waits, none = Cooldown(active=True, until=DAY), Cooldown(active=False, until=None)
    alert, retrain = Decision("alert", ("Look.",), none), Decision("retrain", ("Below.",), waits)
    report = build_report(Judgement(reject(), (), alert, retrain, mode), MODEL, None, NO_RECORD)
    assert find_faults("monitoring_report", report) == []
    assert report["decision"]["action"] == report["verdicts"][mode]["action"] == action
    assert report["decision"]["cooldown"]["active"] is (mode == "spec")
    assert report["verdicts"]["mode"] == mode


def test_the_report_of_a_large_batch_says_how_many_rows_stand_for_it_and_of_others_null() -> None:
    none = Decision("none", ("Nothing.",))
    for looked_at in (None, 500):
        evidence = replace(reject(), rows=9_000, looked_at=looked_at)
        report = build_report(Judgement(evidence, (), none, none, "spec"), MODEL, None, NO_RECORD)
        assert find_faults("monitoring_report", report) == []
        assert report["batch"]["rows"] == 9_000
        assert report["batch"]["sampled_rows"] == looked_at


def test_before_any_estimate_could_be_compared_there_is_no_track_record() -> None:
    table, scores, _ = draw_rows(800, seed=2)
    evidence = gather(table, scores, None)
    verdict = Decision("none", ("Nothing.",))
    report = build_report(Judgement(evidence, (), verdict, verdict, "spec"), MODEL, None, NO_RECORD)
    assert find_faults("monitoring_report", report) == []
    assert report["performance"]["estimated"]["track_record"] is None


def test_the_report_of_a_page_keeps_the_same_schema(report: dict[str, Any], bare: dict[str, Any]) -> None:
    for shown in (report, bare):
        assert find_faults("monitoring_report", shown) == []


def list_objects(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the objects of a document are."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    own = [path] if isinstance(node, dict) else []
    return own + [found for key, value in inner for found in list_objects(value, (*path, key))]


def descend(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def fill_report() -> dict[str, Any]:
    """A report in which everything is there that may be."""
    report = report_batch(800, shift=8.0)
    finding = Finding("new_category", "plan", "warning", 0.1, 0.05, "new values", ("c-1", "c-2"))
    report["data_quality"]["findings"] = [{**asdict(finding), "examples": list(finding.examples)}]
    gain = asdict(Estimate(0.02, 0.01, 0.03))
    probe = {"candidate": "xgboost", "batches": ["a"], "rows": 900, "positives": 240, "gain": gain, "p_value": 0.01}
    return report | {"probe": probe}


FULL_REPORT = fill_report()
# Names of segments are free, and every feature is like the first.
OBJECTS = [
    path for path in list_objects(FULL_REPORT) if path[-1:] != ("segments",) and not {1, 2, 3} & set(path)
]  # fmt: skip


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
        (("drift", "weighted_share"), 1.01),
        (("drift", "concept_tests", 0, "test"), "chi_square"),
        (("drift", "domain", "strongest", 0, "share"), "much"),
        (("drift", "domain", "roc_auc"), None),
        (("performance", "realized", "roc_auc"), 0.8),
        (("performance", "reason"), ""),
        (("performance", "estimated", "track_record", "batches"), 0),
        (("probe", "gain", "value"), 1.2),
        (("verdicts", "mode"), "both"),
        (("verdicts", "spec", "reasons"), []),
        (("data_quality", "findings", 0, "examples"), ["a", "b", "c", "d"]),
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
    st.none() | SHARES,
    st.none() | TEXTS,
)
FINDINGS = st.builds(
    Finding,
    TEXTS,
    st.none() | TEXTS,
    st.sampled_from(["info", "warning", "failed"]),
    SHARES,
    SHARES,
    TEXTS,
    st.lists(TEXTS, max_size=3).map(tuple),
)
PERFORMANCES = st.builds(
    Performance, ESTIMATES, *[SHARES] * 6, st.floats(0, 9), SHARES, st.integers(0, 99), st.integers(0, 99)
)
TESTS = st.builds(
    ConceptTest,
    st.sampled_from(["intercept", "calibration_slope", "roc_auc_gap", "local"]),
    st.floats(-9, 9),
    SHARES,
    st.floats(-9, 9),
    st.none() | TEXTS,
)
LABELLED = st.builds(
    LabelledEvidence,
    TEXTS,
    st.just(DAY),
    st.just(9),
    SHARES,
    st.none() | PERFORMANCES,
    tests=st.lists(TESTS, max_size=3).map(tuple),
    segments=st.dictionaries(TEXTS, PERFORMANCES, max_size=2),
    reason=st.none() | TEXTS,
)
PROBES = st.builds(
    Probe, TEXTS, st.lists(TEXTS, max_size=2).map(tuple), st.integers(0, 99), st.integers(0, 99), ESTIMATES, SHARES
)


@given(
    st.lists(DRIFTS, max_size=3),
    st.lists(FINDINGS, max_size=3),
    st.none() | LABELLED,
    st.none() | PROBES,
    st.sampled_from(["info", "warning", "critical"]),
    st.none() | st.dates(),
)
def test_every_record_that_can_be_built_can_be_reported(
    features: list[FeatureDrift],
    findings: list[Finding],
    labelled: LabelledEvidence | None,
    probe: Probe | None,
    severity: Any,
    until: date | None,
) -> None:
    evidence = replace(reject(), features=tuple(features), quality=Quality("ok", tuple(findings)), probe=probe)
    alerts = (Alert("data_quality:constant:größe", severity, "Look.", 0.5, 0.1),)
    decision = Decision("alert", ("Look.",), Cooldown(until is not None, until))
    report = build_report(Judgement(evidence, alerts, decision, decision, "spec"), MODEL, None, NO_RECORD)
    report = report if labelled is None else add_labels(report, show_labels(labelled, POLICY))
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
    return split_window(frames, TABLE, KnownRows(), 0.5, 1)


def summarize(
    judgement: AttemptJudgement, window: Window, quality: Quality, ledger: tuple[LedgerEntry, ...] = ()
) -> Any:
    stop = Stop() if judgement.comparison else Stop(judgement.verdict, judgement.reasons)  # type: ignore[arg-type]
    leaks = LeakCheck(len(window.comparison), True, {"training": 9, "calibration": 3, "learning": 600}, 0)
    check = WindowCheck(quality, stop, leaks if judgement.comparison else None)
    documents, _, _ = summarize_attempt(judgement, window, check, RECEIPT, ledger, (), DAY, "churn")
    (summary,) = documents.values()
    return summary


def test_a_summary_with_a_comparison_keeps_its_promise() -> None:
    window = build_window(600)
    labels, champion = window.comparison["label"].to_numpy(), window.comparison["score"].to_numpy()
    generator = np.random.default_rng(4)
    others = {name: expit(generator.normal(labels, 1.0)) for name in ("random_forest", "xgboost")}
    comparison = compare_candidates(labels, champion, others, "xgboost", 0.95, attempt=2)
    contenders = (Contender(scores, scores) for scores in (champion, others["xgboost"]))
    segments = {"plan = pro": np.arange(labels.size) % 2 == 0}
    guardrails = measure_guardrails(labels, *contenders, 0.5, segments, POLICY)
    judgement = AttemptJudgement("kept", ("xgboost does not gain.",), "xgboost", comparison, guardrails)
    entry = LedgerEntry("r", "2026-03-02", DAY, DAY, "retrain", False, "1", 1, 1, "abc")
    summary = summarize(judgement, window, Quality("ok"), (entry,))
    assert find_faults("retraining_summary", summary) == []
    assert set(summary["candidates"]) == {"random_forest", "xgboost"}
    assert summary["trigger"] == "decided on batch 2026-03-02"
    assert summary["comparison"]["attempt"] == 2
    assert [one["where"] for one in summary["guardrails"]] == [None, None, None, "plan = pro"]
    assert summary["window"]["learning_rows"] + summary["window"]["comparison_rows"] == 1200
    assert summary["candidates"]["xgboost"]["paired_difference"] == asdict(comparison.challengers["xgboost"].paired)


def test_a_summary_over_rows_of_one_class_keeps_its_promise() -> None:
    window = build_window(30)
    scores = window.comparison["score"].to_numpy()
    comparison = compare_candidates(np.zeros(scores.size), scores, {"xgboost": scores}, "xgboost", 0.95)
    judgement = AttemptJudgement("insufficient_evidence", ("Too few churners.",), "xgboost", comparison)
    summary = summarize(judgement, window, Quality("ok"))
    assert find_faults("retraining_summary", summary) == []
    assert (summary["champion"], summary["candidates"]) == (None, {})
    assert summary["trigger"] == "asked for by a person"


@pytest.mark.parametrize("verdict", ["insufficient_evidence", "refused_data"])
def test_a_summary_of_an_attempt_that_was_stopped_keeps_its_promise(verdict: str) -> None:
    finding = Finding("constant", "age", "failed", 1.0, 0.0, "Column 'age' is constant.", ("c-1",))
    quality = Quality("failed", (finding,)) if verdict == "refused_data" else Quality("ok")
    summary = summarize(AttemptJudgement(verdict, ("It cannot be tried.",)), build_window(0), quality)
    assert find_faults("retraining_summary", summary) == []
    assert (summary["chosen"], summary["comparison"], summary["window"]["batches"]) == (None, None, [])


def test_a_key_more_or_less_anywhere_in_a_summary_is_found() -> None:
    summary = summarize(AttemptJudgement("insufficient_evidence", ("Too few.",)), build_window(30), Quality("ok"))
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
