"""What the pages about statistics say of the code: rules, parameters and their defaults, tests, pictures, links."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from churn_monitoring.decision.rules import render_rules

ROOT = Path(__file__).resolve().parents[2]
DECISION, STATISTICS = ROOT / "docs/decision.md", ROOT / "docs/statistics"
PAGES = [DECISION, *sorted(STATISTICS.glob("*.md"))]
BASE: dict[str, Any] = yaml.safe_load((ROOT / "conf/base/parameters.yml").read_text(encoding="utf-8"))
LARGEST_PICTURE = 60 * 1024

each_page = pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
each_statistic = pytest.mark.parametrize(
    "page", [page for page in PAGES[1:] if page.stem != "README"], ids=lambda page: page.stem
)


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def find_links(page: Path) -> list[str]:
    links = re.findall(r"\]\(([^)\s]+)\)", read(page))
    return [link.split("#")[0] for link in links if not link.startswith(("http", "#"))]


def look_up(name: str) -> Any:
    value: Any = BASE
    for key in name.split("."):
        assert isinstance(value, dict), name
        assert key in value, f"{name} is not in conf/base/parameters.yml"
        value = value[key]
    return value


def list_defaults(page: Path) -> list[tuple[str, str]]:
    """Names and defaults of the parameter tables; one default for several names is that of each."""
    found = []
    for table in re.findall(r"^\| parameter \|.*\n\|[ \-|]+\n((?:\|.*\n)+)", read(page), re.MULTILINE):
        for row in table.splitlines():
            cells = [cell.strip() for cell in row.split("|")]
            names, values = re.findall(r"`([\w.]+)`", cells[1]), cells[2].split(", ")
            found += list(zip(names, values if len(values) == len(names) else values * len(names), strict=True))
    return found


def test_the_table_of_rules_is_the_one_of_the_code() -> None:
    found = re.search(r"<!-- rules -->\n(.*?)\n<!-- /rules -->", read(DECISION), re.DOTALL)
    remedy = "write it again: python benchmarks/draw_statistics.py --rules"
    assert found is not None, remedy
    assert found[1] == render_rules(), remedy


def test_the_worked_example_has_been_played() -> None:
    found = re.search(r"<!-- example -->\n(.*?)\n<!-- /example -->", read(DECISION), re.DOTALL)
    assert found is not None
    assert found[1].count("calibrated ") == 2, "play it again: python benchmarks/draw_statistics.py --example"


@each_page
def test_every_parameter_named_with_a_dot_exists(page: Path) -> None:
    for name in re.findall(r"`([a-z_]+\.[a-z_]+)`", read(page)):
        look_up(name)


@each_statistic
def test_the_defaults_in_the_tables_are_those_shipped(page: Path) -> None:
    defaults = list_defaults(page)
    assert defaults, "a statistic says which parameters it goes by"
    for name, told in defaults:
        shipped = look_up(name)
        if isinstance(shipped, int | float):
            assert float(told) == pytest.approx(float(shipped)), name
        else:
            assert told.strip("`") == str(shipped), name


@each_page
def test_whatever_is_linked_exists(page: Path) -> None:
    assert not [link for link in find_links(page) if not (page.parent / link).exists()]


@each_page
def test_every_test_that_is_named_exists(page: Path) -> None:
    assert not [path for path in re.findall(r"`(tests/[\w/]+\.py)`", read(page)) if not (ROOT / path).exists()]


@each_statistic
def test_every_page_has_its_parts_a_picture_and_a_test_that_proves_it(page: Path) -> None:
    text = read(page)
    assert re.search(r"^!\[.+\]\(\.\./images/statistics/[\w-]+\.png\)$", text, re.MULTILINE)
    assert re.search(r"^## (Formula|Procedure|Missing share)$", text, re.MULTILINE)
    assert re.search(r"^## (Decides|Reported only)$", text, re.MULTILINE)
    assert re.search(r"^## Source and proof$", text, re.MULTILINE)
    assert re.search(r"`tests/", text)
    assert re.search(r"miss", text, re.IGNORECASE)


def test_the_index_has_every_page_once() -> None:
    linked = [link for link in find_links(STATISTICS / "README.md") if not link.startswith("..")]
    assert sorted(linked) == sorted(page.name for page in PAGES[1:] if page.stem != "README")


def test_every_picture_is_shown_and_small() -> None:
    pictures = sorted((ROOT / "docs/images/statistics").glob("*"))
    shown = {Path(link).name for page in PAGES for link in find_links(page)}
    assert [picture.name for picture in pictures if picture.name not in shown] == []
    assert [picture.name for picture in pictures if picture.stat().st_size > LARGEST_PICTURE] == []
