"""One model in the registry: its versions, and which of them is in service.

The alias ``champion`` is in service; ``previous`` is what ``kedro rollback`` puts back. Putting a package in service
is: register it with a claim, verify it in a fresh process, see that the claim wins and that nobody moved the alias
meanwhile, move ``previous``, move ``champion``. Each move is one transaction of the tracking database, in an order
that leaves a champion at any time; whatever stops the sequence leaves the old champion in service.
"""

import tempfile
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from churn_monitoring.core.errors import NoChampion
from churn_monitoring.datasets.claims import CLAIM, Settlement, find_winner, make_claim, read_claim
from churn_monitoring.datasets.code_version import tell_code_version
from churn_monitoring.datasets.package_files import PACKAGE, read_package, write_package
from churn_monitoring.datasets.verification import verify_version
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.learning.prepare import TRUSTED_TYPES
from churn_monitoring.reporting.model_card import Origin

CHAMPION, PREVIOUS = "champion", "previous"
PIP_REQUIREMENTS = ["churn-monitoring", "scikit-learn", "skops", "xgboost"]
TOLD_OF_A_VERSION = ("by", "as_of", "data_sha256", "parameters_sha256")  # facts that become tags, for the ledger


def put_in_service(model_name: str, package: ChampionPackage, replaces: str | None = None) -> dict[str, str]:
    """Register, verify, and make champion, unless another was faster; returns the receipt.

    Args:
        model_name: name in the model registry.
        package: what is to serve.
        replaces: the version it was compared with, '' for none; None for whichever is in service now.

    Returns:
        ``version_before`` and ``version_after`` in service; ``refused`` is why nothing moved, as a sentence without
        its full stop, and empty where the package now serves.
    """
    before = find_champion(model_name)
    expected = before if replaces is None else replaces
    if before != expected:
        return _receipt(before, _tell_overtaken(before, expected))
    version = register_package(model_name, package, expected)
    settlement = Settlement("refused", "the attempt was interrupted")
    try:
        found = _examine(model_name, version, expected)
        if found.outcome == "promoted":
            move_aliases(model_name, version)
        settlement = found
    finally:
        settle_claim(model_name, version, settlement)
    if settlement.outcome == "promoted":
        return {"version_before": before, "version_after": version, "refused": ""}
    return _receipt(find_champion(model_name), settlement.reason)


def find_version(model_name: str, alias: str) -> Any | None:
    """The model version an alias points at, or None."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        return MlflowClient().get_model_version_by_alias(model_name, alias)
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise


def find_champion(model_name: str) -> str:
    """The version in service, or ''."""
    found = find_version(model_name, CHAMPION)
    return str(found.version) if found else ""


def list_versions(model_name: str) -> list[Any]:
    """All versions of one model with their tags, oldest first."""
    from mlflow import MlflowClient

    versions: list[Any] = []
    token = None
    while True:
        page = MlflowClient().search_model_versions(f"name = '{model_name}'", page_token=token)
        versions += page
        token = page.token
        if not token:
            return sorted(versions, key=lambda version: int(version.version))


def move_aliases(model_name: str, version: str) -> str:
    """Put ``version`` in service and keep the one it replaces as ``previous``; returns the latter or ''."""
    from mlflow import MlflowClient

    before = find_champion(model_name)
    if before and before != version:
        MlflowClient().set_registered_model_alias(model_name, PREVIOUS, before)
    MlflowClient().set_registered_model_alias(model_name, CHAMPION, version)
    return before


def restore(model_name: str, version: str) -> None:
    """Put ``version`` back in service.

    ``previous`` then points at it too: what it replaces is not kept, or a second rollback would undo the first; and
    a second rollback finds that its work is done.
    """
    from mlflow import MlflowClient

    MlflowClient().set_registered_model_alias(model_name, CHAMPION, version)
    MlflowClient().set_registered_model_alias(model_name, PREVIOUS, version)


def register_package(model_name: str, package: ChampionPackage, replaces: str = "") -> str:
    """Log model and package under the active run and register them with a claim; returns the new version."""
    import mlflow
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client, run_id, code = MlflowClient(), mlflow.active_run().info.run_id, tell_code_version()
    info = mlflow.sklearn.log_model(
        package.model,
        name=model_name,
        serialization_format="skops",
        skops_trusted_types=TRUSTED_TYPES,
        pip_requirements=PIP_REQUIREMENTS,
    )
    with tempfile.TemporaryDirectory() as folder:
        write_package(Path(folder) / PACKAGE, package, Origin(model_name, replaces, run_id, code))
        client.log_model_artifacts(info.model_id, folder)
    try:
        client.create_registered_model(model_name, description="Churn classifier; alias `champion` is in service.")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    told = {name: str(package.facts[name]) for name in TOLD_OF_A_VERSION if name in package.facts}
    made = client.create_model_version(
        model_name,
        source=info.model_uri,
        run_id=run_id,
        model_id=info.model_id,
        description=f"{package.candidate}, reference ROC-AUC {package.roc_auc.value:.3f}",
        tags={**told, "candidate": package.candidate, "code": code, **make_claim(replaces)},
    )
    return str(made.version)


def settle_claim(model_name: str, version: str, settlement: Settlement) -> None:
    """Write down what became of a version's claim; an open one stands in the way of others."""
    if settlement.reason:
        tag_version(model_name, version, "reason", settlement.reason)
    tag_version(model_name, version, CLAIM, settlement.outcome)


