import re

from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.reporting.lanes import AUC_HEIGHT, BOX, DATES, FEW, build_lanes

ESTIMATE = st.lists(st.floats(0, 1), min_size=3, max_size=3).map(
    lambda ends: dict(zip(("low", "value", "high"), sorted(ends), strict=True))
)
ITEM = st.fixed_dictionaries(
    {
        "batch": st.text(max_size=4),
        "as_of": st.just("2025-01-06"),
        "action": st.sampled_from(["none", "alert", "fix_data", "retrain"]),
        "roc_auc": st.none() | ESTIMATE,
        "estimated": st.none() | ESTIMATE,
        "drift_share": st.none() | st.floats(0, 1),
        "label_coverage": st.floats(0, 1),
        "alerts": st.dictionaries(st.sampled_from(["info", "warning", "critical"]), st.integers(1, 4)),
        "effects": st.dictionaries(st.sampled_from(["a", "b"]), st.floats(0, 50)),
        "model_version": st.just("1"),
    }
)
THRESHOLDS = {"performance_threshold": 0.75, "drift_share_threshold": 0.3}


@given(st.lists(ITEM, max_size=12), st.none() | st.floats(0, 1))
def test_every_batch_has_its_column_and_every_path_stays_in_its_box(history, threshold):
    lanes = build_lanes(
        history, [], performance_threshold=threshold, drift_share_threshold=threshold, features=["a", "b"], current="x"
    )
    assert len(lanes.links) == len(history)
    assert len(lanes.dates) <= DATES
    paths = [lanes.auc.bands, lanes.auc.lines, lanes.auc.estimated, lanes.share.bars, lanes.coverage.bars]
    for x, y in re.findall(r"[ML]([\d.]+),([\d.]+)", "".join(paths)):
        assert 0.0 <= float(x) <= BOX
        assert 0.0 <= float(y) <= AUC_HEIGHT
    assert (lanes.auc.threshold is not None) == (
        threshold is not None and any(one["roc_auc"] or one["estimated"] for one in history)
    )


def test_a_line_has_a_gap_where_labels_have_not_come(history):
    lanes = build_lanes(history, [], **THRESHOLDS)
    assert lanes.auc.lines.count("M") == lanes.auc.bands.count("Z") == 2  # week 9 has none, and the last four
    assert lanes.auc.dots.count("M") == sum(one["roc_auc"] is not None for one in history)
    assert "of 47 of 52 batches" in lanes.auc.told


def test_cells_are_where_alerts_verdicts_and_drift_were(history):
    lanes = build_lanes(history, [], features=["plan"], **THRESHOLDS)
    assert [(row.name, row.paths[0].count("M")) for row in lanes.verdicts] == [
        ("retrain", 3), ("fix_data", 1), ("alert", 6)
    ]  # fmt: skip
    assert [(row.name, row.paths[0].count("M")) for row in lanes.alerts] == [("critical", 3), ("warning", 6)]
    (plan,) = lanes.features
    assert [path.count("M") for path in plan.paths] == [0, 0, 0, 6]  # an effect of 0.7 has the darkest shade
    assert plan.told == "plan drifted in 6 of 52 batches."


def test_neighbours_are_one_cell_once_batches_are_many_and_the_page_stays_small(history):
    week = history[14]
    lanes = build_lanes([week] * (FEW + 1), [], features=["plan"], **THRESHOLDS)
    assert lanes.features[0].paths[3].count("M") == lanes.verdicts[2].paths[0].count("M") == 1
    assert lanes.auc.dots == ""


def test_an_event_stands_at_the_end_of_the_batch_of_its_day(history, events):
    lanes = build_lanes(history, events, **THRESHOLDS)
    assert [(event.verdict, event.text) for event in lanes.events] == [
        ("kept", ""), ("promoted", "v2"), ("promoted", "v3")
    ]  # fmt: skip
    assert lanes.events[0].x == round(100 * 23 / 52, 2)
    before = [{**events[0], "as_of": "2020-01-01"}]
    assert build_lanes(history, before, **THRESHOLDS).events == ()
    back = [{**events[1], "verdict": "rolled_back", "version": "1"}]
    assert build_lanes(history, back, **THRESHOLDS).events[0].verdict == "rolled_back"


def test_the_current_batch_is_marked_and_a_column_tells_its_numbers(history):
    lanes = build_lanes(history, [], current=history[3]["batch"], **THRESHOLDS)
    assert [link.batch for link in lanes.links if link.current] == [history[3]["batch"]]
    assert lanes.links[9].title.startswith("2025-03-10: fix data, labels not matured, ")
