"""The dead-man's switch: what only somebody who looks at the clock can find, since no batch comes to raise it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from churn_monitoring.cli.sessions import open_context
from churn_monitoring.core.parameters import Parameters, read_parameters
from churn_monitoring.core.records import Alert, LedgerEntry

EXPERIMENT = "ChurnPrediction-Alerts"
WHERE = "Look at the job that writes data/01_raw/production: batches are expected there as <batch id>.csv or .parquet."


def watch(env: str | None) -> Alert | None:
    """Look for overdue batches, record what is new about that, and send what waits.

    Returns:
        The alert that no batch comes, or None.
    """
    from churn_monitoring.datasets.delivery import send_waiting

    with open_context(env) as context:
        policy, ledger = read_parameters(context.params), context.catalog.load("monitoring_ledger")
        found = find_overdue(context, policy, ledger)
        _record_news(found, policy, ledger)
        send_waiting(context)
    return found


def find_overdue(context: Any, policy: Parameters, ledger: Iterable[LedgerEntry]) -> Alert | None:
    """The alert that no batch has come for longer than usual, by the clock of this machine; nothing is written."""
    from churn_monitoring.alerting.overdue import raise_overdue

    arrivals = [delivery.modified_date for delivery in context.catalog.load("deliveries").values()]
    today = datetime.now(tz=UTC).date()
    return raise_overdue([entry.batch_date for entry in ledger], arrivals, today, policy.deliveries)


def _record_news(found: Alert | None, policy: Parameters, ledger: Iterable[LedgerEntry]) -> None:
    """A run of its own where something has changed; none on the many days on which nothing has."""
    import mlflow

    from churn_monitoring.alerting.lifecycle import Judged, follow
    from churn_monitoring.alerting.messages import write_messages
    from churn_monitoring.datasets.outbox import load_problems, show_outbox
    from churn_monitoring.datasets.run_facts import RunFactsDataset

    before, today = load_problems(EXPERIMENT, policy.model_name), datetime.now(tz=UTC).date()
    if found is None and not before:
        return
    newest = max((entry.batch_id for entry in ledger), default="")
    judged = Judged(newest, today, [found] if found else [])
    problems, news = follow(before, judged, policy.alerts.reminder_days, quiet_batches=1)
    if not news:
        return
    messages = write_messages(news, _describe(found, policy, today), policy.alerts.channels)
    told = ", ".join(f"{one.problem.key} {one.kind}" for one in news)
    mlflow.set_experiment(EXPERIMENT)
    tags = {"model_name": policy.model_name, "kind": "watch", "as_of": today.isoformat()}
    with mlflow.start_run(run_name=f"{today} {told}", tags=tags):
        RunFactsDataset().save(show_outbox(problems, messages))


def _describe(found: Alert | None, policy: Parameters, today: date) -> Any:
    from churn_monitoring.alerting.messages import Occasion

    verdict = found.message if found else "Batches come again."
    steps = (WHERE,) if found else ()
    return Occasion(policy.model_name, "", "", today, "alert" if found else "none", verdict, steps, None)
