"""The tutorial, followed word by word: every command of its page is run, and what it prints is what the page shows."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import ROOT, SECONDS

pytestmark = pytest.mark.e2e

PAGE = ROOT / "docs" / "tutorial.md"
ELSEWHERE = ("git clone", "make install", "source ")  # what the clone that this test runs in has behind it
NUMBER = re.compile(r"\d+(\.\d+)?(e[+-]\d+)?")


def read_commands() -> Iterator[tuple[str, list[str]]]:
    """Each command of the page with the lines shown below it."""
    command, shown = "", []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("    $ "):
            if command:
                yield command, shown
            command, shown = line.removeprefix("    $ "), []
        elif line.startswith("    "):
            shown.append(line[4:])
    yield command, shown


def describe(lines: list[str]) -> re.Pattern[str]:
    """A pattern of the lines shown: any number for a number, anything where dots stand."""
    parts = []
    for line in lines:
        text = NUMBER.sub("0", line)
        parts.append(".*" if text == "..." else re.escape(text).replace(re.escape("..."), ".*"))
    return re.compile(r"\s*\n".join(parts), re.DOTALL)


def test_every_command_of_the_tutorial_does_what_the_page_shows(empty_project: Path) -> None:
    folder = str(Path(sys.executable).parent)
    path = {"PATH": os.pathsep.join([folder, os.environ["PATH"]]), "PYTHONPATH": str(empty_project / "src")}
    followed = 0
    for command, shown in read_commands():
        if command.startswith(ELSEWHERE):
            continue
        done = subprocess.run(
            ["bash", "-c", command], cwd=empty_project, env=os.environ | path, capture_output=True, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        printed = NUMBER.sub("0", done.stdout.strip())
        assert describe(shown).fullmatch(printed) or not shown, f"{command}\n{done.stdout}"
        followed += 1
    assert followed >= 10
    pages = {path.stem for path in (empty_project / "data/08_reporting/monitoring").glob("*.html")}
    assert {"2025-01-06", "2025-01-13"} <= pages
