import re
from copy import deepcopy

from churn_monitoring.reporting.dashboard import FEATURES, ROWS, SHOWN, render_dashboard
from churn_monitoring.reporting.history import History

from .test_page import HOSTILE, read

THRESHOLDS = {"performance_threshold": 0.75, "drift_share_threshold": 0.3}


def draw(history, events=()):
    return render_dashboard(History(tuple(history), tuple(events)), model_name="churn", **THRESHOLDS)


def test_it_says_how_things_stand_then_shows_all_on_one_axis_then_as_tables(history, events):
    page = draw(history, events)
    assert read(page).headings == [
        "Everything on one time axis", "Batches", "What was done about the model", "Glossary"
    ]  # fmt: skip
    assert "No action needed: the model stays in service." in page
    assert re.search(r"<dd>v3<small>promoted 2025-10-13</small>", page)
    assert "threshold 0.75" in page
    assert "limit 30%" in page
    assert page.index("<td>v1 → v3</td>") < page.index("<td>v1 → v2</td>")


def test_every_batch_leads_to_its_page_and_nothing_else_is_loaded(history, events):
    reader = read(draw(history, events))
    links = [value for name, value in reader.attributes if name in ("src", "href")]
    assert set(links) == {"data:,", *(f"monitoring/{one['batch']}.html" for one in history)}
    assert not reader.tags & {"script", "img", "iframe", "object"}


def test_features_are_those_that_drifted_and_mattered_most_first(history):
    for number in range(20):
        history[number % 3]["weights"] = {**history[number % 3]["weights"], f"f{number}": 0.001 * number}
    names = re.findall(r'<h3 class="row" title="([^"]+)"', draw(history))
    assert names[:3] == ["charges", "plan", "f19"]
    assert len([name for name in names if name.startswith("f") and name != "fix data"]) == FEATURES - 2


def test_its_size_is_bounded_and_what_is_left_out_is_said(history, events):
    page = draw(history * 30, events)
    assert len(page.encode()) < 500_000
    assert f"{SHOWN:,} batches" in page
    assert f"{30 * len(history) - SHOWN:,} older ones are not drawn" in page
    assert f"{SHOWN - ROWS} older batches" in page


def test_the_same_history_gives_the_same_bytes_and_is_left_alone(history, events):
    before = deepcopy((history, events))
    assert draw(history, events) == draw(history, events)
    assert (history, events) == before


def test_before_the_first_batch_it_says_what_to_do():
    page = draw([])
    read(page)
    assert "No batch has been monitored yet." in page
    assert "None" not in page


def test_names_from_the_data_are_escaped(history, events):
    plain = read(draw(history, events)).tags
    history[-1] |= {"batch": HOSTILE, "model_version": HOSTILE, "effects": {HOSTILE: 0.5}, "weights": {HOSTILE: 9.0}}
    events[-1] |= {"version": HOSTILE, "verdict": HOSTILE}
    page = draw(history, events)
    assert "<script" not in page
    assert read(page).tags <= plain
