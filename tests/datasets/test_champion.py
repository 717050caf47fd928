"""The champion in a real model registry: registered, promoted, rolled back, loaded."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError
from mlflow import MlflowClient

from churn_monitoring.core.errors import NoChampion
from churn_monitoring.datasets import champion, registry
from churn_monitoring.datasets.champion import ChampionDataset, PromotionDataset
from churn_monitoring.datasets.claims import make_claim
from churn_monitoring.datasets.package_files import write_package
from churn_monitoring.datasets.registry import (
    CHAMPION,
    PREVIOUS,
    find_version,
    load_version,
    move_aliases,
    register_package,
    restore,
)
from churn_monitoring.datasets.verification import Verification
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.profiling import fit_reference_profile, profile_to_arrays
from churn_monitoring.quality.dependency import measure_dependencies
from churn_monitoring.reporting.model_card import Origin


def in_service(model_name: str) -> tuple[str | None, str | None]:
    """Versions that the aliases champion and previous point at."""
    found = (find_version(model_name, alias) for alias in (CHAMPION, PREVIOUS))
    champion, previous = (str(version.version) if version else None for version in found)
    return champion, previous


@pytest.fixture(autouse=True)
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """No fresh process is asked: what it finds is in test_verification.py, what follows from it in test_registry.py."""
    monkeypatch.setattr(registry, "verify_version", lambda *_: Verification("", 1))


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registering makes a bare version: where aliases go does not depend on what a version holds."""

    def register(model_name: str, package: ChampionPackage, replaces: str) -> str:
        client = MlflowClient()
        if not client.search_registered_models(filter_string=f"name = '{model_name}'"):
            client.create_registered_model(model_name)
        return str(client.create_model_version(model_name, source="nowhere", tags=make_claim(replaces)).version)

    monkeypatch.setattr(registry, "register_package", register)


def promote(model_name: str, package: Any) -> dict[str, str]:
    dataset = PromotionDataset(model_name=model_name)
    dataset.save({"package": package})
    receipt = dataset.load()
    assert receipt.pop("refused") == ""
    return receipt


def test_a_package_comes_back_from_the_registry_as_it_was(model_name: str, package: ChampionPackage) -> None:
    with mlflow.start_run():
        ChampionDataset(model_name=model_name).save(package)
    found = ChampionDataset(model_name=model_name).load()
    rows = package.training_rows
    assert np.array_equal(found.score(rows), package.score(rows))
    assert (found.candidate, found.schema, found.calibration, found.threshold, found.metrics, found.facts) == (
        package.candidate,
        package.schema,
        package.calibration,
        package.threshold,
        package.metrics,
        package.facts,
    )
    pd.testing.assert_frame_equal(found.reference, package.reference)
    pd.testing.assert_frame_equal(found.reference_features, package.reference_features)
    expected, arrays = profile_to_arrays(package.profile), profile_to_arrays(found.profile)
    assert arrays.keys() == expected.keys()
    assert all(np.array_equal(arrays[name], expected[name]) for name in expected)
    assert (found.version, in_service(model_name)) == ("1", ("1", None))


def test_how_columns_hang_together_comes_back_as_it_was(model_name: str, package: ChampionPackage) -> None:
    with mlflow.start_run():
        ChampionDataset(model_name=model_name).save(package)
    found = ChampionDataset(model_name=model_name).load()
    assert package.dependencies is not None
    assert package.dependencies.models
    assert found.dependencies is not None
    rows = package.training_rows
    assert measure_dependencies(found.dependencies, rows) == measure_dependencies(package.dependencies, rows)


def test_a_package_without_dependencies_comes_back_without_them(model_name: str, package: ChampionPackage) -> None:
    with mlflow.start_run():
        ChampionDataset(model_name=model_name).save(replace(package, dependencies=None))
    assert ChampionDataset(model_name=model_name).load().dependencies is None


