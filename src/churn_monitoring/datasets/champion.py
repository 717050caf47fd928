"""The champion package in the model registry.

A version's artifacts hold the model in skops format (never pickle) and, under ``package/``, everything that
must agree with it. Promotion is moving the alias ``champion``, after ``previous`` was moved to the version that
held it: both are single transactions of the tracking database, in an order that leaves a champion at any time.
"""

import json
import tempfile
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from kedro.io import AbstractDataset, DatasetError

from churn_monitoring.core.errors import NoChampion
from churn_monitoring.core.options import TableSchema
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.learning.prepare import TRUSTED_TYPES
from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.profiling import profile_from_arrays, profile_to_arrays
from churn_monitoring.quality.dependency_storage import dependencies_from_arrays, dependencies_to_arrays

CHAMPION, PREVIOUS = "champion", "previous"
PIP_REQUIREMENTS = ["churn-monitoring", "scikit-learn", "skops", "xgboost"]


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


def move_aliases(model_name: str, version: str) -> str:
    """Put ``version`` in service and keep the one it replaces as ``previous``; returns the latter or ''."""
    from mlflow import MlflowClient

    current = find_version(model_name, CHAMPION)
    before = str(current.version) if current else ""
    if before and before != version:
        MlflowClient().set_registered_model_alias(model_name, PREVIOUS, before)
    MlflowClient().set_registered_model_alias(model_name, CHAMPION, version)
    return before


def restore(model_name: str, version: str) -> None:
    """Put ``version`` back in service; what it replaces is not kept as ``previous``, or a second rollback undid it."""
    from mlflow import MlflowClient

    MlflowClient().set_registered_model_alias(model_name, CHAMPION, version)
    MlflowClient().delete_registered_model_alias(model_name, PREVIOUS)


def load_version(model_name: str, version: str) -> ChampionPackage:
    """One registered version, whatever its aliases.

    Raises:
        NoChampion: there is no such version.
    """
    from mlflow.exceptions import MlflowException

    try:
        return _read_version(model_name, version)
    except MlflowException as error:
        raise NoChampion(f"'{model_name}' has no version {version} that can be loaded: see `mlflow ui`.") from error


class ChampionDataset(AbstractDataset[ChampionPackage, ChampionPackage]):
    """Loads the package in service; saving one registers it and puts it in service.

    Args:
        model_name: name in the model registry.
        with_training_rows: whether a load brings the rows the model was fitted on.
        metadata: for kedro-viz.
    """

    def __init__(
        self, *, model_name: str, with_training_rows: bool = False, metadata: dict[str, Any] | None = None
    ) -> None:
        self._model_name = model_name
        self._with_training_rows = with_training_rows
        self._package: ChampionPackage | None = None
        self.metadata = metadata

    def load(self) -> ChampionPackage:
        """The package the alias ``champion`` points at; every node of a run gets the same.

        Raises:
            NoChampion: nothing is in service under this name.
        """
        if self._package is None:
            self._package = self._load_champion()
        return self._package

    def _load_champion(self) -> ChampionPackage:
        version = find_version(self._model_name, CHAMPION)
        if version is None:
            raise NoChampion(
                f"No champion is in service under the name '{self._model_name}': train one first with "
                "`kedro run --pipeline training` (and the same --env)."
            )
        package = _read_version(self._model_name, str(version.version))
        if not self._with_training_rows:
            return package
        rows = pd.read_parquet(_download(self._model_name, package.version) / "package" / "training_rows.parquet")
        return replace(package, training_rows=rows)

    def save(self, data: ChampionPackage) -> None:
        """Register the package under the active run and put it in service."""
        move_aliases(self._model_name, register_package(self._model_name, data))
        self._package = None

    def _exists(self) -> bool:
        return find_version(self._model_name, CHAMPION) is not None

    def _describe(self) -> dict[str, Any]:
        return {"model_name": self._model_name, "alias": CHAMPION}


class PromotionDataset(AbstractDataset[dict[str, Any], dict[str, str]]):
    """Carries a decided promotion out: saves ``{"package": ChampionPackage | None}``.

    Without a package nothing moves. Loading returns ``{"version_before", "version_after"}`` of this save.
    """

    def __init__(self, *, model_name: str, metadata: dict[str, Any] | None = None) -> None:
        self._model_name = model_name
        self._receipt: dict[str, str] | None = None
        self.metadata = metadata

    def load(self) -> dict[str, str]:
        """The versions in service before and after the last save."""
        if self._receipt is None:
            raise DatasetError("Nothing was promoted or kept in this run yet.")
        return self._receipt

    def save(self, data: dict[str, Any]) -> None:
        """Register and promote the package, if there is one."""
        current = find_version(self._model_name, CHAMPION)
        before = after = str(current.version) if current else ""
        if data["package"] is not None:
            after = register_package(self._model_name, data["package"])
            before = move_aliases(self._model_name, after)
        self._receipt = {"version_before": before, "version_after": after}

    def _exists(self) -> bool:
        return self._receipt is not None

    def _describe(self) -> dict[str, Any]:
        return {"model_name": self._model_name}


