"""``kedro backtest``: what the saved batches would have been judged as under other parameters."""

from functools import partial
from typing import Any

import click
from kedro.framework.cli.utils import _split_params

from churn_monitoring.cli.console import tell_table
from churn_monitoring.cli.sessions import check_environment, open_context, plain_errors
from churn_monitoring.core.errors import NothingToDo
from churn_monitoring.core.parameters import read_parameters


@click.command()
@click.option("--env", "-e", default=None, help="Configuration environment, a folder of conf/.")
@click.option("--params", default="", callback=_split_params, help="Parameters that differ, as in `kedro run`.")
def backtest(env: str | None, params: dict[str, Any]) -> None:
    """Decide all saved batches again under edited parameters; nothing is written."""
    with plain_errors():
        check_environment(env)
        with open_context(env) as context:
            present = read_parameters(context.params)
        with open_context(env, params) as context:
            tell_backtest(context, present)


def tell_backtest(context: Any, present: Any) -> None:
    """Print the batches whose action differs between the present and the edited parameters.

    Raises:
        NothingToDo: no batch has been judged yet.
    """
    from rich.progress import Progress

    from churn_monitoring.bench.backtest import History, decide_again
    from churn_monitoring.datasets.registry import load_version
    from churn_monitoring.pipelines.monitoring.maturing import pair_logs

    load, edited = context.catalog.load, read_parameters(context.params)
    ledger = load("monitoring_ledger")
    if not ledger:
        raise NothingToDo("No batch has been judged yet: run `kedro cycle` first.")
    history = History(
        ledger,
        pair_logs(load("kept_predictions"), load("kept_samples"), load("kept_features")),
        load("kept_evidence"),
        load("label_files"),
        load("retraining_ledger"),
        partial(load_version, edited.model_name),
    )
    with Progress(transient=True) as progress:
        task = progress.add_task("batches", total=2 * len(ledger))
        before, after = (decide_again(history, policy, lambda: progress.advance(task)) for policy in (present, edited))
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old.now != new.now]
    for old, new in changed:
        click.echo(f"{new.batch_id}  {old.now} -> {new.now}  {new.reasons[0]}")
    counts = [
        [action, str(sum(one.now == action for one in before)), str(sum(one.now == action for one in after))]
        for action in ("none", "alert", "fix_data", "retrain")
    ]
    tell_table("", ["action", "present", "edited"], counts)
    click.echo(f"{len(changed)} of {len(before)} batches would have been judged otherwise. Nothing was changed.")
    differing = [one.batch_id for one in before if one.now != one.then]
    if differing:
        click.echo(
            f"With the present parameters {len(differing)} batches are judged otherwise than on their day (such as "
            f"{differing[0]}): parameters, program or label files have changed since."
        )
