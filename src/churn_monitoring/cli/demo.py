"""``kedro demo``: a simulated year of a churn business through the whole loop, and what it shows."""

from collections.abc import Sequence
from statistics import fmean

import click

from churn_monitoring.cli.cycle import play
from churn_monitoring.cli.run import simulate_if_nothing_given
from churn_monitoring.cli.sessions import exclusive, open_context, plain_errors, run_pipeline
from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.records import Attempt, LedgerEntry


@click.command()
def demo() -> None:
    """Simulate a business, train, play every week, and tell the champion's ROC-AUC before, during and after."""
    with plain_errors(), exclusive():
        with open_context(None) as context:
            simulation = context.params["simulation"]
        if simulation.source != "world":
            raise ConfigurationError("The demo plays the simulated world: set simulation.source to world.")
        drifts = [change.from_week for change in simulation.timeline if change.kind == "concept_drift"]
        simulate_if_nothing_given(None, None)
        run_pipeline("training", None)
        tally = play(None)
        with open_context(None) as context:
            ledger = context.catalog.load("monitoring_ledger")
            attempts = context.catalog.load("retraining_ledger")
        _tell_phases(ledger, attempts, min(drifts, default=len(ledger)))
        click.echo(f"Last report: {tally.last_report}")
        click.echo("All batches on one page: data/08_reporting/index.html")


def _tell_phases(ledger: Sequence[LedgerEntry], attempts: Sequence[Attempt], drift_week: int) -> None:
    promotions = [attempt for attempt in attempts if attempt.verdict == "promoted"]
    first = promotions[0].as_of if promotions else None
    phases: dict[str, list[float]] = {
        "before the drift": [],
        "during the drift": [],
        "after the promotion": [],
    }
    for week, entry in enumerate(ledger, start=1):
        if "roc_auc" not in entry.metrics:
            continue
        phase = "before the drift" if week < drift_week else "during the drift"
        if first is not None and entry.batch_date > first:
            phase = "after the promotion"
        phases[phase].append(entry.metrics["roc_auc"])
    click.echo("\nThe champion's realized ROC-AUC:")
    for phase, values in phases.items():
        shown = f"{fmean(values):.3f}  (mean of {len(values)} weeks)" if values else "no labels yet"
        click.echo(f"  {phase:<20} {shown}")
