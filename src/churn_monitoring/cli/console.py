"""What commands print: one line per event, a table where there is one; plain when not a terminal."""

from typing import Any

import click

COLOURS = {"none": "green", "alert": "yellow", "fix_data": "red", "retrain": "magenta"}


def tell_training(outcome: Any) -> None:
    """One line about the champion a training put in service."""
    click.echo(
        f"Champion: {outcome.candidate}, holdout ROC-AUC {outcome.roc_auc.value:.3f} "
        f"({outcome.roc_auc.low:.3f} to {outcome.roc_auc.high:.3f}), {outcome.reference_rows} reference rows."
    )


def tell_monitoring(outcome: Any) -> None:
    """One line about a monitored batch: what was decided and the first reason; on stderr what could not be told."""
    action = outcome.decision.action
    known = f"ROC-AUC {outcome.roc_auc.value:.3f}" if outcome.roc_auc else "no matured labels"
    head = click.style(f"{action:<8}", fg=COLOURS[action])
    reason = "" if action == "none" else f"  {outcome.decision.reasons[0]}"
    if outcome.rejection:
        reason = "  not monitored"
    click.echo(f"{outcome.batch_id}  {head}  {outcome.rows:>6} rows  {known:<17}{reason}".rstrip())
    for remark in outcome.remarks:
        click.echo(remark, err=True)


def tell_attempt(outcome: Any) -> None:
    """One line about a retraining or recalibration: its verdict and why."""
    head = click.style(f"{outcome.kind}: {outcome.verdict}", bold=True)
    moved = outcome.version_before != outcome.version_after
    versions = f", version {outcome.version_before} -> {outcome.version_after}" if moved else ""
    click.echo(f"{outcome.as_of}  {head}{versions}  {'; '.join(outcome.reasons)}")


def tell_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """A table with aligned columns."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE, show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(soft_wrap=False, highlight=False).print(table)
