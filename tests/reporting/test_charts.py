import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.reporting.charts import LANES, WIDTH, build_history_chart, build_interval_chart

ESTIMATE = st.lists(st.floats(0, 1), min_size=3, max_size=3).map(
    lambda ends: dict(zip(("low", "value", "high"), sorted(ends), strict=True))
)
ITEM = st.fixed_dictionaries(
    {
        "batch": st.text(max_size=4),
        "as_of": st.just("2025-01-06"),
        "action": st.sampled_from(["none", "alert", "fix_data", "retrain"]),
        "roc_auc": st.none() | ESTIMATE,
        "drift_share": st.none() | st.floats(0, 1),
        "model_version": st.just("1"),
        "event": st.sampled_from([None, "promoted", "kept"]),
        "event_version": st.sampled_from(["1", "2"]),
    }
)


@given(ESTIMATE, st.none() | st.floats(0, 1))
def test_intervals_stay_inside_the_chart_in_their_order(estimate, threshold):
    chart = build_interval_chart({"realized": estimate}, threshold)
    (row,) = chart.rows
    assert 0 <= row.low <= row.value <= row.high <= WIDTH
    assert all(0 <= x <= WIDTH for x, _ in chart.ticks)
    assert len(chart.ticks) <= 7


@given(st.lists(ITEM, max_size=12), st.none() | st.floats(0, 1), st.none() | st.floats(0, 1))
def test_any_history_stays_inside_its_lanes(history, performance_threshold, share_threshold):
    chart = build_history_chart(history, "x", performance_threshold, share_threshold)
    assert len(chart.cells) == len(history)
    assert all(cell.x >= 0 and cell.x + cell.width <= WIDTH for cell in chart.cells)
    assert all(cell.bar_height >= 0 for cell in chart.cells)
    assert all(LANES["auc_top"] <= y <= LANES["auc_bottom"] for _, y in chart.points)
    assert len(chart.points) == sum(item["roc_auc"] is not None for item in history)
    assert len(chart.dates) <= 6


def test_the_threshold_is_where_an_equal_value_is():
    chart = build_interval_chart({"realized": {"value": 0.75, "low": 0.7, "high": 0.8}}, 0.75)
    assert chart.threshold == pytest.approx(chart.rows[0].value)
