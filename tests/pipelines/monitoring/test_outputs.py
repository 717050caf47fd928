"""What a monitoring leaves behind, on the batch itself and on earlier ones."""

from copy import deepcopy
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from churn_monitoring.core.records import (
    Attempt,
    Decision,
    Estimate,
    Evidence,
    FeatureDrift,
    Finding,
    LabelledEvidence,
    Performance,
    Quality,
)
from churn_monitoring.pipelines.monitoring.intake import Batch, BatchRows
from churn_monitoring.pipelines.monitoring.nodes import BatchDrift
from churn_monitoring.pipelines.monitoring.outputs import build_history, build_reports, summarize_run
from churn_monitoring.reporting.report import build_report

DAY, EARLIER = date(2026, 3, 9), date(2026, 3, 2)
NONE = Decision("none", ("Nothing found that asks for action.",))
CONCEPT = FeatureDrift("left", "concept", "calibration_slope", 1.0, 0.4, 0.4, 0.02, drifted=False)


def measured(batch_id, day, rows=300, value=0.8):
    roc_auc = Estimate(value, value - 0.05, value + 0.05)
    performance = Performance(roc_auc, 0.5, 0.8, 0.6, 0.6, 0.6, 0.15, 0.45, 0.4, rows, rows // 4)
    return LabelledEvidence(batch_id, day, rows, rows / 400, performance, None, CONCEPT, auc_drop_z=-0.1)


def gather(batch_id="2026-03-09", day=DAY, labelled=(), findings=()):
    feature = FeatureDrift("age", "numeric", "kolmogorov_smirnov", 0.2, 1e-9, 1e-9, 0.3, drifted=True)
    calm = FeatureDrift("plan", "categorical", "chi_square", 0.2, None, None, 0.0, drifted=False)
    quality = Quality("ok", tuple(findings))
    return Evidence(batch_id, day, 400, quality, (feature, calm), None, tuple(labelled), 3000, Estimate(0.8, 0.7, 0.9))


@pytest.fixture
def saved():
    """The report of the week before, unlabelled so far, by version 2."""
    model = {"name": "churn", "version": "2"}
    return build_report(gather("2026-03-02", EARLIER), (), NONE, None, model)


def report(saved, champion, labelled):
    reports, same = build_reports(
        gather(), (), NONE, labelled, champion, "churn", {"2026-03-02": lambda: deepcopy(saved)}
    )
    assert reports is same
    return reports


def test_late_labels_fill_the_report_of_an_earlier_batch_and_leave_its_decision(saved, champion):
    reports = report(saved, champion, [measured("2026-03-02", EARLIER)])
    late = reports["2026-03-02"]
    assert late["performance"]["realized"]["rows"] == 300
    assert late["batch"]["label_coverage"] == 0.75
    assert late["drift"]["concept"]["p_value"] == 0.4
    assert (late["decision"], late["batch"]["as_of"]) == (saved["decision"], "2026-03-02")
    assert reports["2026-03-09"]["performance"]["realized"] is None


def test_a_report_about_which_nothing_new_is_known_is_not_written_again(saved, champion):
    labelled = [measured("2026-03-02", EARLIER)]
    once = report(saved, champion, labelled)["2026-03-02"]
    assert list(report(once, champion, labelled)) == ["2026-03-09"]


@pytest.mark.parametrize("news", [{"rows": 320}, {"value": 0.79}])
def test_more_labels_or_corrected_ones_are_news(saved, champion, news):
    once = report(saved, champion, [measured("2026-03-02", EARLIER)])["2026-03-02"]
    again = report(once, champion, [measured("2026-03-02", EARLIER, **news)])
    assert again["2026-03-02"] != once


def test_the_first_labels_raise_the_coverage_though_they_are_too_few_to_measure(saved, champion):
    few = replace(measured("2026-03-02", EARLIER, rows=20), performance=None, concept=None)
    late = report(saved, champion, [few])["2026-03-02"]
    assert (late["batch"]["label_coverage"], late["performance"]["realized"]) == (0.05, None)


def test_what_was_said_of_the_concept_under_an_earlier_champion_stays(saved, champion):
    saved["model"]["version"] = "1"
    saved["drift"]["concept"] = {"p_value": 0.0001}
    late = report(saved, champion, [replace(measured("2026-03-02", EARLIER), concept=None)])["2026-03-02"]
    assert late["drift"]["concept"] == {"p_value": 0.0001}
    assert late["performance"]["realized"]["rows"] == 300


def test_a_batch_whose_report_was_removed_is_no_obstacle(champion):
    reports, _ = build_reports(gather(), (), NONE, [measured("2026-03-02", EARLIER)], champion, "churn", {})
    assert list(reports) == ["2026-03-09"]


@pytest.fixture
def summarize(champion, deliver, judge):
    def call(labelled=(), *, findings=(), labels=(), rejection=None, ledger=()):
        rows = BatchRows(pd.DataFrame(), pd.Series(list(labels), dtype=float), rejection=rejection)
        delivery = deliver("2026-03-09", content="ten bytes.")
        batch = Batch("2026-03-09", DAY, DAY, delivery)
        own = tuple(item for item in labelled if item.performance is not None)
        evidence = gather(labelled=own, findings=findings)
        reports = {"2026-03-09": {"schema_version": "1.0"}}
        return summarize_run(batch, rows, evidence, BatchDrift(), labelled, NONE, reports, ledger, champion, "churn")

    return call


def test_the_run_remembers_all_that_the_ledger_needs(summarize, judge, deliver):
    facts, outcome = summarize(ledger=[judge(deliver("2026-03-02")), judge(deliver("2026-03-16"))])
    tags = facts["tags"]
    assert (tags["batch"], tags["batch_date"], tags["as_of"]) == ("2026-03-09",) * 3
    assert (tags["action"], tags["rejected"], tags["model_version"], tags["file_size"]) == ("none", "false", "2", 10)
    assert facts["step"] == 2
    assert facts["metrics"]["drift_share"] == 0.5
    assert facts["metrics"]["drift_effect/age"] == 0.3
    assert "drift_p_value/plan" not in facts["metrics"]
    assert (outcome.roc_auc, outcome.rejection, outcome.remarks) == (None, None, ())
    assert outcome.report_path == "data/08_reporting/monitoring/2026-03-09.json"


def test_an_earlier_run_gets_its_metrics_late_and_only_once(summarize, judge, deliver):
    labelled = [measured("2026-03-02", EARLIER)]
    facts, outcome = summarize(labelled, ledger=[judge(deliver("2026-03-02"))])
    late = facts["late_metrics"]["run 2026-03-02"]
    assert (late["roc_auc"], late["labelled_rows"], late["concept_p_value"]) == (0.8, 300, 0.4)
    assert "roc_auc" not in facts["metrics"]
    assert outcome.roc_auc.value == 0.8
    again, _ = summarize(labelled, ledger=[judge(deliver("2026-03-02"), **late)])
    assert again["late_metrics"] == {}


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
    first, second = build_history(ledger, [attempt])
    assert (first["roc_auc"], first["event"]) == ({"value": 0.8, "low": 0.7, "high": 0.9}, None)
    assert (second["roc_auc"], second["event"], second["event_version"]) == (None, "promoted", "3")