def register_package(model_name: str, package: ChampionPackage) -> str:
    """Log model and package under the active run and register them; returns the new version."""
    import mlflow
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client = MlflowClient()
    info = mlflow.sklearn.log_model(
        package.model,
        name=model_name,
        serialization_format="skops",
        skops_trusted_types=TRUSTED_TYPES,
        pip_requirements=PIP_REQUIREMENTS,
    )
    with tempfile.TemporaryDirectory() as folder:
        _write_package(Path(folder) / "package", package)
        client.log_model_artifacts(info.model_id, folder)
    try:
        client.create_registered_model(model_name, description="Churn classifier; alias `champion` is in service.")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.create_model_version(
        model_name,
        source=info.model_uri,
        run_id=mlflow.active_run().info.run_id,
        model_id=info.model_id,
        description=f"{package.candidate}, reference ROC-AUC {package.roc_auc.value:.3f}",
    )
    return str(made.version)


def _write_package(folder: Path, package: ChampionPackage) -> None:
    folder.mkdir()
    document = {
        "candidate": package.candidate,
        "schema": package.schema.model_dump(mode="json"),
        "calibration": asdict(package.calibration),
        "threshold": package.threshold,
        "metrics": package.metrics,
        "facts": package.facts,
    }
    (folder / "package.json").write_text(json.dumps(document, indent=2, allow_nan=False), encoding="utf-8")
    np.savez_compressed(folder / "profile.npz", **profile_to_arrays(package.profile))  # type: ignore[arg-type]
    if package.dependencies is not None:
        np.savez_compressed(folder / "dependencies.npz", **dependencies_to_arrays(package.dependencies))  # type: ignore[arg-type]
    package.reference.to_parquet(folder / "reference.parquet", index=False)
    package.reference_features.to_parquet(folder / "reference_features.parquet", index=False)
    package.training_rows.to_parquet(folder / "training_rows.parquet", index=False)


@lru_cache(maxsize=2)
def _read_version(model_name: str, version: str) -> ChampionPackage:
    """A registered version never changes, so one process reads it once."""
    from skops import io

    folder = _download(model_name, version)
    if not (folder / "package" / "reference_features.parquet").is_file():
        raise NoChampion(
            f"Version {version} of '{model_name}' was made by an earlier version of this program and lacks its "
            "reference's features: train again with `kedro run --pipeline training` (and the same --env)."
        )
    document = json.loads((folder / "package" / "package.json").read_text(encoding="utf-8"))
    with np.load(folder / "package" / "profile.npz", allow_pickle=False) as arrays:
        profile = profile_from_arrays(dict(arrays))
    dependencies = None
    if (folder / "package" / "dependencies.npz").is_file():
        with np.load(folder / "package" / "dependencies.npz", allow_pickle=False) as arrays:
            dependencies = dependencies_from_arrays(dict(arrays))
    schema = TableSchema(**document["schema"])
    return ChampionPackage(
        model=io.load(folder / "model.skops", trusted=TRUSTED_TYPES),
        candidate=document["candidate"],
        schema=schema,
        profile=profile,
        reference=pd.read_parquet(folder / "package" / "reference.parquet"),
        reference_features=pd.read_parquet(folder / "package" / "reference_features.parquet"),
        calibration=PlattCalibration(**document["calibration"]),
        threshold=document["threshold"],
        metrics=document["metrics"],
        facts=document["facts"],
        dependencies=dependencies,
        training_rows=_read_ids(folder / "package" / "training_rows.parquet", schema),
        version=version,
    )


def _read_ids(path: Path, schema: TableSchema) -> pd.DataFrame:
    from pyarrow.parquet import read_schema

    return pd.read_parquet(path, columns=[schema.id] if schema.id in read_schema(path).names else [])


def _download(model_name: str, version: str) -> Path:
    from mlflow.artifacts import download_artifacts

    return Path(download_artifacts(artifact_uri=f"models:/{model_name}/{version}"))
