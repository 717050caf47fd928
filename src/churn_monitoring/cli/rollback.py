"""``kedro rollback``: the previous champion back in service."""

from datetime import UTC, date, datetime
from typing import Any

import click

from churn_monitoring.cli.sessions import check_environment, exclusive, open_context, plain_errors
from churn_monitoring.core.errors import NoChampion


@click.command()
@click.option("--to", "version", default=None, help="Version to put in service; default: the previous champion.")
@click.option("--env", "-e", default=None, help="Configuration environment, a folder of conf/.")
def rollback(version: str | None, env: str | None) -> None:
    """Put the previous champion back in service and record it."""
    with plain_errors(), exclusive():
        check_environment(env)
        with open_context(env) as context:
            click.echo(roll_back(context, version))


def roll_back(context: Any, version: str | None) -> str:
    """Move the alias after the version has been loaded once; returns the sentence to print.

    Raises:
        NoChampion: there is no champion, no previous one, or no such version.
    """
    from churn_monitoring.datasets.champion import CHAMPION, PREVIOUS, find_version, load_version, restore

    name = context.params["model_name"]
    current, previous = find_version(name, CHAMPION), find_version(name, PREVIOUS)
    if current is None:
        raise NoChampion(f"No champion is in service under the name '{name}': there is nothing to roll back.")
    if version is None and previous is None:
        raise NoChampion(f"No previous champion of '{name}' is kept: name a version with --to.")
    wanted = version or str(previous.version)  # type: ignore[union-attr]
    if wanted == str(current.version):
        return f"Version {wanted} of '{name}' is in service already."
    load_version(name, wanted)
    ledger = context.catalog.load("monitoring_ledger")
    as_of = max((entry.as_of for entry in ledger), default=datetime.now(tz=UTC).date())
    with _recorded_run(name, {"version_before": str(current.version), "version_after": wanted}, as_of):
        restore(name, wanted)
    return f"Version {wanted} of '{name}' is back in service; it replaces version {current.version}."


def _recorded_run(model_name: str, versions: dict[str, str], as_of: date) -> Any:
    """An MLflow run that counts as the rollback's entry once it has ended well."""
    import mlflow

    mlflow.set_experiment("ChurnPrediction-Retraining")
    tags = {"model_name": model_name, "kind": "rollback", "verdict": "rolled_back"}
    return mlflow.start_run(run_name="rollback", tags={**tags, **versions, "as_of": as_of.isoformat()})
