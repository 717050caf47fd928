"""``kedro cycle``: every waiting batch, oldest first, with retraining or another remedy where it was decided."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import click

from churn_monitoring.cli.console import tell_attempt, tell_monitoring
from churn_monitoring.cli.exit_codes import TABLE, fail_on_option, leave
from churn_monitoring.cli.probation import choose_rollback
from churn_monitoring.cli.rollback import roll_back
from churn_monitoring.cli.sessions import (
    AnotherRunAtWork,
    check_environment,
    exclusive,
    open_context,
    plain_errors,
    run_pipeline,
)
from churn_monitoring.cli.watching import watch
from churn_monitoring.core.errors import BatchRejected, ChurnMonitoringError, NothingToDo
from churn_monitoring.core.records import Action, Remedy
from churn_monitoring.decision.cooldown import find_due_remedy, find_due_retraining


@dataclass
class Tally:
    """What a cycle has done so far."""

    batches: int = 0
    rejected: int = 0
    last_report: str = ""
    actions: set[Action] = field(default_factory=set)


@click.command()
@fail_on_option
@click.option("--env", "-e", default=None, help="Configuration environment, a folder of conf/.")
def cycle(env: str | None, fail_on: Sequence[str]) -> None:
    """Monitor all waiting batches and retrain where decided; safe to start from cron twice at once."""
    with plain_errors():
        check_environment(env)
        try:
            with exclusive():
                tally = play(env)
                overdue = watch(env)
        except AnotherRunAtWork as error:
            click.echo(str(error), err=True)
            return
        if overdue is not None:
            tally.actions.add("alert")
            click.echo(overdue.message, err=True)
        if tally.rejected and not fail_on:
            raise BatchRejected(
                f"{tally.rejected} of {tally.batches} batches could not be monitored, as said above: "
                "deliver them again."
            )
        if not tally.batches:
            click.echo("No batch is waiting in data/01_raw/production.")
        leave(tally.actions, fail_on)


cycle.help = f"{cycle.help}\n\n{TABLE}"


def play(env: str | None) -> Tally:
    """Finish what was decided and interrupted, then take batch after batch."""
    tally = Tally()
    _act_if_due(env)
    while True:
        try:
            outcome = run_pipeline("monitoring", env)["monitoring_outcome"].load()
        except NothingToDo:
            return tally
        tell_monitoring(outcome)
        tally.batches += 1
        tally.actions.add(outcome.decision.action)
        tally.last_report = outcome.report_path
        if outcome.rejection:
            tally.rejected += 1
            click.echo(outcome.rejection, err=True)
        if outcome.decision.action == "retrain" or outcome.decision.remedy:
            _act_if_due(env)


def _act_if_due(env: str | None) -> None:
    with open_context(env) as context:
        load: Any = context.catalog.load
        params = context.params
        ledger, attempts = load("monitoring_ledger"), load("retraining_ledger")
        days = params["retraining_cooldown_days"], params["retraining_cooldown_max_days"]
        retraining, remedy = find_due_retraining(ledger, attempts, *days), find_due_remedy(ledger, attempts)
    if retraining is not None:
        outputs = run_pipeline("retraining", env, {"as_of": retraining.isoformat()})
        tell_attempt(outputs["retraining_outcome"].load())
    if remedy is not None:
        _carry_out(env, *remedy)


def _carry_out(env: str | None, remedy: Remedy, day: date) -> None:
    if remedy == "recalibrate":
        outputs = run_pipeline("recalibration", env, {"as_of": day.isoformat()})
        tell_attempt(outputs["recalibration_outcome"].load())
        return
    with open_context(env) as context:
        _put_back(context, day)


def _put_back(context: Any, day: date) -> None:
    """Roll back; a version that cannot be put back is said and asked for again, and must not stop the monitoring."""
    from churn_monitoring.datasets.registry import find_champion

    load, current = context.catalog.load, find_champion(context.params["model_name"])
    version, wanted = choose_rollback(load("monitoring_ledger"), load("retraining_ledger"), current)
    if not wanted:
        click.echo(f"{day}  Version {current} was put in service since, so nothing is rolled back.")
        return
    try:
        click.echo(f"{day}  {roll_back(context, version, reason=_tell_reason(context, day))}")
    except ChurnMonitoringError as error:
        click.echo(f"{day}  {error}", err=True)


def _tell_reason(context: Any, day: date) -> str:
    """What the judgement that asked for a rollback on ``day`` said, as its report has it."""
    asked = [entry.batch_id for entry in context.catalog.load("monitoring_ledger") if entry.as_of == day]
    reports = context.catalog.load("saved_reports")
    told = [reports[batch_id]()["decision"]["reasons"] for batch_id in reversed(asked) if batch_id in reports]
    return str(told[0][0]) if told else "its probation failed"
