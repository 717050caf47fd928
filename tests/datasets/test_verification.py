"""A fresh process loads what was registered, and finds what was spoilt on the way."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError
from mlflow import MlflowClient

from churn_monitoring.core.errors import NotInService
from churn_monitoring.datasets import registry
from churn_monitoring.datasets.champion import ChampionDataset, PromotionDataset
from churn_monitoring.datasets.package_files import GOLDEN_ROWS, GOLDEN_SCORE, choose_golden, read_golden
from churn_monitoring.datasets.registry import download, find_champion, register_package
from churn_monitoring.datasets.verification import TOLERANCE, Verification, check_files, verify_version
from churn_monitoring.learning.package import ChampionPackage

Spoil = Callable[[Path], None]


def spoil_model(folder: Path) -> None:
    content = bytearray((folder / "model.skops").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (folder / "model.skops").write_bytes(bytes(content))


def spoil_golden(folder: Path, by: float = 1e-6) -> None:
    rows = pd.read_parquet(folder / "package" / "golden.parquet")
    rows.loc[3, GOLDEN_SCORE] += by
    rows.to_parquet(folder / "package" / "golden.parquet", index=False)


def spoil_training_rows(folder: Path) -> None:
    path = folder / "package" / "training_rows.parquet"
    path.write_bytes(path.read_bytes()[:-20])


def lose_model(folder: Path) -> None:
    (folder / "model.skops").unlink()


def register_spoilt(monkeypatch: pytest.MonkeyPatch, spoil: Spoil) -> None:
    """Whatever is registered from here on is spoilt in the store before anybody reads it."""

    def register(model_name: str, package: ChampionPackage, replaces: str = "") -> str:
        version = register_package(model_name, package, replaces)
        spoil(download(model_name, version))
        return version

    monkeypatch.setattr(registry, "register_package", register)


@pytest.fixture
def registered(model_name: str, package: ChampionPackage) -> Path:
    with mlflow.start_run():
        register_package(model_name, package)
    return download(model_name, "1")


def test_a_sound_version_repeats_its_scores_in_a_fresh_process(
    model_name: str, registered: Path, package: ChampionPackage
) -> None:
    files = len(list((registered / "package").iterdir()))
    assert verify_version(model_name, "1") == Verification("", golden_rows=GOLDEN_ROWS, files=files)
    golden = read_golden(registered)
    assert golden is not None
    assert np.array_equal(golden.scores, package.score(golden.rows))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (spoil_model, "cannot be loaded"),
        (spoil_golden, "1 of 100 golden rows are scored otherwise than when it was saved"),
    ],
)
def test_a_corrupted_artifact_never_becomes_champion(
    model_name: str, package: ChampionPackage, monkeypatch: pytest.MonkeyPatch, spoil: Spoil, reason: str
) -> None:
    with mlflow.start_run(), monkeypatch.context() as patch:
        patch.setattr(registry, "verify_version", lambda *_: Verification("", 1))
        ChampionDataset(model_name=model_name).save(package)
    register_spoilt(monkeypatch, spoil)
    promotion = PromotionDataset(model_name=model_name)
    with mlflow.start_run():
        promotion.save({"package": package, "replaces": "1"})
    receipt = promotion.load()
    assert (receipt["version_before"], receipt["version_after"], find_champion(model_name)) == ("1", "1", "1")
    assert receipt["refused"].startswith("version 2 was registered and is not put in service: ")
    assert reason in receipt["refused"]
    tags = MlflowClient().get_model_version(model_name, "2").tags
    assert (tags["verified"], tags["claim"]) == ("false", "refused")
    assert reason in tags["reason"]


def test_training_a_champion_that_does_not_come_back_is_an_error_and_puts_nothing_in_service(
    model_name: str, package: ChampionPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_spoilt(monkeypatch, lose_model)
    with mlflow.start_run(), pytest.raises(DatasetError, match="cannot be loaded") as caught:
        ChampionDataset(model_name=model_name).save(package)
    assert isinstance(caught.value.__cause__, NotInService)
    assert find_champion(model_name) == ""


@pytest.mark.parametrize("spoil", [spoil_training_rows, lose_model])
def test_a_file_that_cannot_be_read_is_found(registered: Path, model_name: str, spoil: Spoil) -> None:
    spoil(registered)
    with pytest.raises((OSError, ValueError)):
        check_files(registered, model_name, "1")


def test_a_score_may_differ_by_what_rounding_does_and_no_more(registered: Path, model_name: str) -> None:
    spoil_golden(registered, by=TOLERANCE / 2)
    assert check_files(registered, model_name, "1").reason == ""
    spoil_golden(registered, by=TOLERANCE)
    assert "1 of 100" in check_files(registered, model_name, "1").reason
    spoil_golden(registered, by=float("nan"))
    assert "1 of 100" in check_files(registered, model_name, "1").reason


def test_a_version_from_before_golden_rows_is_read_and_said_to_have_none(registered: Path, model_name: str) -> None:
    (registered / "package" / "golden.parquet").unlink()
    found = check_files(registered, model_name, "1")
    assert (found.reason, found.golden_rows) == ("", 0)


def test_artifacts_that_are_gone_are_a_reason_and_no_traceback(model_name: str, registered: Path) -> None:
    for path in sorted(registered.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    registered.rmdir()
    assert verify_version(model_name, "1") == Verification("its files are gone")
    assert verify_version(model_name, "9").reason.startswith("its files cannot be fetched (")


def test_golden_rows_are_spread_over_the_reference_and_few_where_it_is_small(package: ChampionPackage) -> None:
    golden = choose_golden(package)
    chosen = package.reference_features["age"].iloc[[0, 299]].to_numpy()
    assert len(golden.rows) == GOLDEN_ROWS
    assert np.array_equal(golden.rows["age"].iloc[[0, -1]].to_numpy(), chosen, equal_nan=True)
    small = replace(package, reference_features=package.reference_features.iloc[:3])
    assert len(choose_golden(small).rows) == 3


def test_the_model_card_of_a_version_is_beside_it(registered: Path, model_name: str) -> None:
    card = json.loads((registered / "package" / "model_card.json").read_text(encoding="utf-8"))
    assert card["model"]["name"] == model_name
    assert (registered / "package" / "model_card.md").read_text(encoding="utf-8").startswith("# Model card: ")
