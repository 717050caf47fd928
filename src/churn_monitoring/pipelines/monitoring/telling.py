"""What people are told of a judgement: open problems before and after it, and the messages about the difference.

Nothing is sent here. Problems and messages become part of the run, and whoever finds it finished sends them
(docs/decisions/14-told-once.md).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from churn_monitoring.alerting.lifecycle import Judged, follow
from churn_monitoring.alerting.messages import Occasion, write_messages
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import LedgerEntry
from churn_monitoring.datasets.outbox import AlertHistory, show_outbox
from churn_monitoring.decision.judgement import Judgement
from churn_monitoring.pipelines.monitoring.arriving import LABEL_LAG, Arrival
from churn_monitoring.pipelines.monitoring.intake import Batch
from churn_monitoring.reporting.words import VERDICTS, describe_next_steps

REPORTS = "data/08_reporting/monitoring"


def follow_problems(
    batch: Batch,
    judgement: Judgement,
    arrival: Arrival,
    reports: Mapping[str, dict[str, Any]],
    ledger: Sequence[LedgerEntry],
    history: AlertHistory,
    policy: Parameters,
) -> dict[str, Any]:
    """What the run has to log of problems and messages, and the label lag that later batches are compared with."""
    before = next((entry for entry in ledger if entry.batch_id == batch.batch_id), None)
    newest = max((entry.batch_date for entry in ledger), default=batch.batch_date)
    judged = Judged(
        batch_id=batch.batch_id,
        day=batch.as_of,
        alerts=judgement.alerts,
        newest=batch.batch_date >= newest,
        conclusive=judgement.evidence.rows >= policy.drift.min_rows,
        known=history.find_alerts(before.run_id) if before else {},
    )
    options = policy.alerts
    problems, news = follow(history.find_problems(), judged, options.reminder_days, options.quiet_batches)
    occasion = describe_occasion(batch, reports[batch.batch_id], policy)
    facts = show_outbox(problems, write_messages(news, occasion, options.channels))
    return facts if arrival.label_lag is None else {**facts, "metrics": {LABEL_LAG: arrival.label_lag}}


def describe_occasion(batch: Batch, report: Mapping[str, Any], policy: Parameters) -> Occasion:
    """What every channel is told of this batch, in the words of its report; mere information asks for nothing."""
    action, folder = report["decision"]["action"], (policy.alerts.report_url or REPORTS).rstrip("/")
    problems = [alert for alert in report["alerts"] if alert["severity"] != "info"]
    return Occasion(
        model=policy.model_name,
        version=report["model"]["version"],
        batch=batch.batch_id,
        day=batch.as_of,
        action=action,
        verdict=VERDICTS[action],
        next_steps=tuple(describe_next_steps({**report, "alerts": problems})),
        report=f"{folder}/{batch.batch_id}.html",
    )
