"""Long reads show how far they are: on a terminal a bar, elsewhere a line a minute, and nothing of short ones."""

import logging

import pytest

from churn_monitoring.engines import progress
from churn_monitoring.engines.progress import Progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_log_has_one_line_a_minute_with_speed_and_time_left(
    clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), Progress("b.parquet", 1_000_000) as told:
        for _ in range(15):
            clock[0] += 10.0
            told.advance(50_000)
    assert caplog.messages == [
        "b.parquet: 300,000 of 1,000,000 rows, 5,000 rows/s, 140 s left",
        "b.parquet: 600,000 of 1,000,000 rows, 5,000 rows/s, 80 s left",
    ]


def test_without_a_known_total_there_is_no_time_left(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), Progress("b.csv", None) as told:
        clock[0] += 60.0
        told.advance(6_000)
    assert caplog.messages == ["b.csv: 6,000 rows, 100 rows/s"]


def test_of_a_short_read_nothing_is_shown(
    clock: list[float], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO), Progress("b.csv", 10) as told:
        clock[0] += 1.0
        told.advance(10)
    assert (caplog.messages, capsys.readouterr()) == ([], ("", ""))


@pytest.mark.parametrize("total", [1_000, None])
def test_on_a_terminal_a_bar_appears_after_some_seconds(
    clock: list[float], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], total: int | None
) -> None:
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with Progress("b.parquet", total) as told:
        clock[0] += 1.0
        told.advance(100)
        assert told._bar is None
        clock[0] += 4.0
        told.advance(100)
        told._bar.refresh()
    shown = capsys.readouterr().err
    assert "b.parquet" in shown
    assert "40 rows/s" in shown
