"""From a judgement to what its run logs: problems, messages, and never the same news twice."""

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from churn_monitoring.alerting.lifecycle import Problem
from churn_monitoring.core.alert_options import AlertOptions
from churn_monitoring.core.records import Alert
from churn_monitoring.pipelines.monitoring.arriving import AS_USUAL, Arrival
from churn_monitoring.pipelines.monitoring.intake import Batch
from churn_monitoring.pipelines.monitoring.telling import follow_problems

DAY = date(2026, 3, 30)
DRIFT = Alert("feature_drift", "warning", "Feature drift in age.", 0.0001, 0.001)
OPEN = Problem("feature_drift", "warning", "Feature drift in age.", "2026-03-23", DAY, "2026-03-23", DAY)
CHANNELS = {"slack": {"kind": "apprise", "severity": "warning"}, "log": {"kind": "log", "severity": "critical"}}


class History:
    def __init__(self, problems: tuple[Problem, ...] = (), alerts: Any = None) -> None:
        self._problems, self._alerts = problems, alerts or {}

    def find_problems(self) -> tuple[Problem, ...]:
        return self._problems

    def find_alerts(self, run_id: str) -> Any:
        return self._alerts[run_id]


@pytest.fixture
def tell(deliver: Any, change: Any) -> Callable[..., dict[str, Any]]:
    def call(
        *alerts: Alert, history: Any = None, ledger: Any = (), rows: int = 600, arrival: Arrival = AS_USUAL, **told: Any
    ) -> dict[str, Any]:
        batch = Batch("2026-03-30", DAY, DAY, deliver("2026-03-30"))
        judgement = SimpleNamespace(alerts=alerts, evidence=SimpleNamespace(rows=rows))
        report = {
            "batch": {"id": "2026-03-30"},
            "model": {"version": "2"},
            "decision": {"action": "alert" if alerts else "none"},
            "alerts": [{"key": alert.key, "severity": alert.severity} for alert in alerts],
            "performance": {"realized": None},
        }
        settings = {"reminder_days": 14, "quiet_batches": 2, "timeout_seconds": 1, "report_url": None}
        policy = change().model_copy(update={"alerts": AlertOptions(**{**settings, "channels": CHANNELS, **told})})
        return follow_problems(
            batch, judgement, arrival, {"2026-03-30": report}, ledger, history or History(), policy
        )  # fmt: skip

    return call


def test_a_problem_that_opens_is_kept_and_told_with_the_words_of_the_report(tell: Any) -> None:
    facts = tell(DRIFT)
    assert facts["tags"] == {"problems": "1", "outbox": "pending"}
    (message,) = facts["artifacts"]["alerts.json"]["messages"]
    assert (message["channel"], message["batch"], message["version"]) == ("slack", "2026-03-30", "2")
    assert message["verdict"] == "Something changed: a person should look."
    assert message["next_steps"][0].startswith("Ask whether the drifted features have a business cause")
    assert message["report"] == "data/08_reporting/monitoring/2026-03-30.html"
    assert [item["kind"] for item in message["items"]] == ["opened"]


def test_mere_information_asks_nobody_to_do_anything(tell: Any) -> None:
    large = Alert("small_reference", "info", "The batch is large.", 0.3, 0.2)
    (message,) = tell(DRIFT, large)["artifacts"]["alerts.json"]["messages"]
    assert len(message["next_steps"]) == 1
    assert [item["key"] for item in message["items"]] == ["feature_drift"]


def test_a_problem_that_is_still_there_is_kept_and_not_told(tell: Any) -> None:
    facts = tell(DRIFT, history=History((OPEN,)))
    assert facts["tags"] == {"problems": "1", "outbox": "done"}
    assert facts["artifacts"]["alerts.json"]["messages"] == []


def test_a_quiet_batch_leaves_nothing_but_the_tags(tell: Any) -> None:
    assert tell() == {"tags": {"problems": "0", "outbox": "done"}}


def test_the_same_batch_judged_again_tells_only_what_its_earlier_judgement_had_not(
    tell: Any, judge: Any, deliver: Any
) -> None:
    ledger = [judge(deliver("2026-03-30")), judge(deliver("2026-04-06"))]
    known = History(alerts={"run 2026-03-30": {"feature_drift": "warning"}})
    assert tell(DRIFT, history=known, ledger=ledger)["tags"]["outbox"] == "done"
    worse = Alert("feature_drift", "critical", "m", 0.0, 0.0)
    assert tell(worse, history=known, ledger=ledger)["tags"]["outbox"] == "pending"


def test_an_older_batch_and_one_of_few_rows_are_no_quiet_ones(tell: Any, judge: Any, deliver: Any) -> None:
    waiting = Problem(**{name: getattr(OPEN, name) for name in OPEN.__slots__} | {"quiet": ("2026-03-24",)})
    assert tell(history=History((waiting,)))["tags"] == {"problems": "0", "outbox": "pending"}
    assert tell(history=History((waiting,)), rows=3)["tags"] == {"problems": "1", "outbox": "done"}
    later = [judge(deliver((DAY + timedelta(weeks=1)).isoformat()))]
    assert tell(history=History((waiting,)), ledger=later)["tags"] == {"problems": "1", "outbox": "done"}


def test_links_lead_to_where_the_reports_are_served_and_the_label_lag_is_a_metric(tell: Any) -> None:
    facts = tell(DRIFT, report_url="https://reports.example.org/churn/", arrival=Arrival((), 28.0))
    assert (
        facts["artifacts"]["alerts.json"]["messages"][0]["report"]
        == "https://reports.example.org/churn/2026-03-30.html"
    )
    assert facts["metrics"] == {"label_lag_days": 28.0}


def test_without_channels_problems_are_followed_all_the_same(tell: Any) -> None:
    facts = tell(DRIFT, channels={})
    assert facts["tags"] == {"problems": "1", "outbox": "done"}
