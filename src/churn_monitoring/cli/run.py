"""``kedro run``: Kedro's own command with its options, with errors told as sentences."""

import logging
from collections.abc import Sequence
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run

from churn_monitoring.cli.console import tell_attempt, tell_monitoring, tell_training
from churn_monitoring.cli.exit_codes import TABLE, fail_on_option, leave
from churn_monitoring.cli.sessions import (
    check_environment,
    exclusive,
    open_context,
    outside_notebooks,
    plain_errors,
    run_pipeline,
)
from churn_monitoring.cli.watching import watch
from churn_monitoring.core.errors import BatchRejected, ConfigurationError, NothingToDo
from churn_monitoring.core.parameters import read_parameters

PIPELINES = ("training", "simulation", "monitoring", "retraining", "recalibration")


def _run(*, fail_on: Sequence[str] = (), **options: Any) -> None:
    with plain_errors(), outside_notebooks(), exclusive():
        check_environment(options["env"])
        # --pipeline is deprecated by Kedro with a warning on every use; it means the same.
        asked = [options.pop("pipeline")] if options.get("pipeline") else list(options["pipelines"] or ())
        options |= {"pipeline": "", "pipelines": asked}
        unknown = [name for name in asked if name not in (*PIPELINES, "__default__")]
        if unknown:
            raise ConfigurationError(
                f"There is no pipeline '{unknown[0]}' (there are: {', '.join(PIPELINES)}): check --pipeline."
            )
        if not asked:
            simulate_if_nothing_given(options["env"], options["params"])
        try:
            outputs = kedro_run.callback(**options)  # type: ignore[misc]
        except NothingToDo:
            _tell_overdue(options["env"], fail_on)
            raise
        _tell(outputs, fail_on)


def _tell_overdue(env: str | None, fail_on: Sequence[str]) -> None:
    overdue = watch(env)
    if overdue is not None:
        click.echo(overdue.message, err=True)
        leave(["alert"], fail_on)


def simulate_if_nothing_given(env: str | None, params: dict[str, Any] | None) -> None:
    """Simulate the business first when no batch and, for a simulated world, no customers are there."""
    with open_context(env, params) as context:
        read_parameters(context.params)
        source = context.params["simulation"].source
        wanted = not context.catalog.load("deliveries")
        if source == "world" and context.catalog.exists("customers"):
            wanted = False
    if wanted:
        logging.getLogger(__name__).info("No customers and no batches are given: simulating a business first.")
        run_pipeline("simulation", env, params)


def _tell(outputs: dict[str, Any], fail_on: Sequence[str]) -> None:
    """Print what the pipeline that ran has to say, and leave with a code of its own where ``fail_on`` asks for it.

    Raises:
        BatchRejected: the batch could not be monitored, its rejection is recorded, and no code was asked for.
    """
    if "monitoring_outcome" in outputs:
        outcome = outputs["monitoring_outcome"].load()
        tell_monitoring(outcome)
        if outcome.rejection and fail_on:
            click.echo(outcome.rejection, err=True)
        leave([outcome.decision.action], fail_on)
        if outcome.rejection and not fail_on:
            raise BatchRejected(outcome.rejection)
    for name in ("retraining_outcome", "recalibration_outcome"):
        if name in outputs:
            tell_attempt(outputs[name].load())
    if "training_outcome" in outputs:
        tell_training(outputs["training_outcome"].load())


run = click.Command(
    "run",
    params=kedro_run.params,
    callback=_run,
    help=f"Run a pipeline: training (the default), simulation, monitoring, retraining or recalibration.\n\n{TABLE}",
)
run = fail_on_option(run)
