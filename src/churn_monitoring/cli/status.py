"""``kedro status``: who is in service, what was found lately, what is waiting."""

import itertools
from collections.abc import Sequence
from datetime import date
from typing import Any

import click

from churn_monitoring.cli.console import tell_table
from churn_monitoring.cli.exit_codes import TABLE, fail_on_option, leave
from churn_monitoring.cli.probation import describe_probation
from churn_monitoring.cli.sessions import check_environment, open_context, plain_errors
from churn_monitoring.cli.watching import find_overdue
from churn_monitoring.core.errors import NoChampion
from churn_monitoring.core.records import Action, LedgerEntry
from churn_monitoring.promotion.reigns import Reign

LAST_BATCHES = 8


@click.command()
@click.option("--history", is_flag=True, help="Show who was champion from when to when, and by which decision.")
@fail_on_option
@click.option("--env", "-e", default=None, help="Configuration environment, a folder of conf/.")
def status(env: str | None, fail_on: Sequence[str], *, history: bool) -> None:
    """Show champion, last batches, cooldown, waiting batches and maturing labels.

    With --fail-on it leaves as the newest judgement asks, or with the code of an alert where no batch comes.
    """
    with plain_errors():
        check_environment(env)
        with open_context(env) as context:
            if history:
                tell_history(context)
            else:
                leave(tell_status(context), fail_on)


status.help = f"{status.help}\n\n{TABLE}"


def tell_status(context: Any) -> list[Action]:
    """Print the state as the tracking database and the folders have it; returns what it asks for.

    Raises:
        NoChampion: nothing is in service yet.
    """
    from churn_monitoring.core.parameters import read_parameters
    from churn_monitoring.decision.cooldown import compute_cooldown
    from churn_monitoring.pipelines.monitoring.intake import find_waiting

    load, params = context.catalog.load, context.params
    champion, ledger, attempts = load("champion"), load("monitoring_ledger"), load("retraining_ledger")
    roc_auc = champion.roc_auc
    click.echo(
        f"Champion   {params['model_name']} version {champion.version} ({champion.candidate}), in service since "
        f"{champion.facts['as_of']}; reference ROC-AUC {roc_auc.value:.3f} ({roc_auc.low:.3f} to {roc_auc.high:.3f})"
    )
    policy = read_parameters(params)
    overdue = find_overdue(context, policy, ledger)
    waiting = find_waiting(load("deliveries"), ledger)
    names = f": {', '.join(delivery.batch_id for delivery in waiting[:3])}" if waiting else ""
    click.echo(f"Waiting    {len(waiting)} batches{names}{', ...' if len(waiting) > 3 else ''}")
    if overdue is not None:
        click.echo(f"Overdue    {overdue.message}")
    if ledger:
        newest = max(entry.as_of for entry in ledger)
        days = params["retraining_cooldown_days"], params["retraining_cooldown_max_days"]
        cooldown = compute_cooldown(attempts, newest, *days)
        click.echo(f"Cooldown   {f'until {cooldown.until}' if cooldown.active else 'none'}")
        watched = describe_probation(ledger, attempts, champion.version, policy.probation, policy.labels)
        click.echo(f"Probation  {watched}")
        unlabelled = sum("roc_auc" not in entry.metrics and not entry.rejected for entry in ledger)
        click.echo(f"Labels     {unlabelled} of {len(ledger)} batches have too few matured labels by {newest}")
        tell_table("", ["batch", "action", "model", "ROC-AUC", "drifted"], _tabulate(ledger[-LAST_BATCHES:]))
    for attempt in attempts[-3:]:
        click.echo(f"{attempt.as_of}  {attempt.kind}: {attempt.verdict}, in service: version {attempt.version_after}")
    actions = [entry.action for entry in ledger[-1:]]
    return actions if overdue is None else [*actions, "alert"]


def tell_history(context: Any) -> None:
    """Print the ledger of champions, oldest first.

    Raises:
        NoChampion: none was ever in service.
    """
    reigns = context.catalog.load("champion_ledger")
    if not reigns:
        raise NoChampion(
            f"No champion was ever in service under the name '{context.params['model_name']}': train one first with "
            "`kedro run --pipeline training` (and the same --env)."
        )
    tell_table("", ["version", "since", "until", "by", "candidate"], [_tell_reign(reign) for reign in reigns])
    tell_table("", ["version", "began (UTC)", "data", "config", "code", "run"], [_tell_making(each) for each in reigns])
    for before, reign in itertools.pairwise(reigns):
        told = f": {reign.reason}" if reign.reason else ""
        click.echo(f"{_tell_day(reign.since)}  {before.version} -> {reign.version}  {reign.by}{told}")


def _tell_reign(reign: Reign) -> list[str]:
    until = _tell_day(reign.until) if reign.ended_by else "in service"
    return [reign.version, _tell_day(reign.since), until, reign.by, reign.facts.candidate or "-"]


def _tell_making(reign: Reign) -> list[str]:
    """What a reign began with; fingerprints, commits and runs by their first digits, as git shows them."""
    version, _, commit = reign.facts.code.partition("+")
    code = f"{version}+{commit[:7]}" if commit else version
    began = f"{reign.since_at:%Y-%m-%d %H:%M}" if reign.since_at else "unknown"
    told = [reign.facts.data_sha256[:8], reign.facts.parameters_sha256[:8], code, reign.run_id[:8]]
    return [reign.version, began, *(each or "-" for each in told)]


def _tell_day(day: date | None) -> str:
    return day.isoformat() if day else "unknown"


def _tabulate(entries: Sequence[LedgerEntry]) -> list[list[str]]:
    def show(entry: LedgerEntry, metric: str, form: str) -> str:
        return format(entry.metrics[metric], form) if metric in entry.metrics else "-"

    return [
        [
            entry.batch_id,
            entry.action,
            entry.model_version,
            show(entry, "roc_auc", ".3f"),
            show(entry, "drift_share", ".0%"),
        ]
        for entry in entries
    ]