def tag_version(model_name: str, version: str, tag: str, value: str) -> None:
    """Set one tag of a version, which is all that may change of it."""
    from mlflow import MlflowClient

    MlflowClient().set_model_version_tag(model_name, version, tag, value)


def load_version(model_name: str, version: str) -> ChampionPackage:
    """One registered version, whatever its aliases.

    Raises:
        NoChampion: there is no such version.
    """
    from mlflow.exceptions import MlflowException

    try:
        return read_version(model_name, version)
    except MlflowException as error:
        raise NoChampion(f"'{model_name}' has no version {version} that can be loaded: see `mlflow ui`.") from error


@lru_cache(maxsize=2)
def read_version(model_name: str, version: str) -> ChampionPackage:
    """A registered version never changes, so one process reads it once."""
    import skops.io  # noqa: F401  # before mlflow, as in startup.py

    return read_package(download(model_name, version), model_name, version)


def download(model_name: str, version: str) -> Path:
    """The folder that holds a version's files on this machine."""
    from mlflow.artifacts import download_artifacts

    return Path(download_artifacts(artifact_uri=f"models:/{model_name}/{version}"))


def _examine(model_name: str, version: str, expected: str) -> Settlement:
    """Whether a registered version may replace ``expected`` now."""
    found = verify_version(model_name, version)
    unfit = found.reason or ("" if found.golden_rows else "it has no golden rows to check its scores by")
    tag_version(model_name, version, "verified", "false" if unfit else "true")
    if unfit:
        return Settlement("refused", f"version {version} was registered and is not put in service: {unfit}")
    claims = [claim for claim in map(read_claim, list_versions(model_name)) if claim is not None]
    winner = find_winner(claims, expected, time.time())
    now = find_champion(model_name)
    if now != expected:
        return Settlement("lost", _tell_overtaken(now, expected))
    if winner is None:
        return Settlement("lost", f"the claim of version {version} had run out before it was verified")
    if str(winner.version) != version:
        replaced = f"version {expected}" if expected else "no champion"
        return Settlement("lost", f"version {winner.version} replaces {replaced} already (process {winner.holder})")
    return Settlement("promoted")


def _tell_overtaken(now: str, expected: str) -> str:
    in_service = f"version {now} was put in service meanwhile" if now else "the champion was taken out of service"
    compared = f"this one was compared with version {expected}" if expected else "there was no champion before"
    return f"{in_service}, and {compared}"


def _receipt(in_service: str, refused: str) -> dict[str, str]:
    return {"version_before": in_service, "version_after": in_service, "refused": refused}
