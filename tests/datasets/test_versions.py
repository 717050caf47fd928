"""Any registered version on demand: nothing is loaded before it is asked for, and nothing can be saved."""

import pytest
from kedro.io import DatasetError

from churn_monitoring.core.errors import NoChampion
from churn_monitoring.datasets.versions import VersionsDataset


def test_loading_gives_a_function_and_touches_no_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr("churn_monitoring.datasets.versions.load_version", lambda *told: asked.append(told))
    load = VersionsDataset(model_name="churn").load()
    assert asked == []
    load("2")
    assert asked == [("churn", "2")]


@pytest.mark.usefixtures("model_name")
def test_a_version_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(NoChampion, match="no version 7"):
        VersionsDataset(model_name="churn").load()("7")


def test_nothing_can_be_saved() -> None:
    with pytest.raises(DatasetError, match="by saving a champion"):
        VersionsDataset(model_name="churn").save("anything")
