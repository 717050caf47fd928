"""The files of one version: what lies beside the model, and the package read back from them.

    model.skops                 the scikit-learn pipeline (never pickle)
    package/package.json        schema, calibration, threshold, metrics, facts
    package/*.npz, *.parquet    reference, its profile and dependencies, the anchor's profile, training rows
    package/golden.parquet      some reference rows with the model's own scores of them, to the last bit
    package/model_card.*        the same for a person, and for a program that knows nothing of this one

Knows files only: neither Kedro nor the tracking database.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import NoChampion
from churn_monitoring.core.options import TableSchema
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.learning.prepare import TRUSTED_TYPES
from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.profiling import profile_from_arrays, profile_to_arrays
from churn_monitoring.quality.dependency_storage import dependencies_from_arrays, dependencies_to_arrays
from churn_monitoring.reporting.model_card import Origin, build_model_card, render_model_card

PACKAGE, MODEL, GOLDEN = "package", "model.skops", "golden.parquet"
CALIBRATION_ROWS = "calibration_rows.parquet"
GOLDEN_ROWS = 100
GOLDEN_SCORE = "score of this version"  # no table has a column of this name


@dataclass(frozen=True)
class Golden:
    """Rows with the scores they had when the version was saved, ``float64[n]``."""

    rows: pd.DataFrame
    scores: np.ndarray


def write_package(folder: Path, package: ChampionPackage, origin: Origin) -> None:
    """Write everything but the model to the new folder ``folder``.

    Raises:
        ValueError: a metric or fact is NaN, which no JSON file may hold.
    """
    folder.mkdir()
    document = {
        "candidate": package.candidate,
        "schema": package.schema.model_dump(mode="json"),
        "calibration": asdict(package.calibration),
        "threshold": package.threshold,
        "metrics": package.metrics,
        "facts": package.facts,
        "replaces": origin.replaces,
    }
    _write_json(folder / "package.json", document)
    np.savez_compressed(folder / "profile.npz", **profile_to_arrays(package.profile))  # type: ignore[arg-type]
    if package.anchor is not None:
        np.savez_compressed(folder / "anchor.npz", **profile_to_arrays(package.anchor))  # type: ignore[arg-type]
    if package.dependencies is not None:
        np.savez_compressed(folder / "dependencies.npz", **dependencies_to_arrays(package.dependencies))  # type: ignore[arg-type]
    package.reference.to_parquet(folder / "reference.parquet", index=False)
    package.reference_features.to_parquet(folder / "reference_features.parquet", index=False)
    package.training_rows.to_parquet(folder / "training_rows.parquet", index=False)
    if len(package.calibration_rows):
        package.calibration_rows.to_parquet(folder / CALIBRATION_ROWS, index=False)
    golden = choose_golden(package)
    golden.rows.assign(**{GOLDEN_SCORE: golden.scores}).to_parquet(folder / GOLDEN, index=False)
    card = build_model_card(package, origin)
    _write_json(folder / "model_card.json", card)
    (folder / "model_card.md").write_text(render_model_card(card), encoding="utf-8")


def choose_golden(package: ChampionPackage) -> Golden:
    """Up to 100 reference rows, evenly spread over them, with the scores that the model in memory gives them."""
    features = package.reference_features
    positions = np.linspace(0, len(features) - 1, min(len(features), GOLDEN_ROWS)).astype(int)
    rows = features.iloc[positions][list(package.schema.features)].reset_index(drop=True)
    return Golden(rows, package.score(rows))


def read_golden(folder: Path) -> Golden | None:
    """The golden rows of a version's ``folder``; None where an earlier version of this program saved it."""
    path = folder / PACKAGE / GOLDEN
    if not path.is_file():
        return None
    rows = pd.read_parquet(path)
    scores = rows.pop(GOLDEN_SCORE)
    return Golden(rows, scores.to_numpy(float))


def read_package(folder: Path, model_name: str, version: str) -> ChampionPackage:
    """The package in a version's ``folder``; of its training rows only the ids.

    Raises:
        NoChampion: an earlier version of this program made it, and it lacks what monitoring needs.
    """
    from skops import io

    inner = folder / PACKAGE
    if not (inner / "reference_features.parquet").is_file():
        raise NoChampion(
            f"Version {version} of '{model_name}' was made by an earlier version of this program and lacks its "
            "reference's features: train again with `kedro run --pipeline training` (and the same --env)."
        )
    document = json.loads((inner / "package.json").read_text(encoding="utf-8"))
    dependencies = None
    if (inner / "dependencies.npz").is_file():
        dependencies = dependencies_from_arrays(_read_arrays(inner / "dependencies.npz"))
    schema = TableSchema(**document["schema"])
    return ChampionPackage(
        model=io.load(folder / MODEL, trusted=TRUSTED_TYPES),
        candidate=document["candidate"],
        schema=schema,
        profile=profile_from_arrays(_read_arrays(inner / "profile.npz")),
        reference=pd.read_parquet(inner / "reference.parquet"),
        reference_features=pd.read_parquet(inner / "reference_features.parquet"),
        calibration=PlattCalibration(**document["calibration"]),
        threshold=document["threshold"],
        metrics=document["metrics"],
        facts=document["facts"],
        dependencies=dependencies,
        training_rows=_read_ids(inner / "training_rows.parquet", schema),
        anchor=profile_from_arrays(_read_arrays(inner / "anchor.npz")) if (inner / "anchor.npz").is_file() else None,
        version=version,
        replaces=document.get("replaces", ""),
    )


def read_training_rows(folder: Path) -> pd.DataFrame:
    """The rows that the version in ``folder`` was fitted on, features and ``label``."""
    return pd.read_parquet(folder / PACKAGE / "training_rows.parquet")


def read_calibration_rows(folder: Path) -> pd.DataFrame:
    """The rows beyond these that it was calibrated on; none where an earlier version of this program saved it."""
    path = folder / PACKAGE / CALIBRATION_ROWS
    return pd.read_parquet(path) if path.is_file() else pd.DataFrame()


def read_every_file(folder: Path) -> int:
    """Read each file of the package to its end; returns how many there are.

    Raises:
        Exception: whatever the first one that cannot be read raises.
    """
    readers: dict[str, Callable[[Path], object]] = {
        ".json": _read_json,
        ".npz": _read_arrays,
        ".parquet": pd.read_parquet,
    }
    files = sorted((folder / PACKAGE).iterdir())
    for path in files:
        readers.get(path.suffix, Path.read_bytes)(path)
    return len(files)


def _read_ids(path: Path, schema: TableSchema) -> pd.DataFrame:
    from pyarrow.parquet import read_schema

    return pd.read_parquet(path, columns=[schema.id] if schema.id in read_schema(path).names else [])


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _write_json(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False), encoding="utf-8")
