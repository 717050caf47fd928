import re
from copy import deepcopy
from functools import partial
from html.parser import HTMLParser

import pytest

from churn_monitoring.core.options import ReportingOptions
from churn_monitoring.reporting.page import HISTORY_SHOWN, REASONS_SHOWN
from churn_monitoring.reporting.page import render_page as render_any_page
from churn_monitoring.reporting.report import BLIND

HOSTILE = "<script>alert('x')</script>&\"`"
VOID = {"meta", "link"}
LIMITS = ReportingOptions(top_features=12, listed_features=200, listed_findings=100, logged_features=200)
render_page = partial(render_any_page, limits=LIMITS)


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
        "What to do next", "Performance", "Which features moved", "Would retraining help?",
        "Does the new model keep its promise?", "Data quality", "Alerts", "History", "Both verdicts",
        "Model, reference and parameters", "How to reproduce", "Glossary",
    ]  # fmt: skip
    assert page.index("The model no longer fits") < page.index("What to do next")
    assert page.index("Concept drift: the slope moved") < page.index("What to do next")


def test_the_page_of_a_large_batch_says_how_many_rows_it_was_judged_by(report, history):
    limits = {"history": history, "performance_threshold": 0.75, "drift_share_threshold": 0.3}
    whole = render_page(report, **limits)
    sampled = render_page({**report, "batch": {**report["batch"], "sampled_rows": 12_345}}, **limits)
    assert "12,345" in sampled
    assert "12,345" not in whole
    assert "Rows of its sample" not in whole


def test_the_page_loads_nothing_and_is_small(report, history):
    page = render_page(report, history=history * 3, performance_threshold=0.75, drift_share_threshold=0.3)
    assert len(page.encode()) < 500_000
    reader = read(page)
    assert not reader.tags & {"script", "img", "iframe", "object"}
    assert "default-src 'none'" in page
    addresses = {value for name, value in reader.attributes if name in ("src", "href")}
    assert addresses == {"data:,", "../index.html", *(f"{one['batch']}.html" for one in history[-HISTORY_SHOWN:])}
    assert not re.search(r"https?://|url\(|@import", page)


def test_any_text_of_the_report_is_escaped(report, history, picture):
    plain = read(render_page(report, history=history, picture=picture)).tags
    shape = picture["features"].pop("contract")
    shape["levels"] = [HOSTILE, "yearly"]
    picture["features"][HOSTILE] = shape
    report["drift"]["features"][-1] |= {"feature": HOSTILE}
    picture["run"] |= {"file": HOSTILE, "code": HOSTILE}
    picture["model"]["candidate"] = HOSTILE
    picture["parameters"][HOSTILE] = HOSTILE
    report["batch"]["id"] = report["model"]["name"] = report["model"]["version"] = HOSTILE
    report["decision"]["reasons"] = [HOSTILE]
    report["drift"]["features"][0] |= {"feature": HOSTILE, "kind": HOSTILE, "usual_in": HOSTILE}
    report["drift"]["concept_tests"][3]["where"] = report["drift"]["domain"]["strongest"][0]["feature"] = HOSTILE
    report["verdicts"]["spec"]["reasons"] = report["probe"]["batches"] = report["probation"]["batches"] = [HOSTILE]
    report["probation"]["version"] = report["probation"]["previous_version"] = HOSTILE
    report["probe"]["candidate"] = report["performance"]["estimated"]["note"] = HOSTILE
    report["performance"]["segments"] = {HOSTILE: report["performance"]["segments"]["contract = yearly"]}
    report["data_quality"]["findings"][0] |= {"column": HOSTILE, "message": HOSTILE, "check": HOSTILE}
    report["data_quality"]["findings"][0]["examples"] = [HOSTILE]
    report["data_quality"]["findings"][1] |= {"column": HOSTILE, "severity": "failed"}
    report["alerts"][0]["message"] = HOSTILE
    history[-1] |= {"batch": HOSTILE, "model_version": HOSTILE, "event": HOSTILE, "event_version": HOSTILE}
    for action in ("retrain", "fix_data", "alert", "none"):
        report["decision"]["action"] = action
        page = render_page(report, history=history, picture=picture)
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
    assert "no realized performance: no label has matured yet" in page
    for section in ("Would retraining help?", "A classifier tells", "one by one", "Segment, worst first"):
        assert section not in page


