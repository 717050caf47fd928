"""People are told through the real command line: what is kept while a channel is down, and what never leaves a file."""

import os
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from .conftest import kedro
from .test_loop import batch_ids

pytestmark = pytest.mark.e2e

SECRET = "t0ps3cret"
CHANNELS = """
alerts:
  channels:
    hook: {kind: webhook, severity: warning}
    mail: {kind: apprise, severity: critical}
"""


def configure(folder: Path, web: Any, mail: Any) -> None:
    address = f"mailto://127.0.0.1:{mail.port}/?from={SECRET}@example.org&to=team@example.org&mode=insecure"
    local = folder / "conf/local"
    (local / "parameters.yml").write_text(CHANNELS)
    (local / "credentials.yml").write_text(
        f"alerts: {{hook: 'http://127.0.0.1:{web.port}/{SECRET}', mail: '{address}'}}"
    )


def break_column(folder: Path, batch: str) -> None:
    path = folder / "data/01_raw/production" / f"{batch}.csv"
    table = pd.read_csv(path, dtype=str)
    table.assign(monthly_charges=table["monthly_charges"].astype(float) * 100).to_csv(path, index=False)


def find_secret(folder: Path) -> list[str]:
    """Files in which the secret is, but for the one it was put into."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "credentials.yml"]
    return [str(path) for path in files if SECRET.encode() in path.read_bytes()]


def test_a_broken_batch_is_told_once_however_long_the_channel_is_down(
    project: Path, web_server: Any, mail_server: Any
) -> None:
    broken = batch_ids(project)[3]
    break_column(project, broken)
    with web_server() as gone, mail_server() as mail:
        configure(project, gone, mail)
        gone.status = 500
        cycle = kedro(project, "cycle", "--fail-on", "fix_data")
        assert cycle.returncode == 11, cycle.stderr
        assert cycle.stderr.count("Channel 'hook': it answered with HTTP status 500.") == 2, (
            "by a batch, and at the end"
        )
        assert gone.payloads == []
        assert [subject for subject, _ in mail.mails] == [f"[churn] batch {broken}: fix_data, critical"]
        open_now = kedro(project, "alerts")
        worst = open_now.stdout.splitlines()[0]
        assert worst.startswith(f"critical  since {broken}, told {broken}  data_quality:")
        assert "monthly_charges" in worst
        assert "1 to hook" in open_now.stdout
        sample = kedro(project, "alerts", "test")
        assert sample.returncode == 1
        assert sample.stdout.splitlines() == ["hook  did not arrive: it answered with HTTP status 500", "mail  arrived"]
        gone.status = 200
        later = kedro(project, "cycle")
        assert (later.returncode, later.stderr) == (0, "")
        assert gone.payloads[0]["batch"] == broken
        told = len(gone.payloads)
        assert kedro(project, "cycle").returncode == 0
        assert len(gone.payloads) == told, "delivered once"
        assert kedro(project, "alerts", "test").returncode == 0
    assert "No problem" not in open_now.stdout
    for done in (cycle, open_now, sample, later):
        assert SECRET not in done.stdout + done.stderr
    assert find_secret(project) == []


def test_when_no_batch_comes_the_cycle_says_so_with_a_code_and_sends_it_once(
    project: Path, web_server: Any, mail_server: Any
) -> None:
    with web_server() as web, mail_server() as mail:
        configure(project, web, mail)
        assert kedro(project, "cycle", "--fail-on", "alert").returncode == 0
        assert kedro(project, "status", "--fail-on", "alert").returncode == 0
        for path in (project / "data/01_raw/production").glob("*.csv"):
            os.utime(path, (time.time() - 30 * 86400,) * 2)
        status = kedro(project, "status", "--fail-on", "alert")
        assert status.returncode == 10
        assert "Overdue    No new batch has come for 30 days; one every 7 days is usual." in status.stdout
        assert web.payloads == []
        for _ in range(2):
            cycle = kedro(project, "cycle", "--fail-on", "alert")
            assert cycle.returncode == 10
            assert cycle.stderr == "No new batch has come for 30 days; one every 7 days is usual.\n"
        run = kedro(project, "run", "--pipeline", "monitoring", "--fail-on", "alert")
        assert run.returncode == 10
        assert kedro(project, "cycle").returncode == 0, "as before, where nothing is asked for"
        newest = project / "data/01_raw/production" / f"{batch_ids(project)[-1]}.csv"
        os.utime(newest)
        assert kedro(project, "cycle", "--fail-on", "alert").returncode == 0
    assert [item["kind"] for one in web.payloads for item in one["items"]] == ["opened", "resolved"]
    assert web.payloads[0]["items"][0]["key"] == "no_batch"
