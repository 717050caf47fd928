"""``kedro alerts``: what is open and what waits to be sent; ``kedro alerts test``: whether the channels work."""

import sys
from datetime import UTC, datetime
from typing import Any

import click

from churn_monitoring.cli.console import tell_table
from churn_monitoring.cli.sessions import check_environment, open_context, plain_errors
from churn_monitoring.core.errors import ChurnMonitoringError, ConfigurationError
from churn_monitoring.core.parameters import Parameters, read_parameters

COLOURS = {"info": "blue", "warning": "yellow", "critical": "red"}


@click.group(invoke_without_command=True)
@click.option("--env", "-e", default=None, help="Configuration environment, a folder of conf/.")
@click.pass_context
def alerts(context: click.Context, env: str | None) -> None:
    """List open problems; `kedro alerts test` sends a sample to every channel."""
    context.obj = env
    if context.invoked_subcommand is None:
        with plain_errors():
            check_environment(env)
            with open_context(env) as project:
                tell_open(read_parameters(project.params))


@alerts.command()
@click.option("--env", "-e", default=None, help="Configuration environment, a folder of conf/.")
@click.pass_obj
def test(outer_env: str | None, env: str | None) -> None:
    """Send a sample to every channel and say of each whether it was taken; leaves with 1 if one was not."""
    with plain_errors():
        check_environment(env or outer_env)
        with open_context(env or outer_env) as project:
            send_samples(project)


def tell_open(policy: Parameters) -> None:
    """Print the open problems, the worst first, and how many messages wait for which channel.

    A table in a terminal, else one line per problem, which other programs can search.
    """
    from collections import Counter

    from rich.markup import escape

    from churn_monitoring.alerting.lifecycle import RANK
    from churn_monitoring.datasets.delivery import EXPERIMENTS
    from churn_monitoring.datasets.outbox import find_pending, load_problems

    problems = [problem for name in EXPERIMENTS for problem in load_problems(name, policy.model_name)]
    worst_first = sorted(problems, key=lambda one: (-RANK[one.severity], one.first_day, one.key))
    if not problems:
        click.echo("No problem is open.")
    elif sys.stdout.isatty():
        rows = [[f"[{COLOURS[row[0]]}]{row[0]}[/]", *map(escape, row[1:])] for row in map(_show, worst_first)]
        tell_table("", ["severity", "problem", "since", "last told", "what"], rows)
    else:
        for severity, key, since, told, message in map(_show, worst_first):
            click.echo(f"{severity:<8}  since {since}, told {told}  {key}: {message}")
    waiting = Counter(
        message.channel for run in find_pending(EXPERIMENTS, policy.model_name) for message in run.waiting
    )
    if waiting:
        click.echo(f"Messages to send: {', '.join(f'{count} to {name}' for name, count in sorted(waiting.items()))}")


def _show(problem: Any) -> list[str]:
    days = problem.first_day.isoformat(), problem.told_day.isoformat()
    return [problem.severity, problem.key, *days, problem.message]


def send_samples(project: Any) -> None:
    """Send a sample to every channel, quiet hours or not.

    Raises:
        ConfigurationError: there is no channel.
        ChurnMonitoringError: one has not taken it.
    """
    from churn_monitoring.datasets.addresses import find_addresses, read_credentials
    from churn_monitoring.datasets.channels import send

    policy = read_parameters(project.params)
    channels = policy.alerts.channels
    if not channels:
        raise ConfigurationError(
            "There is no channel: name one under alerts.channels in parameters.yml (docs/alerts.md)."
        )
    addresses = find_addresses(policy.alerts, read_credentials(project))
    failed = []
    width = max(map(len, channels))
    for name, options in channels.items():
        reason = send(
            _write_sample(name, policy.model_name), options.kind, addresses.get(name), policy.alerts.timeout_seconds
        )
        click.echo(f"{name:<{width}}  {'arrived' if reason is None else f'did not arrive: {reason}'}")
        failed += [name] if reason else []
    if failed:
        raise ChurnMonitoringError(
            f"{len(failed)} of {len(channels)} channels did not take the sample: {', '.join(failed)}."
        )


def _write_sample(channel: str, model: str) -> Any:
    from churn_monitoring.alerting.lifecycle import News, Problem
    from churn_monitoring.alerting.messages import Occasion, write_messages
    from churn_monitoring.core.alert_options import ChannelOptions

    day = datetime.now(tz=UTC).date()
    problem = Problem("sample", "info", "This is a sample; nothing is wrong.", "", day, "", day)
    occasion = Occasion(model, "", "sample", day, "none", "A sample, sent by `kedro alerts test`.", ("Nothing.",), None)
    routed = {channel: ChannelOptions(kind="log", severity="info")}
    return write_messages([News("opened", problem)], occasion, routed)[0]