@pytest.mark.parametrize("absent", ["realized", "estimated"])
def test_one_kind_of_performance_is_enough(report, history, absent):
    report["performance"] |= {absent: None, "reason": "wait for the rest" if absent == "realized" else None}
    page = render_page(report, history=history, performance_threshold=0.75)
    assert (BLIND in page) == (absent == "realized")
    assert ("no realized performance: wait for the rest" in page) == (absent == "realized")
    assert ("Log loss" in page) == (absent == "estimated")
    assert "Average precision" in page


def rows_of(page: str, heading: str) -> list[list[str]]:
    """Cells of the rows of the table that has this column heading."""
    table = next(part for part in re.findall(r"<table.*?</table>", page, re.DOTALL) if f">{heading}<" in part)
    rows = re.findall(r"<tr.*?</tr>", table, re.DOTALL)[1:]
    return [[re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


def test_realized_and_estimated_metrics_stand_side_by_side(report):
    rows = rows_of(render_page(report, history=[]), "Metric")
    assert rows[0] == ["ROC-AUC", "0.712", "0.829", "0.799 to 0.859"]
    assert rows[5] == ["F1", "0.537", "0.640", "0.590 to 0.690"]
    assert rows[-1] == ["Log loss", "0.531", "–", "–"]
    assert len(rows) == 8


def test_an_estimate_says_what_it_cannot_see_and_how_well_it_foretold(report):
    page = render_page(report, history=[])
    assert "cannot see concept drift" in page
    assert "On 5 earlier batches it was off by 0.012 on average, too low by 0.004 on balance." in page
    report["performance"]["estimated"]["track_record"] = None
    assert "No earlier estimate could be compared" in render_page(report, history=[])


def test_segments_are_listed_worst_first(report):
    rows = rows_of(render_page(report, history=[]), "Segment, worst first")
    assert [row[0] for row in rows] == ["contract = yearly", "contract = monthly"]
    assert rows[0][1:5] == ["400", "108", "0.655", "0.618 to 0.692"]


def test_both_verdicts_are_shown_and_whose_acts(report):
    page = re.sub(r"</?b>", "", render_page(report, history=[]))
    acts, beside = page.index("Controlled procedure: retrain (acts)"), page.index("alert (for comparison)")
    assert acts < beside < page.index("6 of 17 features at p")
    report["verdicts"]["mode"] = "spec"
    report["decision"]["action"] = "alert"
    page = re.sub(r"</?b>", "", render_page(report, history=[]))
    assert page.index("Specification, literally: alert (acts)") < page.index("retrain (for comparison)")


def test_a_season_is_named_where_it_would_be_called_stable(report):
    page = render_page(report, history=[])
    assert "usual in 2024-12-02 to 2024-12-29" in page
    assert [row[-1] for row in rows_of(page, "Adjusted p")][:2] == ["drifted", "drifted"]


def test_features_show_their_importance_or_that_it_is_unknown(report):
    report["drift"]["features"][-1]["importance"] = 0.37
    report["drift"]["features"][-2]["importance"] = None
    rows = {row[0]: row for row in rows_of(render_page(report, history=[]), "Adjusted p")}
    assert (rows["contract"][-2], rows["feature_16"][-2], rows["feature_15"][-2]) == ("37%", "–", "4%")


def test_the_tests_of_the_labels_say_what_they_ask_and_where(report):
    rows = rows_of(render_page(report, history=[]), "What it asks")
    assert [row[0] for row in rows] == ["Churn rate", "Calibration slope", "ROC-AUC gap", "Parts of features"]
    assert rows[3][2:] == ["contract = yearly", "0.190", "31", "0.0003"]
    assert rows[1][2] == "–"


def test_the_page_says_since_when_and_by_which_decision_the_model_serves(report):
    assert "<dd>2025-11-03 <small>rolled back</small></dd>" in render_page(report, history=[])


def test_a_probation_tells_what_was_promised_and_found_and_how_the_model_before_does(report):
    page = re.sub(r"</?button[^>]*>", "", render_page(report, history=[]))
    assert "version 2 is on probation, which ends after 2 more batches and the labels of all 4" in page
    assert "ROC-AUC <b>0.733</b> (0.703 to 0.763), realized on 1,873 rows of 2025-05-12, 2025-05-19" in page
    assert "its promotion showed <b>0.812</b> (0.782 to 0.842; p-value of no shortfall: 0.0002)" in page
    assert "Version 1, which it replaced, reaches 0.741 (0.711 to 0.771) on the same rows." in page
    report["probation"]["previous"] = None
    assert "which it replaced" not in render_page(report, history=[])
    report["probation"] = None
    assert "keep its promise" not in render_page(report, history=[])


def test_the_probe_tells_its_gain_with_interval(report):
    page = re.sub(r"</?b>", "", render_page(report, history=[]))
    assert "+0.031 (+0.017 to +0.045; p-value of no gain: &lt; 0.0001)" in page
    assert "A random forest that also learned from 2025-05-12, 2025-05-19" in page


@pytest.mark.parametrize(("low", "named"), [(0.5, False), (0.51, True)])
def test_features_that_tell_the_batch_from_the_reference_are_named_only_where_it_can_be_told(report, low, named):
    report["drift"]["domain"]["roc_auc"]["low"] = low
    page = render_page(report, history=[])
    assert "A classifier tells rows" in page
    assert ("mostly by contract (41%), feature_16 (22%)" in page) is named


def test_how_far_the_batch_is_from_the_anchor_is_one_line(report, bare):
    page = render_page(report, history=[])
    assert "(version 1, 2025-01-06), 2 of 4 features drifted (50%): contract, charges." in page
    assert "anchor" not in render_page(bare, history=[])


def test_a_report_from_before_there_was_an_anchor_has_a_page(bare):
    del bare["drift"]["anchor"]
    assert "anchor" not in render_page(bare, history=[])


def test_a_finding_shows_ids_of_rows_that_have_it(report):
    page = render_page(report, history=[])
    assert page.count("(ids ") == 1
    assert "(ids c-17, c-204, c-311)" in page


def test_features_are_ranked_drifted_first_and_by_size(report):
    page = render_page(report, history=[])
    names = re.findall(r'<th scope="row">(feature_\d+|contract)</th>', page)
    assert names[:4] == ["feature_16", "contract", "feature_15", "feature_14"]
    assert len(names) == 17


def test_the_page_of_a_broken_batch_of_a_wide_table_is_small_and_links_what_it_leaves_out(report, history):
    wide = deepcopy(report)
    features = report["drift"]["features"]
    wide["drift"]["features"] = [features[0] | {"feature": f"col_{n}", "drifted": True} for n in range(20_000)]
    finding = report["data_quality"]["findings"][1] | {"severity": "failed"}
    wide["data_quality"]["findings"] = [finding | {"column": f"col_{n}"} for n in range(20_000)]
    alert = {"key": "data_quality", "severity": "critical", "message": "it is broken", "value": 1.0, "threshold": 0.1}
    wide["alerts"] = [alert] * 20_000
    wide["decision"] |= {"action": "fix_data", "reasons": ["It is broken."] * 20_000}
    for side in ("spec", "calibrated"):
        wide["verdicts"][side]["reasons"] = ["It is broken."] * 20_000
    page = render_page(wide, history=history)
    reader = read(page)
    assert len(page.encode()) < 500_000
    assert [value for name, value in reader.attributes if name == "href"].count("2025-05-26.json") >= 3
    assert page.count("19,800 more features are in") == 1
    assert page.count("19,900 more findings are in") == page.count("19,900 more alerts are in") == 1
    assert page.count(f"and {20_000 - REASONS_SHOWN:,} more") == 2
    assert len(set(re.findall(r'<th scope="row">(col_\d+)</th>', page))) == 200


def test_too_few_rows_is_said_instead_of_a_p_value(report):
    report["drift"]["features"][0] |= {"p_value": None, "adjusted_p_value": None}
    assert render_page(report, history=[]).count("too few rows") == 2


def test_the_history_is_that_of_the_newest_batches_and_marks_this_one(report, history, events):
    report["batch"]["id"] = history[-3]["batch"]
    page = render_page(report, history=history, events=events, performance_threshold=0.75, drift_share_threshold=0.3)
    assert page.count('<a href="2025-') == 2 * HISTORY_SHOWN  # in the chart and in its table
    assert page.count('class="current"') == 1
    assert re.findall(r'<text class="event [a-z]+"[^>]*>(v\d)<', page) == ["v2", "v3"]


def test_features_that_moved_are_drawn_the_most_telling_first_with_plain_numbers(report, picture):
    report["drift"]["features"][11]["importance"] = 0.4
    page = render_page(report, history=[], picture=picture)
    cards = re.findall(r'<article class="feature">\s*<h3>(\S+) ', page)
    assert cards == ["feature_12", "contract", "feature_16"]  # the labels speak of a part of contract
    assert "Lower quartile 3 → 3.5, upper quartile 5 → 7.5. 31% lie above 12 (reference: &lt; 1%)." in page
    assert "Missing in 4% of the rows (reference: 0%)." in page
    assert "monthly 60% → 30%, yearly 30% → 60%." in page
    assert "2 others" in page
    assert page.count(">reference</text>") == page.count(">this batch</text>") == 2


def test_where_labels_found_a_change_its_feature_is_linked_to_it(report, picture):
    for one in report["drift"]["features"]:
        one["importance"] = 0.05
    page = render_page(report, history=[], picture=picture)
    assert re.findall(r'<article class="feature">\s*<h3>(\S+) ', page)[0] == "contract"
    report["drift"]["concept"]["drifted"] = False
    page = render_page(report, history=[], picture=picture)
    assert re.findall(r'<article class="feature">\s*<h3>(\S+) ', page)[0] == "feature_12"


def test_a_calm_verdict_does_not_hide_what_labels_said_after_it(report):
    report["decision"]["action"] = "none"
    told = "Its labels put the ROC-AUC at 0.712, below the threshold of 0.75."
    assert told in render_page(report, history=[], performance_threshold=0.75)
    assert told not in render_page(report, history=[], performance_threshold=0.70)
    report["decision"]["action"] = "retrain"
    assert told not in render_page(report, history=[], performance_threshold=0.75)


def test_where_nothing_moved_the_most_important_features_can_be_opened(report, picture):
    for one in report["drift"]["features"]:
        one["drifted"] = False
    page = render_page(report, history=[], picture=picture)
    assert "No feature drifted." in page
    assert page.count('<article class="feature">') == 2


def test_the_page_says_what_it_was_judged_by_and_how_to_reproduce_it(report, picture):
    page = render_page(report, history=[], picture=picture)
    assert '<tr><th scope="row">drift.min_rows</th><td>200</td></tr>' in page
    assert "The 2 parameters it was judged by" in page
    assert "kedro run --pipeline monitoring --params batch=2025-05-26,as_of=2025-06-23" in page
    assert "SHA-256 <code>cd34</code>" in page
    report["batch"]["id"] = "a b; rm"
    assert "--params &#39;batch=a b; rm,as_of=2025-06-23&#39;" in render_page(report, history=[])


def test_every_term_that_is_marked_is_in_the_glossary(report, history, picture):
    page = render_page(report, history=history, picture=picture)
    explained = set(re.findall(r'<dd id="(g-\w+)">', page))
    assert set(re.findall(r'aria-describedby="([^"]+)"', page)) <= explained
    assert len(explained) == len(re.findall(r'<dd id="g-', page))


@pytest.mark.parametrize("columns", [300, 2_000])
def test_a_page_of_many_columns_is_small_and_says_where_the_others_are(report, history, picture, columns):
    one = report["drift"]["features"][-2]
    report["drift"]["features"] = [{**one, "feature": f"a rather long name of column {at}"} for at in range(columns)]
    finding = report["data_quality"]["findings"][1]
    report["data_quality"]["findings"] = [{**finding, "column": f"column {at}"} for at in range(columns)]
    shape = picture["features"]["feature_16"]
    picture["features"] = {f"a rather long name of column {at}": shape for at in range(40)}
    page = render_page(report, history=history, picture=picture)
    assert len(page.encode()) < 300_000
    assert page.count('<article class="feature">') == 12
    assert f"{columns - 200:,} more features are in" in page
    assert f"{columns - 100:,} more findings are in" in page


def test_a_history_without_any_performance_is_drawn(report, history):
    dark = [item | {"roc_auc": None, "drift_share": None} for item in history]
    read(render_page(report, history=dark, performance_threshold=0.75))


def test_the_same_report_gives_the_same_page_and_is_left_alone(report, history):
    before = deepcopy((report, history))
    assert render_page(report, history=history) == render_page(report, history=history)
    assert (report, history) == before
