"""The champion as Kedro sees it: loaded from the registry, put in service by saving.

What a version holds is in ``package_files.py``; how one comes to serve, in ``registry.py``.
"""

from dataclasses import replace
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from churn_monitoring.core.errors import NoChampion, NotInService
from churn_monitoring.datasets.package_files import read_calibration_rows, read_training_rows
from churn_monitoring.datasets.registry import (
    CHAMPION,
    download,
    find_champion,
    find_version,
    put_in_service,
    read_version,
)
from churn_monitoring.learning.package import ChampionPackage


class ChampionDataset(AbstractDataset[ChampionPackage, ChampionPackage]):
    """Loads the package in service; saving one registers it, verifies it and puts it in service.

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
        package = read_version(self._model_name, str(version.version))
        if not self._with_training_rows:
            return package
        folder = download(self._model_name, package.version)
        return replace(
            package, training_rows=read_training_rows(folder), calibration_rows=read_calibration_rows(folder)
        )

    def save(self, data: ChampionPackage) -> None:
        """Register the package under the active run and put it in service.

        Raises:
            NotInService: it did not come back as it was saved, or another came into service meanwhile.
        """
        refused = put_in_service(self._model_name, data)["refused"]
        self._package = None
        if refused:
            raise NotInService(
                f"The champion of '{self._model_name}' stays as it is, since {refused}: "
                "look at that version in `mlflow ui` and train again."
            )

    def _exists(self) -> bool:
        return find_version(self._model_name, CHAMPION) is not None

    def _describe(self) -> dict[str, Any]:
        return {"model_name": self._model_name, "alias": CHAMPION}


class PromotionDataset(AbstractDataset[dict[str, Any], dict[str, str]]):
    """Carries a decided promotion out: saves ``{"package": ChampionPackage | None, "replaces": version}``.

    Without a package nothing moves. ``replaces`` is the version that the package was compared with; the alias moves
    only if that one still serves (without the key: whatever serves). Loading returns the receipt of this save,
    ``{"version_before", "version_after", "refused"}``: the versions in service before and after, and why a package
    was not put in service, as a sentence without its full stop. ``refused`` is empty where it was, and where there
    was no package; it is the business of whoever summarizes the attempt to report a refused promotion as kept.
    """

    def __init__(self, *, model_name: str, metadata: dict[str, Any] | None = None) -> None:
        self._model_name = model_name
        self._receipt: dict[str, str] | None = None
        self.metadata = metadata

    def load(self) -> dict[str, str]:
        """The receipt of the last save."""
        if self._receipt is None:
            raise DatasetError("Nothing was promoted or kept in this run yet.")
        return self._receipt

    def save(self, data: dict[str, Any]) -> None:
        """Register, verify and promote the package, if there is one."""
        if data["package"] is None:
            current = find_champion(self._model_name)
            self._receipt = {"version_before": current, "version_after": current, "refused": ""}
        else:
            self._receipt = put_in_service(self._model_name, data["package"], data.get("replaces"))

    def _exists(self) -> bool:
        return self._receipt is not None

    def _describe(self) -> dict[str, Any]:
        return {"model_name": self._model_name}
