"""Production batches and label files as they lie in their folders."""

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DatasetError

from churn_monitoring.core.errors import DataError
from churn_monitoring.datasets.deliveries import DeliveriesDataset, LabelFilesDataset

ROWS = "id,age\n007,41\n"


def deliver(folder: Path, *names: str, content: str = ROWS) -> None:
    for name in names:
        (folder / name).write_text(content, encoding="utf-8")


def test_batches_come_oldest_first_whatever_their_format(tmp_path: Path) -> None:
    deliver(tmp_path, "2026-01-12.csv", "2025-12-29.csv")
    pd.DataFrame({"id": ["1"]}).to_parquet(tmp_path / "2026-01-05.parquet")
    found = DeliveriesDataset(path=str(tmp_path), predictions=str(tmp_path / "out")).load()
    assert list(found) == ["2025-12-29", "2026-01-05", "2026-01-12"]
    assert [delivery.batch_date for delivery in found.values()] == [
        date(2025, 12, 29),
        date(2026, 1, 5),
        date(2026, 1, 12),
    ]
    assert found["2026-01-12"].path == tmp_path / "2026-01-12.csv"
    assert found["2026-01-05"].path == tmp_path / "2026-01-05.parquet"


def test_a_batch_without_a_date_in_its_name_takes_its_place_by_when_it_was_written(tmp_path: Path) -> None:
    deliver(tmp_path, "2026-01-05.csv", "2026-01-19.csv", "spring.csv")
    day = datetime(2026, 1, 12, 23, 30, tzinfo=UTC).timestamp()
    os.utime(tmp_path / "spring.csv", (day, day))
    found = DeliveriesDataset(path=str(tmp_path), predictions=str(tmp_path / "out")).load()
    assert list(found) == ["2026-01-05", "spring", "2026-01-19"]
    assert (found["spring"].batch_date, found["spring"].modified_date) == (None, date(2026, 1, 12))


def test_hidden_unfinished_and_foreign_files_are_not_batches(tmp_path: Path) -> None:
    deliver(tmp_path, ".2026-01-05.csv", ".2026-01-05.csv.x7.part", "2026-01-05.csv.part", ".gitkeep", "notes.txt")
    (tmp_path / "folder.csv").mkdir()
    assert DeliveriesDataset(path=str(tmp_path), predictions=str(tmp_path / "out")).load() == {}


def test_an_absent_or_empty_folder_holds_none(tmp_path: Path) -> None:
    assert DeliveriesDataset(path=str(tmp_path), predictions=str(tmp_path / "out")).load() == {}
    assert DeliveriesDataset(path=str(tmp_path / "absent"), predictions="").load() == {}
    assert LabelFilesDataset(path=str(tmp_path / "absent")).load() == {}


def test_one_id_delivered_twice_is_an_error_that_names_both_files(tmp_path: Path) -> None:
    deliver(tmp_path, "2026-01-05.csv", "2026-01-05.parquet")
    with pytest.raises(DatasetError, match="have the same batch id: remove one of them") as caught:
        DeliveriesDataset(path=str(tmp_path), predictions=str(tmp_path / "out")).load()
    assert isinstance(caught.value.__cause__, DataError)
    assert all(name in str(caught.value) for name in ("2026-01-05.csv", "2026-01-05.parquet"))


def test_no_delivery_is_read_before_it_is_asked_for_so_that_a_corrupt_one_hinders_no_other(tmp_path: Path) -> None:
    deliver(tmp_path, "2026-01-12.csv")
    deliver(tmp_path, "2026-01-05.csv", content="")
    found = DeliveriesDataset(path=str(tmp_path), predictions=str(tmp_path / "out")).load()
    assert list(found) == ["2026-01-05", "2026-01-12"]
    assert not (tmp_path / "out").exists()


def test_a_delivery_is_known_by_its_size_time_and_content(tmp_path: Path) -> None:
    deliver(tmp_path, "2026-01-05.csv")
    delivery = DeliveriesDataset(path=str(tmp_path), predictions=str(tmp_path / "out")).load()["2026-01-05"]
    assert delivery.size == len(ROWS)
    assert delivery.modified_ns == (tmp_path / "2026-01-05.csv").stat().st_mtime_ns
    assert delivery.fingerprint() == hashlib.sha256(ROWS.encode()).hexdigest()
    deliver(tmp_path, "2026-01-05.csv", content=ROWS.replace("41", "42"))
    assert delivery.size == len(ROWS)
    assert delivery.fingerprint() != hashlib.sha256(ROWS.encode()).hexdigest()


def test_label_files_come_by_name_in_order_and_unread(tmp_path: Path) -> None:
    deliver(tmp_path, "2026-02-09.csv", "2026-02-02.csv", ".2026-02-16.csv", "2026-02-16.csv.part")
    deliver(tmp_path, "2026-02-16.csv", content="")
    found = LabelFilesDataset(path=str(tmp_path)).load()
    assert list(found) == ["2026-02-02", "2026-02-09", "2026-02-16"]
    assert found["2026-02-02"]()["id"].tolist() == ["007"]
    with pytest.raises(DataError, match=r"2026-02-16\.csv cannot be read"):
        found["2026-02-16"]()


@pytest.mark.parametrize("kind", [partial(DeliveriesDataset, predictions="out"), LabelFilesDataset])
def test_what_is_delivered_is_never_written(
    kind: Callable[..., DeliveriesDataset | LabelFilesDataset], tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match="are only read"):
        kind(path=str(tmp_path)).save({})
    assert os.listdir(tmp_path) == []
