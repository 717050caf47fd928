from datetime import date

from churn_monitoring.core.records import Attempt, LedgerEntry
from churn_monitoring.reporting.history import DIGESTED, build_history, digest_report, list_events

KNOWN = {"roc_auc": 0.8, "roc_auc_low": 0.7, "roc_auc_high": 0.9, "label_coverage": 0.6, "estimated_roc_auc": 0.82}


def entry(day, metrics):
    return LedgerEntry("r", f"b-{day}", day, day, "none", False, "2", 1, 1, "", metrics)


def test_a_digest_holds_what_the_ledger_does_not_and_is_small(report):
    digest = digest_report(report)
    assert digest["alerts"] == {"critical": 1, "warning": 1}
    assert digest["estimated"] == report["performance"]["estimated"]["roc_auc"]
    assert set(digest["effects"]) == {one["feature"] for one in report["drift"]["features"] if one["drifted"]}
    report["drift"]["features"] = [
        {**report["drift"]["features"][-1], "feature": f"f{number}"} for number in range(999)
    ]
    assert len(digest_report(report)["effects"]) == DIGESTED


def test_a_digest_of_a_batch_without_anything_is_empty(bare):
    assert digest_report(bare) == {"estimated": None, "alerts": {}, "effects": {}, "weights": {}}


def test_the_ledger_tells_performance_and_the_digest_the_rest():
    day = date(2026, 3, 2)
    digests = {"b-2026-03-02": {"estimated": {"value": 0.8, "low": 0.7, "high": 0.9}, "alerts": {"info": 1}}}
    first, second = build_history([entry(day, KNOWN), entry(date(2026, 3, 9), {})], [], digests)
    assert first["roc_auc"] == {"value": 0.8, "low": 0.7, "high": 0.9}
    assert (first["label_coverage"], first["alerts"], first["estimated"]["low"]) == (0.6, {"info": 1}, 0.7)
    assert (second["roc_auc"], second["estimated"], second["alerts"], second["effects"]) == (None, None, {}, {})


def test_without_a_digest_the_estimate_of_the_ledger_is_a_point():
    (only,) = build_history([entry(date(2026, 3, 2), KNOWN)], [], {})
    assert only["estimated"] == {"value": 0.82, "low": 0.82, "high": 0.82}


def test_an_event_names_the_versions_before_and_after():
    attempt = Attempt("r", date(2026, 3, 2), "rollback", "rolled_back", "2", "1")
    assert list_events([attempt]) == [
        {"as_of": "2026-03-02", "kind": "rollback", "verdict": "rolled_back", "version_before": "2", "version": "1"}
    ]
