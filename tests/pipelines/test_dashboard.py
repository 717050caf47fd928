"""The dashboard as monitoring and attempts draw it."""

from datetime import date
from types import SimpleNamespace

from churn_monitoring.core.records import Attempt
from churn_monitoring.pipelines import dashboard

DAY = date(2026, 3, 9)
DIGEST = {"estimated": None, "alerts": {"warning": 2}, "effects": {"age": 0.4}, "weights": {"age": 0.1}}


def attempt(verdict, kind="retraining"):
    return SimpleNamespace(kind=kind, verdict=verdict, reasons=("It gains.",))


def test_digests_are_read_once_each_and_a_batch_without_one_is_read_from_its_report(judge, deliver):
    read = []
    ledger = [judge(deliver("2026-02-23")), judge(deliver("2026-03-02"))]

    def tell():
        read.append("2026-03-02")
        return DIGEST

    report = {"performance": {"estimated": None}, "alerts": [], "drift": {"features": []}}
    history = dashboard.gather_history(ledger, (), {"2026-03-02": tell}, {"2026-02-23": lambda: report, "x": None})
    assert read == ["2026-03-02"]
    assert [one["alerts"] for one in history.batches] == [{}, {"warning": 2}]


def test_an_attempt_is_on_the_page_before_its_run_has_finished(judge, deliver, parameters):
    ledger = [judge(deliver("2026-03-09"))]
    receipt = {"version_before": "2", "version_after": "3", "refused": ""}
    before = [Attempt("r", date(2026, 3, 2), "retraining", "kept", "2", "2")]
    page = dashboard.rebuild_dashboard(attempt("promoted"), receipt, DAY, ledger, before, {}, {}, parameters)
    assert "<dd>v3<small>promoted 2026-03-09</small>" in page
    assert page.index("v2 → v3") < page.index("v2 stays")


def test_a_version_that_the_registry_refused_is_not_told_as_in_service(judge, deliver, parameters):
    receipt = {"version_before": "2", "version_after": "2", "refused": "version 3 cannot be loaded"}
    ledger = [judge(deliver("2026-03-09"))]
    page = dashboard.rebuild_dashboard(attempt("promoted"), receipt, DAY, ledger, [], {}, {}, parameters)
    assert "v2 stays" in page
    assert "promoted 2026" not in page
    told = dashboard.rebuild_dashboard(attempt("kept", "recalibration"), receipt, DAY, ledger, [], {}, {}, parameters)
    assert "<td>recalibration</td><td>kept</td>" in told