def test_monitoring_knows_whom_the_champion_was_fitted_on_and_nothing_more_of_them(
    model_name: str, package: ChampionPackage
) -> None:
    with mlflow.start_run():
        ChampionDataset(model_name=model_name).save(package)
    found = ChampionDataset(model_name=model_name).load()
    assert list(found.training_rows) == ["customer"]
    asked = pd.Series(["somebody else", package.training_rows["customer"].iloc[0], None], dtype="str")
    assert found.has_seen(asked).tolist() == [False, True, False]


def test_training_rows_come_only_when_asked_for(model_name: str, package: ChampionPackage) -> None:
    with mlflow.start_run() as run:
        version = register_package(model_name, package)
    move_aliases(model_name, version)
    found = ChampionDataset(model_name=model_name, with_training_rows=True).load()
    pd.testing.assert_frame_equal(found.training_rows, package.training_rows)
    assert MlflowClient().get_model_version(model_name, version).run_id == run.info.run_id


def test_rows_it_was_calibrated_on_come_with_the_training_rows_and_not_without(
    model_name: str, package: ChampionPackage
) -> None:
    rows = package.training_rows[["customer", "age", "plan"]].head(20)
    with mlflow.start_run():
        ChampionDataset(model_name=model_name).save(replace(package, calibration_rows=rows))
    assert ChampionDataset(model_name=model_name).load().calibration_rows.empty
    found = ChampionDataset(model_name=model_name, with_training_rows=True).load()
    pd.testing.assert_frame_equal(found.calibration_rows, rows)


def test_the_anchor_comes_back_as_it_was_and_is_absent_where_the_reference_is_it(
    model_name: str, package: ChampionPackage
) -> None:
    anchor = fit_reference_profile(package.training_rows.head(200), package.schema, 50)
    found = []
    for one in (package, replace(package, anchor=anchor)):
        with mlflow.start_run():
            ChampionDataset(model_name=model_name).save(one)
        found.append(ChampionDataset(model_name=model_name).load().anchor)
    assert found[0] is None
    arrays, expected = profile_to_arrays(found[1]), profile_to_arrays(anchor)
    assert arrays.keys() == expected.keys()
    assert all(np.array_equal(arrays[name], expected[name]) for name in expected)


def test_no_file_of_a_version_is_a_pickle(model_name: str, package: ChampionPackage) -> None:
    with mlflow.start_run():
        version = register_package(model_name, package)
    folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=f"models:/{model_name}/{version}"))
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    parts = ("package.json", "profile.npz", "dependencies.npz", "reference.parquet", "reference_features.parquet")
    assert {"model.skops", *(f"package/{part}" for part in parts)} <= files
    assert not [name for name in files if name.endswith((".pkl", ".pickle", ".joblib"))]


def test_a_champion_is_read_once_however_many_nodes_ask(
    model_name: str, package: ChampionPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mlflow.start_run():
        ChampionDataset(model_name=model_name).save(package)
    first = ChampionDataset(model_name=model_name)
    loaded = first.load()
    monkeypatch.setattr(registry, "download", None)
    monkeypatch.setattr(champion, "download", None)
    assert first.load() is loaded
    assert ChampionDataset(model_name=model_name).load() is loaded


def test_a_package_that_is_not_whole_registers_no_version(model_name: str, package: ChampionPackage) -> None:
    unwritable = replace(package, metrics=package.metrics | {"holdout": {"brier": float("nan")}})
    with mlflow.start_run(), pytest.raises(DatasetError, match="not JSON compliant"):
        ChampionDataset(model_name=model_name).save(unwritable)
    assert in_service(model_name) == (None, None)


def test_without_a_champion_loading_says_what_to_do(model_name: str) -> None:
    dataset = ChampionDataset(model_name=model_name)
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="train one first with `kedro run --pipeline training`") as caught:
        dataset.load()
    assert isinstance(caught.value.__cause__, NoChampion)


