"""A folder of like files under one name."""

import os
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DatasetError

from churn_monitoring.core.errors import DataError
from churn_monitoring.datasets.folder import FolderDataset

JSON = "churn_monitoring.datasets.files.AtomicJSONDataset"


def open_folder(path: Path, **more: Any) -> FolderDataset:
    return FolderDataset(path=str(path), dataset=JSON, suffix=".json", **more)


def test_each_name_is_a_file_and_is_loaded_by_its_name_in_order(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "reports")
    folder.save({"2026-02-02": {"rows": 2}, "2026-01-05": {"rows": 1}})
    loaded = folder.load()
    assert list(loaded) == ["2026-01-05", "2026-02-02"]
    assert [load() for load in loaded.values()] == [{"rows": 1}, {"rows": 2}]
    assert sorted(os.listdir(tmp_path / "reports")) == ["2026-01-05.json", "2026-02-02.json"]


def test_what_is_nothing_has_no_file_and_loses_the_one_it_had(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    folder.save({"2026-01-05": {"rows": 1}, "2026-01-12": {"rows": 1}})
    folder.save({"2026-01-05": None, "2026-01-19": None})
    assert os.listdir(tmp_path) == ["2026-01-12.json"]


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    folder.save({"good": {"rows": 1}})
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    loaded = folder.load()
    assert loaded["good"]() == {"rows": 1}
    with pytest.raises(DatasetError, match=r"bad\.json cannot be read"):
        loaded["bad"]()


def test_an_absent_folder_holds_none(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "absent")
    assert folder.load() == {}
    assert not folder.exists()


def test_hidden_files_leftovers_and_other_suffixes_are_not_in_it(tmp_path: Path) -> None:
    for name in (".hidden.json", ".2026.json.x7.part", "page.html", "json"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    assert open_folder(tmp_path).load() == {}


def test_a_name_with_dots_keeps_them(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    folder.save({"week.1.json": 1, "v1.2": 2})
    assert {name: load() for name, load in folder.load().items()} == {"week.1.json": 1, "v1.2": 2}


def test_a_save_keeps_the_files_it_does_not_name_unless_told_to_replace_them(tmp_path: Path) -> None:
    open_folder(tmp_path).save({"a": 1, "b": 1})
    (tmp_path / "page.html").write_text("kept", encoding="utf-8")
    (tmp_path / ".gitkeep").touch()
    open_folder(tmp_path).save({"b": 2})
    assert list(open_folder(tmp_path).load()) == ["a", "b"]
    open_folder(tmp_path, replace=True).save({"b": 3})
    assert {name: load() for name, load in open_folder(tmp_path).load().items()} == {"b": 3}
    assert sorted(os.listdir(tmp_path)) == [".gitkeep", "b.json", "page.html"]


@pytest.mark.parametrize("name", ["../outside", "a/b", "/etc/outside", "..", ".", ".hidden", ""])
def test_a_name_cannot_leave_the_folder_or_hide_in_it(name: str, tmp_path: Path) -> None:
    inside = tmp_path / "reports"
    with pytest.raises(DatasetError, match="cannot name a file in") as caught:
        open_folder(inside).save({name: {}})
    assert isinstance(caught.value.__cause__, DataError)
    assert list(tmp_path.rglob("*")) == []


def test_a_bad_name_among_good_ones_writes_none_of_them(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot name a file in"):
        open_folder(tmp_path).save({"good": 1, "../bad": 2})
    assert os.listdir(tmp_path) == []


def test_a_save_that_fails_removes_nothing(tmp_path: Path) -> None:
    open_folder(tmp_path).save({"a": 1, "b": 1})
    with pytest.raises(DatasetError):
        open_folder(tmp_path, replace=True).save({"a": 2, "c": {1, 2}})
    assert sorted(os.listdir(tmp_path)) == ["a.json", "b.json"]
