"""What a monitoring leaves behind, on the batch itself and on earlier ones."""

import json
from copy import deepcopy
from dataclasses import fields, replace
from datetime import date

import pandas as pd
import pytest

from churn_monitoring.core.records import (
    AnchorDrift,
    Attempt,
    ConceptTest,
    Decision,
    Estimate,
    EstimatedPerformance,
    Evidence,
    FeatureDrift,
    Finding,
    LabelledEvidence,
    Performance,
    Probation,
    Probe,
    Quality,
)
from churn_monitoring.decision.judgement import Judgement
from churn_monitoring.performance.domain import DomainDrift
from churn_monitoring.pipelines.monitoring import judging, maturing, outputs
from churn_monitoring.pipelines.monitoring.intake import Batch, BatchRows
from churn_monitoring.pipelines.monitoring.maturing import LabelledBatches
from churn_monitoring.pipelines.monitoring.measuring import BatchDrift
from churn_monitoring.quality import BatchFacts
from churn_monitoring.reporting.history import build_history, digest_report
from churn_monitoring.reporting.report import TrackRecord

DAY, EARLIER = date(2026, 3, 9), date(2026, 3, 2)
NONE = Decision("none", ("Nothing found that asks for action.",))
LITERAL = Decision("alert", ("1 of 2 features at p < 0.05.",))
NO_DRIFT = BatchDrift()
PICTURE = {
    "features": {},
    "reference": {"rows": 3000, "churn_rate": 0.25, "roc_auc": {"value": 0.8, "low": 0.7, "high": 0.9}},
    "model": {"candidate": "xgboost", "threshold": 0.4, "data_sha256": ""},
    "run": {"file": "data/01_raw/production/b.csv", "sha256": "ab", "code": "0.1.0"},
    "parameters": {},
}
NO_RECORD = TrackRecord(0, 0.0, 0.0)
SLOPE = ConceptTest("calibration_slope", 1.0, 0.4, 0.02)
REALIZED = Performance(Estimate(0.8, 0.75, 0.85), 0.5, 0.8, 0.6, 0.6, 0.6, 0.15, 0.45, 0.4, 300, 75)
ESTIMATED = EstimatedPerformance(*[Estimate(0.82, 0.79, 0.85)] * 6, rows=400)