@pytest.mark.usefixtures("bare")
def test_a_promotion_keeps_what_it_replaces_as_previous(model_name: str, package: ChampionPackage) -> None:
    assert promote(model_name, package) == {"version_before": "", "version_after": "1"}
    assert in_service(model_name) == ("1", None)
    assert promote(model_name, package) == {"version_before": "1", "version_after": "2"}
    assert promote(model_name, package) == {"version_before": "2", "version_after": "3"}
    assert in_service(model_name) == ("3", "2")
    assert ChampionDataset(model_name=model_name).exists()


@pytest.mark.usefixtures("bare")
def test_a_promotion_without_a_package_moves_nothing(model_name: str, package: ChampionPackage) -> None:
    assert promote(model_name, None) == {"version_before": "", "version_after": ""}
    promote(model_name, package)
    promote(model_name, package)
    assert promote(model_name, None) == {"version_before": "2", "version_after": "2"}
    assert in_service(model_name) == ("2", "1")
    assert len(MlflowClient().search_model_versions(f"name = '{model_name}'")) == 2


def test_a_receipt_cannot_be_had_before_the_promotion(model_name: str) -> None:
    dataset = PromotionDataset(model_name=model_name)
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="Nothing was promoted or kept"):
        dataset.load()


@pytest.mark.usefixtures("bare")
def test_moving_to_the_version_in_service_does_not_lose_the_previous_one(
    model_name: str, package: ChampionPackage
) -> None:
    promote(model_name, package)
    promote(model_name, package)
    assert move_aliases(model_name, "2") == "2"
    assert in_service(model_name) == ("2", "1")


@pytest.mark.usefixtures("bare")
def test_killed_between_the_two_aliases_a_champion_is_still_in_service(
    model_name: str, package: ChampionPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(model_name, package)
    set_alias = MlflowClient.set_registered_model_alias

    def die_before_champion(client: MlflowClient, name: str, alias: str, version: str) -> None:
        if alias == CHAMPION:
            raise KeyboardInterrupt
        set_alias(client, name, alias, version)

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "set_registered_model_alias", die_before_champion)
        with pytest.raises(KeyboardInterrupt):
            promote(model_name, package)
    assert in_service(model_name)[0] == "1"
    assert promote(model_name, package) == {"version_before": "1", "version_after": "3"}
    assert in_service(model_name) == ("3", "1")


@pytest.mark.usefixtures("bare")
def test_a_rollback_puts_the_previous_version_back_and_cannot_be_undone_by_another(
    model_name: str, package: ChampionPackage
) -> None:
    promote(model_name, package)
    promote(model_name, package)
    restore(model_name, "1")
    assert in_service(model_name) == ("1", "1")
    restore(model_name, "1")
    assert in_service(model_name) == ("1", "1")


@pytest.mark.usefixtures("bare")
def test_after_a_rollback_the_next_promotion_keeps_the_restored_version(
    model_name: str, package: ChampionPackage
) -> None:
    promote(model_name, package)
    promote(model_name, package)
    restore(model_name, "1")
    assert promote(model_name, package) == {"version_before": "1", "version_after": "3"}
    assert in_service(model_name) == ("3", "1")


def test_a_version_out_of_service_can_be_loaded_and_an_absent_one_cannot(
    model_name: str, package: ChampionPackage
) -> None:
    with mlflow.start_run():
        register_package(model_name, package)
    assert in_service(model_name) == (None, None)
    assert load_version(model_name, "1").threshold == package.threshold
    with pytest.raises(NoChampion, match="has no version 9 that can be loaded"):
        load_version(model_name, "9")


@pytest.mark.usefixtures("bare")
def test_models_of_two_names_do_not_meet(model_name: str, package: ChampionPackage) -> None:
    promote(model_name, package)
    assert in_service(f"{model_name}-other") == (None, None)


def test_the_package_document_is_plain_json(model_name: str, package: ChampionPackage, tmp_path: Path) -> None:
    write_package(tmp_path / "package", package, Origin("churn", "3", "run", "0.1.0"))
    document = json.loads((tmp_path / "package" / "package.json").read_text(encoding="utf-8"))
    assert set(document) == {"candidate", "schema", "calibration", "threshold", "metrics", "facts", "replaces"}
    assert document["schema"]["numeric"] == ["age"]
