"""A folder of like files by name: one entry in the catalog, one file per batch.

Kedro's ``PartitionedDataset`` would do, were its partitions replaced atomically and its leftovers visible;
this one adds nothing but the two.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro.utils import load_obj

from churn_monitoring.core.errors import DataError


class FolderDataset(AbstractDataset[dict[str, Any], dict[str, Callable[[], Any]]]):
    """Saves ``{name: data}`` as one file each; loads ``{name: callable}`` without reading any.

    Args:
        path: the folder.
        dataset: dotted path of an :class:`~churn_monitoring.datasets.files.AtomicFileDataset` subclass.
        suffix: of every file, with its dot.
        replace: whether a save also removes the files of earlier saves that it does not name.
        metadata: for kedro-viz.
    """

    def __init__(
        self,
        *,
        path: str,
        dataset: str,
        suffix: str,
        replace: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path = Path(path)
        self._dataset_class = load_obj(dataset)
        self._suffix = suffix
        self._replace = replace
        self.metadata = metadata

    def load(self) -> dict[str, Callable[[], Any]]:
        """One callable per file, by name, in order; an absent folder holds none."""
        names = sorted(path.name.removesuffix(self._suffix) for path in self._files())
        return {name: self._file(name).load for name in names}

    def save(self, data: dict[str, Any]) -> None:
        """Write every named file, each atomically; none if one of the names is refused. Nothing (None) has no file."""
        files = {name: self._file(name) for name in data}
        for name, content in data.items():
            if content is None:
                self._locate(name).unlink(missing_ok=True)
            else:
                files[name].save(content)
        if self._replace:
            for path in self._files():
                if path.name.removesuffix(self._suffix) not in data:
                    path.unlink()

    def _files(self) -> list[Path]:
        return [path for path in self._path.glob(f"*{self._suffix}") if not path.name.startswith(".")]

    def _file(self, name: str) -> Any:
        if not name or Path(name).name != name or name.startswith("."):
            raise DataError(f"'{name}' cannot name a file in {self._path}: use letters, digits, dots and dashes.")
        return self._dataset_class(filepath=str(self._locate(name)))

    def _locate(self, name: str) -> Path:
        return self._path / f"{name}{self._suffix}"

    def _exists(self) -> bool:
        return any(self._files())

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path), "suffix": self._suffix}
