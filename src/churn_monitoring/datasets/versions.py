"""Any registered version of the model, loaded when it is asked for and not before."""

from collections.abc import Callable
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from churn_monitoring.datasets.registry import load_version
from churn_monitoring.learning.package import ChampionPackage


class VersionsDataset(AbstractDataset[Any, Callable[[str], ChampionPackage]]):
    """Loads a function from version to package; read-only.

    Args:
        model_name: name in the model registry.
        metadata: for kedro-viz.
    """

    def __init__(self, *, model_name: str, metadata: dict[str, Any] | None = None) -> None:
        self._model_name = model_name
        self.metadata = metadata

    def load(self) -> Callable[[str], ChampionPackage]:
        """The function; it raises :class:`NoChampion` for a version that is not there or cannot be loaded."""
        return lambda version: load_version(self._model_name, version)

    def save(self, data: Any) -> None:  # noqa: ARG002
        """Refused: a version is registered by saving a champion."""
        raise DatasetError("Versions are registered by saving a champion.")

    def _describe(self) -> dict[str, Any]:
        return {"model_name": self._model_name}
