"""``kedro rollback``: the previous champion back in service, once it has shown that it still can serve."""

import getpass
from datetime import UTC, date, datetime
from typing import Any

import click

from churn_monitoring.cli.sessions import check_environment, exclusive, open_context, plain_errors
from churn_monitoring.core.errors import NoChampion, NotInService
from churn_monitoring.core.parameters import read_parameters

ASKED = "asked for by a person"


@click.command()
@click.option("--to", "version", default=None, help="Version to put in service; default: the previous champion.")
@click.option("--reason", default=ASKED, help="Why, for the ledger.")
@click.option("--env", "-e", default=None, help="Configuration environment, a folder of conf/.")
def rollback(version: str | None, reason: str, env: str | None) -> None:
    """Put the previous champion back in service, after a fresh process has loaded and checked it."""
    with plain_errors(), exclusive():
        check_environment(env)
        with open_context(env) as context:
            click.echo(roll_back(context, version, reason=reason))


def roll_back(context: Any, version: str | None, *, reason: str = ASKED) -> str:
    """Move the alias after the version has been verified, and record it; returns the sentence to print.

    Done a second time it changes and records nothing, except that a first time which was killed after the alias
    had moved is recorded now.

    Args:
        context: of Kedro, with the catalog.
        version: to put in service; None for the previous champion.
        reason: kept with the run.

    Raises:
        NoChampion: there is no champion, no previous one, or no such version.
        NotInService: the version cannot be loaded, or scores otherwise than when it was saved.
    """
    from churn_monitoring.datasets.registry import restore

    name = context.params["model_name"]
    current, wanted = _choose(name, version)
    if wanted == current:
        _make_up_for(context, name, current, version, reason)
        return f"Version {wanted} of '{name}' is in service already."
    remark = _verify(name, current, wanted)
    with _recorded_run(context, name, {"version_before": current, "version_after": wanted}, reason):
        restore(name, wanted)
    _redraw(context, current, wanted)
    return f"Version {wanted} of '{name}' is back in service; it replaces version {current}.{remark}"


def _choose(name: str, version: str | None) -> tuple[str, str]:
    """The version in service and the one wanted."""
    from churn_monitoring.datasets.registry import PREVIOUS, find_champion, find_version, list_versions

    current, previous = find_champion(name), find_version(name, PREVIOUS)
    if not current:
        raise NoChampion(f"No champion is in service under the name '{name}': there is nothing to roll back.")
    if version is None and previous is None:
        raise NoChampion(f"No previous champion of '{name}' is kept: name a version with --to.")
    wanted = version or str(previous.version)  # type: ignore[union-attr]
    known = [str(each.version) for each in list_versions(name)]
    if wanted not in known:
        raise NoChampion(f"'{name}' has no version {wanted} (it has {', '.join(known)}): name one of these with --to.")
    return current, wanted


def _verify(name: str, current: str, wanted: str) -> str:
    """Refuse a version that does not come back as it was saved; what could not be checked, as a further sentence."""
    from churn_monitoring.datasets.registry import find_champion
    from churn_monitoring.datasets.verification import verify_version

    found = verify_version(name, wanted)
    if found.reason:
        raise NotInService(
            f"Version {wanted} of '{name}' is not put back in service, since {found.reason}: "
            f"version {current} stays; name another with --to."
        )
    now = find_champion(name)
    if now != current:
        raise NotInService(
            f"Version {now} of '{name}' was put in service meanwhile, so nothing was rolled back: look at it first, "
            "then start the rollback again."
        )
    if found.golden_rows:
        return ""
    return (
        f" Version {wanted} was made by an earlier version of this program and has no golden rows: it loads, but "
        "whether it scores as it did could not be checked."
    )


def _make_up_for(context: Any, name: str, current: str, version: str | None, reason: str) -> None:
    """Record a rollback to ``current`` that was killed between moving the alias and finishing its run."""
    from churn_monitoring.datasets.registry import restore
    from churn_monitoring.promotion.reigns import UNRECORDED

    reigns = context.catalog.load("champion_ledger")
    if version is None and len(reigns) > 1 and reigns[-1].by == UNRECORDED:
        versions = {"version_before": reigns[-2].version, "version_after": current}
        with _recorded_run(context, name, versions, reason):
            restore(name, current)


def _recorded_run(context: Any, name: str, versions: dict[str, str], reason: str) -> Any:
    """An MLflow run that counts as the rollback's entry once it has ended well."""
    import mlflow

    ledger = context.catalog.load("monitoring_ledger")
    as_of: date = max((entry.as_of for entry in ledger), default=datetime.now(tz=UTC).date())
    mlflow.set_experiment("ChurnPrediction-Retraining")
    tags = {"model_name": name, "kind": "rollback", "verdict": "rolled_back", "as_of": as_of.isoformat()}
    told = {"reason": reason, "user": _tell_user()}
    return mlflow.start_run(run_name="rollback", tags={**tags, **versions, **told})


def _redraw(context: Any, current: str, wanted: str) -> None:
    """The dashboard with this rollback, which the catalog's ledger, read before it, need not hold yet."""
    from churn_monitoring.core.records import Attempt
    from churn_monitoring.pipelines.dashboard import build_dashboard, gather_history

    load: Any = context.catalog.load
    ledger = load("monitoring_ledger")
    if not ledger:
        return
    attempts = load("retraining_ledger")
    if not any(one.verdict == "rolled_back" and one.version_after == wanted for one in attempts[-1:]):
        day = max(entry.as_of for entry in ledger)
        attempts = [*attempts, Attempt("", day, "rollback", "rolled_back", current, wanted)]
    history = gather_history(ledger, attempts, load("kept_digests"), load("saved_reports"))
    context.catalog.save("dashboard", build_dashboard(history, read_parameters(context.params)))


def _tell_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):  # in a container whose user has no name
        return "unknown"