def measured(batch_id, day, rows=300, value=0.8, tests=(SLOPE,)):
    roc_auc = Estimate(value, value - 0.05, value + 0.05)
    performance = replace(REALIZED, roc_auc=roc_auc, rows=rows, positives=rows // 4)
    return LabelledEvidence(batch_id, day, rows, rows / 400, performance, None, tests, auc_drop_z=-0.1)


def describe(batch_id="2026-03-09", day=DAY, labelled=(), findings=(), **told):
    feature = FeatureDrift("age", "numeric", "kolmogorov_smirnov", 0.2, 1e-9, 1e-9, 0.3, drifted=True, importance=0.9)
    calm = FeatureDrift("plan", "categorical", "chi_square", 0.2, None, None, 0.0, drifted=False)
    quality = Quality("ok", tuple(findings))
    reference = (3000, Estimate(0.8, 0.7, 0.9))
    return Evidence(batch_id, day, 400, quality, (feature, calm), None, tuple(labelled), *reference, **told)


def judge_so(evidence, mode="calibrated"):
    return Judgement(evidence, (), NONE, LITERAL, mode)


@pytest.fixture
def build(champion, parameters):
    def call(evidence, labelled=(), saved=None, *, drift=NO_DRIFT, record=NO_RECORD, mode="calibrated", attempts=()):
        known = LabelledBatches(tuple(labelled), tuple(labelled))
        kept = {batch_id: lambda report=report: deepcopy(report) for batch_id, report in (saved or {}).items()}
        reports, same = outputs.build_reports(
            judge_so(evidence, mode), drift, known, record, champion, parameters, kept, attempts
        )
        assert reports is same
        return reports

    return call


@pytest.fixture
def saved(build):
    """The report of the week before, unlabelled so far, by version 2."""
    return build(describe("2026-03-02", EARLIER))["2026-03-02"]


@pytest.fixture
def report(build, saved):
    """This week's reports, given what labels say and the report of the week before."""

    def call(labelled, before=saved):
        return build(describe(), labelled, {"2026-03-02": before})

    return call


# --- Reports ---------------------------------------------------------------------------------------------


def test_the_report_says_since_when_and_by_which_decision_its_model_serves(build):
    evidence = describe("2026-03-09", EARLIER)
    model = build(evidence)["2026-03-09"]["model"]
    assert (model["since"], model["by"]) == ("2026-01-01", "training")
    put = Attempt("r", date(2026, 2, 2), "rollback", "rolled_back", "3", "2")
    kept = Attempt("r", date(2026, 2, 9), "retraining", "kept", "2", "2")
    model = build(evidence, attempts=[put, kept])["2026-03-09"]["model"]
    assert (model["since"], model["by"]) == ("2026-02-02", "rolled_back")


def test_late_labels_fill_the_report_of_an_earlier_batch_and_leave_its_decision(saved, report):
    reports = report([measured("2026-03-02", EARLIER)])
    late = reports["2026-03-02"]
    assert late["performance"]["realized"]["rows"] == 300
    assert late["performance"]["reason"] is None
    assert late["batch"]["label_coverage"] == 0.75
    assert late["drift"]["concept"]["p_value"] == 0.4
    assert [test["test"] for test in late["drift"]["concept_tests"]] == ["calibration_slope"]
    for kept in ("decision", "verdicts", "alerts", "probe"):
        assert late[kept] == saved[kept]
    assert late["batch"]["as_of"] == "2026-03-02"
    assert reports["2026-03-09"]["performance"]["realized"] is None


def test_a_report_about_which_nothing_new_is_known_is_not_written_again(report):
    labelled = [measured("2026-03-02", EARLIER)]
    once = report(labelled)["2026-03-02"]
    assert list(report(labelled, once)) == ["2026-03-09"]


@pytest.mark.parametrize("news", [{"rows": 320}, {"value": 0.79}])
def test_more_labels_or_corrected_ones_are_news(report, news):
    once = report([measured("2026-03-02", EARLIER)])["2026-03-02"]
    again = report([measured("2026-03-02", EARLIER, **news)], once)
    assert again["2026-03-02"] != once


def test_concept_tests_told_once_stay_in_the_report_of_their_batch(report):
    once = report([measured("2026-03-02", EARLIER)])["2026-03-02"]
    later = report([measured("2026-03-02", EARLIER, rows=320, tests=())], once)["2026-03-02"]
    assert later["performance"]["realized"]["rows"] == 320
    for told in ("concept", "concept_tests"):
        assert later["drift"][told] == once["drift"][told]
        assert once["drift"][told]


def test_labels_that_cannot_be_judged_raise_the_coverage_and_say_why(report):
    reason = "5% of the labels have come, 50% are needed: wait for the rest"
    few = LabelledEvidence("2026-03-02", EARLIER, 20, 0.05, None, reason=reason)
    late = report([few])["2026-03-02"]
    assert late["batch"]["label_coverage"] == 0.05
    assert (late["performance"]["realized"], late["performance"]["reason"]) == (None, reason)


def test_a_report_without_labels_says_that_none_came_or_that_its_batch_is_broken(build):
    (quiet,) = build(describe()).values()
    (broken,) = build(replace(describe(), quality=Quality("failed"))).values()
    assert quiet["performance"]["reason"] == "no label has matured yet"
    assert "the batch itself is broken" in broken["performance"]["reason"]


def test_what_was_said_of_the_concept_under_an_earlier_champion_stays(saved, report):
    saved["model"]["version"] = "1"
    saved["drift"]["concept"] = {"p_value": 0.0001}
    late = report([measured("2026-03-02", EARLIER)], saved)["2026-03-02"]
    assert late["drift"]["concept"] == {"p_value": 0.0001}
    assert late["performance"]["realized"]["rows"] == 300


def test_a_batch_whose_report_was_removed_is_no_obstacle(build):
    assert list(build(describe(), [measured("2026-03-02", EARLIER)])) == ["2026-03-09"]


@pytest.mark.parametrize(("mode", "action"), [("calibrated", "none"), ("spec", "alert")])
def test_a_report_shows_both_verdicts_and_decides_by_the_one_that_acts(build, mode, action):
    (shown,) = build(describe(), mode=mode).values()
    assert shown["decision"]["action"] == action
    assert shown["verdicts"]["mode"] == mode
    assert [shown["verdicts"][name]["action"] for name in ("calibrated", "spec")] == ["none", "alert"]


def test_a_report_weighs_drift_by_importance_and_names_what_tells_the_batch_from_the_reference(build):
    drift = BatchDrift(domain=DomainDrift(Estimate(0.61, 0.58, 0.64), (("age", 0.7), ("plan", 0.3)), 1000))
    (shown,) = build(describe(), drift=drift).values()
    assert (shown["drift"]["share"], shown["drift"]["weighted_share"]) == (0.5, 0.9)
    assert shown["drift"]["domain"] == {
        "roc_auc": {"value": 0.61, "low": 0.58, "high": 0.64},
        "rows": 1000,
        "strongest": [{"feature": "age", "share": 0.7}, {"feature": "plan", "share": 0.3}],
    }


@pytest.fixture
def this_week(deliver):
    return Batch("2026-03-09", DAY, DAY, deliver("2026-03-09"))


def test_pages_are_made_of_every_report_and_show_their_own_batch_in_the_history(
    report, parameters, judge, deliver, this_week
):
    reports = report([measured("2026-03-02", EARLIER)])
    ledger = [judge(deliver("2026-02-23")), judge(deliver("2026-03-02"))]
    kept = {"2026-02-23": lambda: digest_report(reports["2026-03-02"])}
    digests, history = outputs.trace_history(this_week, reports, ledger, (), kept, {})
    assert list(digests) == ["2026-03-09"]
    assert [one["effects"] for one in history.batches] == [{"age": 0.3}, {}, {"age": 0.3}]
    pages = outputs.render_pages(this_week, reports, history, PICTURE, {}, parameters)
    assert set(pages) == {"2026-03-02", "2026-03-09"}
    for page in pages.values():
        assert page.count('tabindex="-1"') == 3
        assert page.count('class="current"') == 1
    assert "SHA-256" in pages["2026-03-09"]
    assert "SHA-256" not in pages["2026-03-02"]
    again = outputs.render_pages(this_week, reports, history, PICTURE, {"2026-03-02": lambda: PICTURE}, parameters)
    assert "SHA-256" in again["2026-03-02"]


def test_the_history_knows_this_batch_and_what_labels_have_just_said(report, judge, deliver, this_week):
    reports = report([measured("2026-03-02", EARLIER)])
    ledger = [judge(deliver("2026-03-02")), judge(deliver("2026-03-16"), "alert")]
    before = deepcopy(ledger)
    entries = outputs.complete_ledger(ledger, this_week, reports)
    assert [entry.batch_id for entry in entries] == ["2026-03-02", "2026-03-09", "2026-03-16"]
    assert [entry.metrics.get("roc_auc") for entry in entries] == [0.8, None, None]
    assert (entries[1].action, entries[1].metrics["drift_share"]) == ("none", 0.5)
    assert ledger == before


def test_a_batch_judged_again_is_in_the_history_once(report, judge, deliver, this_week):
    entries = outputs.complete_ledger([judge(deliver("2026-03-09"), "fix_data")], this_week, report([]))
    assert [(entry.batch_id, entry.action) for entry in entries] == [("2026-03-09", "none")]


# --- Evidence --------------------------------------------------------------------------------------------


def test_kept_evidence_is_plain_and_complete(batch, rows, champion, parameters, gather, measure):
    _, profile, drift, quality, estimated = measure(rows)
    labelled = maturing.measure_matured_batches(gather({"2026-03-23": {}}), champion, (), parameters)
    evidence = judging.gather_evidence(batch, profile, quality, drift, labelled, estimated, champion)
    evidence = replace(evidence, probe=Probe("xgboost", ("2026-03-30",), 600, 200, Estimate(0.0, -0.1, 0.1), 0.5))
    kept = outputs.keep_evidence(judging.decide_batch_action(evidence, (), parameters), profile)
    assert list(kept) == ["2026-03-30"]
    plain = kept["2026-03-30"]
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert set(plain["evidence"]) == {one.name for one in fields(Evidence)}
    assert set(plain["facts"]) == {one.name for one in fields(BatchFacts)}
    assert plain["evidence"]["as_of"] == "2026-03-30"
    assert set(plain["evidence"]["labelled"][-1]) == {one.name for one in fields(LabelledEvidence)}
    assert plain["evidence"]["features"][0]["p_value"] == evidence.features[0].p_value
    assert plain["evidence"]["probe"]["gain"] == {"value": 0.0, "low": -0.1, "high": 0.1}
    assert plain["facts"]["repeated"]["reference_share"] == 0.0


# --- Track record ----------------------------------------------------------------------------------------


def test_the_track_record_compares_estimates_with_what_was_realized_then_or_just_now(judge, deliver):
    ledger = [
        judge(deliver("2026-02-16"), estimated_roc_auc=0.83, roc_auc=0.80),
        judge(deliver("2026-02-23"), estimated_roc_auc=0.80, roc_auc=0.5),
        judge(deliver("2026-03-02"), estimated_roc_auc=0.9),
        judge(deliver("2026-03-09"), roc_auc=0.7),
    ]
    labelled = LabelledBatches((measured("2026-02-23", EARLIER, value=0.81),))
    record = outputs.measure_track_record(ledger, labelled)
    assert record.batches == 2
    assert record.mean_absolute_error == pytest.approx((0.03 + 0.01) / 2)
    assert record.mean_error == pytest.approx((0.03 - 0.01) / 2)


def test_without_a_pair_to_compare_there_is_no_track_record(judge, deliver, build):
    ledger = [judge(deliver("2026-02-16"), estimated_roc_auc=0.83), judge(deliver("2026-02-23"), roc_auc=0.8)]
    record = outputs.measure_track_record(ledger, LabelledBatches())
    assert record == NO_RECORD
    (without,) = build(describe(estimated=ESTIMATED), record=record).values()
    (known,) = build(describe(estimated=ESTIMATED), record=TrackRecord(3, 0.01, -0.002)).values()
    assert without["performance"]["estimated"]["track_record"] is None
    assert known["performance"]["estimated"]["track_record"]["batches"] == 3
    assert "cannot see concept drift" in known["performance"]["estimated"]["note"]


# --- The run ---------------------------------------------------------------------------------------------


@pytest.fixture
def summarize(champion, deliver, parameters):
    def call(labelled=(), *, findings=(), labels=(), rejection=None, ledger=(), mode="calibrated", **told):
        rows = BatchRows(pd.DataFrame(), pd.Series(list(labels), dtype=float), rejection=rejection)
        batch = Batch("2026-03-09", DAY, DAY, deliver("2026-03-09", content="ten bytes."))
        own = tuple(item for item in labelled if item.performance is not None)
        judgement = judge_so(describe(labelled=own, findings=findings, **told), mode)
        known = LabelledBatches(tuple(labelled), own)
        drift = BatchDrift(distances={"age": {"psi": 0.2}})
        reports = {"2026-03-09": {"schema_version": "1.1"}}
        return outputs.summarize_run(batch, rows, judgement, drift, known, reports, ledger, champion, parameters)

    return call


def test_the_run_remembers_all_that_the_ledger_needs(summarize, judge, deliver):
    facts, outcome = summarize(ledger=[judge(deliver("2026-03-02")), judge(deliver("2026-03-16"))])
    tags = facts["tags"]
    assert (tags["batch"], tags["batch_date"], tags["as_of"]) == ("2026-03-09",) * 3
    assert (tags["action"], tags["rejected"], tags["model_version"], tags["file_size"]) == ("none", "false", "2", 10)
    assert facts["step"] == 2
    assert facts["metrics"]["drift_share"] == 0.5
    assert facts["metrics"]["drift_share_weighted"] == 0.9
    assert (facts["metrics"]["drift_effect/age"], facts["metrics"]["psi/age"]) == (0.3, 0.2)
    assert "drift_p_value/plan" not in facts["metrics"]
    assert (outcome.roc_auc, outcome.rejection, outcome.remarks) == (None, None, ())
    assert outcome.report_path == "data/08_reporting/monitoring/2026-03-09.json"


@pytest.mark.parametrize(("mode", "action"), [("calibrated", "none"), ("spec", "alert")])
def test_the_run_is_tagged_with_the_action_that_acts_and_with_both(summarize, mode, action):
    facts, outcome = summarize(mode=mode)
    tags = facts["tags"]
    assert (tags["action"], tags["action_calibrated"], tags["action_spec"]) == (action, "none", "alert")
    assert outcome.decision.action == action


def test_estimate_and_probe_are_metrics_of_the_run_where_there_are_any(summarize):
    probe = Probe("xgboost", ("2026-03-09",), 600, 200, Estimate(0.03, 0.01, 0.05), 0.002)
    metrics = summarize(estimated=ESTIMATED, probe=probe)[0]["metrics"]
    assert (metrics["estimated_roc_auc"], metrics["estimated_f1"]) == (0.82, 0.82)
    assert (metrics["probe_gain"], metrics["probe_p_value"]) == (0.03, 0.002)
    assert not {"estimated_roc_auc", "probe_gain", "domain_roc_auc"} & set(summarize()[0]["metrics"])


def test_a_probation_is_kept_with_the_evidence_and_its_looks_are_metrics_of_the_run(summarize, rows, measure):
    promised, found = Estimate(0.81, 0.78, 0.84), Estimate(0.79, 0.75, 0.82)
    watched = Probation("3", "2", ("2026-03-02", "2026-03-09"), 900, "realized", promised, found, 0.2)
    facts, _ = summarize(probation=watched)
    looked = {name: value for name, value in facts["metrics"].items() if name.startswith("probation")}
    assert looked.pop("probation_realized") == 2.0
    shown, _ = summarize(probation=replace(watched, looked=False))
    assert looked == {name: value for name, value in shown["metrics"].items() if name.startswith("probation")}
    assert not any(name.startswith("probation") for name in summarize()[0]["metrics"])
    _, profile, *_ = measure(rows)
    (plain,) = outputs.keep_evidence(judge_so(describe(probation=watched)), profile).values()
    told = json.loads(json.dumps(plain["evidence"]["probation"]))
    estimates = {name: Estimate(**told[name]) for name in ("promised", "found")}
    assert Probation(**{**told, **estimates, "batches": tuple(told["batches"])}) == watched


def test_the_share_that_left_the_anchor_is_a_metric_where_there_is_an_anchor(summarize):
    found = [FeatureDrift(name, "numeric", "ks", 0.3, 0.0, 0.0, 0.3, drifted=name == "age") for name in ("age", "plan")]
    metrics = summarize(anchor=AnchorDrift("1", "2025-01-06", tuple(found)))[0]["metrics"]
    assert metrics["anchor_drift_share"] == 0.5
    assert "anchor_drift_share" not in summarize()[0]["metrics"]


def test_an_earlier_run_gets_its_metrics_late_and_only_once(summarize, judge, deliver):
    labelled = [measured("2026-03-02", EARLIER)]
    facts, outcome = summarize(labelled, ledger=[judge(deliver("2026-03-02"))])
    late = facts["late_metrics"]["run 2026-03-02"]
    assert (late["roc_auc"], late["labelled_rows"], late["concept_p_value"]) == (0.8, 300, 0.4)
    assert "roc_auc" not in facts["metrics"]
    assert outcome.roc_auc.value == 0.8
    again, _ = summarize(labelled, ledger=[judge(deliver("2026-03-02"), **late)])
    assert again["late_metrics"] == {}
    without_tests = [measured("2026-03-02", EARLIER, tests=())]
    assert summarize(without_tests, ledger=[judge(deliver("2026-03-02"), **late)])[0]["late_metrics"] == {}


def test_what_could_not_be_told_is_said_with_file_and_remedy(summarize):
    small = Finding("small_batch", None, "info", 3.0, 200.0, "3 rows: only gross faults are judged")
    _, outcome = summarize(findings=[small], labels=[0.0, 0.0, None])
    few, single = outcome.remarks
    assert few.startswith("data/01_raw/production/2026-03-09.csv has 400 rows, too few")
    assert single.startswith("data/01_raw/production/2026-03-09.csv holds one class only in column left (2 labels)")


def test_a_rejected_batch_says_why(summarize):
    finding = Finding("unreadable", None, "failed", 1.0, 0.0, "x.csv cannot be read: deliver it again.")
    facts, outcome = summarize(rejection=finding)
    assert (facts["tags"]["rejected"], outcome.rejection) == ("true", finding.message)


def test_the_history_marks_what_retraining_did_on_a_day(judge, deliver):
    ledger = [
        judge(deliver("2026-03-02"), roc_auc=0.8, roc_auc_low=0.7, roc_auc_high=0.9),
        judge(deliver("2026-03-09")),
    ]
    attempt = Attempt("r", DAY, "retraining", "promoted", "2", "3")
    first, second = build_history(ledger, [attempt], {})
    assert (first["roc_auc"], first["event"]) == ({"value": 0.8, "low": 0.7, "high": 0.9}, None)
    assert (second["roc_auc"], second["event"], second["event_version"]) == (None, "promoted", "3")
