import re
from copy import deepcopy
from html.parser import HTMLParser

import pytest

from churn_monitoring.reporting.page import HISTORY_SHOWN, render_page

HOSTILE = "<script>alert('x')</script>&\"`"
VOID = {"meta", "link"}


class Reader(HTMLParser):
    """Checks that tags close in order, and keeps the headings and every attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.headings, self.tags, self.attributes = [], [], set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "h2" in self.open and "small" not in self.open and data.strip():
            self.headings.append(data.strip())


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def test_verdict_comes_first_and_evidence_follows_in_order(report, history):
    page = render_page(report, history=history, performance_threshold=0.75, drift_share_threshold=0.3)
    assert read(page).headings == [
        "What to do next", "Performance", "Drift", "Data quality", "Alerts", "History", "Model and reference",
    ]  # fmt: skip
    assert page.index("The model no longer fits") < page.index("What to do next")
    assert page.index("Concept drift: the slope moved") < page.index("What to do next")


def test_the_page_loads_nothing_and_is_small(report, history):
    page = render_page(report, history=history * 3, performance_threshold=0.75, drift_share_threshold=0.3)
    assert len(page.encode()) < 500_000
    reader = read(page)
    assert not reader.tags & {"script", "img", "iframe", "object"}
    assert "default-src 'none'" in page
    addresses = [value for name, value in reader.attributes if name in ("src", "href")]
    assert addresses == ["data:,"]
    assert not re.search(r"https?://|url\(|@import", page)


def test_any_text_of_the_report_is_escaped(report, history):
    plain = read(render_page(report, history=history)).tags
    report["batch"]["id"] = report["model"]["name"] = report["model"]["version"] = HOSTILE
    report["decision"]["reasons"] = [HOSTILE]
    report["drift"]["features"][0] |= {"feature": HOSTILE, "kind": HOSTILE}
    report["data_quality"]["findings"][0] |= {"column": HOSTILE, "message": HOSTILE, "check": HOSTILE}
    report["data_quality"]["findings"][1] |= {"column": HOSTILE, "severity": "failed"}
    report["alerts"][0]["message"] = HOSTILE
    history[-1] |= {"batch": HOSTILE, "model_version": HOSTILE, "event": HOSTILE, "event_version": HOSTILE}
    for action in ("retrain", "fix_data", "alert", "none"):
        report["decision"]["action"] = action
        page = render_page(report, history=history)
        assert "<script" not in page
        assert read(page).tags <= plain | {"code"}


def test_everything_that_may_be_absent_may_be_absent(bare):
    page = render_page(bare, history=[])
    read(page)
    for sentence in (
        "Neither realized nor estimated",
        "No feature was compared",
        "No findings",
        "Nothing raised",
    ):
        assert sentence in page
    assert "None" not in page
    assert "needs matured labels" in page


@pytest.mark.parametrize("absent", ["realized", "estimated"])
def test_one_kind_of_performance_is_enough(report, history, absent):
    report["performance"][absent] = None
    page = render_page(report, history=history, performance_threshold=0.75)
    assert ("cannot show in it" in page) == (absent == "realized")
    assert ("Log loss" in page) == (absent == "estimated")


def test_features_are_ranked_drifted_first_and_by_size(report):
    page = render_page(report, history=[])
    names = re.findall(r'<th scope="row">(feature_\d+|contract)</th>', page)
    assert names[:4] == ["feature_16", "contract", "feature_15", "feature_14"]
    assert len(names) == 17


def test_too_few_rows_is_said_instead_of_a_p_value(report):
    report["drift"]["features"][0] |= {"p_value": None, "adjusted_p_value": None}
    assert render_page(report, history=[]).count("too few rows") == 2


def test_the_history_has_gaps_where_labels_are_missing_and_shows_promotions(report, history):
    page = render_page(report, history=history, performance_threshold=0.75, drift_share_threshold=0.3)
    assert page.count('<path class="auc"') == 2
    assert page.count('<rect class="mark') == 52
    assert page.count('class="current"') == 1
    assert re.findall(r'<text class="event"[^>]*>(v\d)<', page) == ["v2", "v3"]


def test_only_the_newest_batches_of_a_long_history_are_drawn(report, history):
    page = render_page(report, history=history * 2)
    assert page.count('<rect class="mark') == HISTORY_SHOWN


def test_a_history_without_any_performance_is_drawn(report, history):
    dark = [item | {"roc_auc": None, "drift_share": None} for item in history]
    read(render_page(report, history=dark, performance_threshold=0.75))


def test_the_same_report_gives_the_same_page_and_is_left_alone(report, history):
    before = deepcopy((report, history))
    assert render_page(report, history=history) == render_page(report, history=history)
    assert (report, history) == before
