"""``kedro cycle``: every waiting batch, oldest first, with retraining where it was decided."""

from dataclasses import dataclass
from typing import Any

import click

from churn_monitoring.cli.console import tell_monitoring, tell_retraining
from churn_monitoring.cli.sessions import (
    AnotherRunAtWork,
    check_environment,
    exclusive,
    open_context,
    plain_errors,
    run_pipeline,
)
from churn_monitoring.core.errors import BatchRejected, NothingToDo
from churn_monitoring.decision.cooldown import find_due_retraining


@dataclass
class Tally:
    """What a cycle has done so far."""

    batches: int = 0
    rejected: int = 0
    last_report: str = ""


@click.command()
@click.option("--env", "-e", default=None, help="Configuration environment, a folder of conf/.")
def cycle(env: str | None) -> None:
    """Monitor all waiting batches and retrain where decided; safe to start from cron twice at once."""
    with plain_errors():
        check_environment(env)
        try:
            with exclusive():
                tally = play(env)
        except AnotherRunAtWork as error:
            click.echo(str(error), err=True)
            return
        if tally.rejected:
            raise BatchRejected(
                f"{tally.rejected} of {tally.batches} batches could not be monitored, as said above: "
                "deliver them again."
            )
        if not tally.batches:
            click.echo("No batch is waiting in data/01_raw/production.")


def play(env: str | None) -> Tally:
    """Finish a retraining that was decided and interrupted, then take batch after batch."""
    tally = Tally()
    _retrain_if_due(env)
    while True:
        try:
            outcome = run_pipeline("monitoring", env)["monitoring_outcome"].load()
        except NothingToDo:
            return tally
        tell_monitoring(outcome)
        tally.batches += 1
        tally.last_report = outcome.report_path
        if outcome.rejection:
            tally.rejected += 1
            click.echo(outcome.rejection, err=True)
        if outcome.decision.action == "retrain":
            _retrain_if_due(env)


def _retrain_if_due(env: str | None) -> None:
    with open_context(env) as context:
        load: Any = context.catalog.load
        params = context.params
        due = find_due_retraining(
            load("monitoring_ledger"),
            load("retraining_ledger"),
            params["retraining_cooldown_days"],
            params["retraining_cooldown_max_days"],
        )
    if due is not None:
        outputs = run_pipeline("retraining", env, {"as_of": due.isoformat()})
        tell_retraining(outputs["retraining_outcome"].load())
