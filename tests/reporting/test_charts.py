import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_monitoring.reporting.axes import Axis, surround
from churn_monitoring.reporting.charts import (
    HISTOGRAM_HEIGHT,
    build_histogram,
    build_interval_chart,
    build_level_bars,
)

ESTIMATE = st.lists(st.floats(0, 1), min_size=3, max_size=3).map(
    lambda ends: dict(zip(("low", "value", "high"), sorted(ends), strict=True))
)
SHARES = st.lists(st.floats(0, 1), min_size=4, max_size=4)


@given(ESTIMATE, st.none() | st.floats(0, 1))
def test_intervals_stay_inside_the_chart_in_their_order(estimate, threshold):
    chart = build_interval_chart({"realized": estimate}, threshold)
    (row,) = chart.rows
    assert 0 <= row.low <= row.value <= row.high <= 100
    assert all(0 <= x <= 100 for x, _ in chart.ticks)
    assert len(chart.ticks) <= 7
    assert (chart.threshold is None) == (threshold is None)


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300), st.integers(2, 8))
def test_ticks_are_few_round_numbers_on_the_axis(one, other, most):
    low, high = sorted((one, other))
    axis = Axis(low, high, 0.0, 100.0)
    ticks = axis.ticks(most)
    assert len(ticks) <= most + 1
    assert all(0.0 <= place <= 100.0 for place, _ in ticks)
    assert [value for _, value in ticks] == sorted(value for _, value in ticks)


def test_an_axis_around_nothing_is_around_one_half():
    assert (surround([None], 0.0, 1.0).low, surround([], 0.0, 1.0).high) == pytest.approx((0.48, 0.52))


@given(SHARES, SHARES, st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=5, unique=True).map(sorted))
def test_a_histogram_stays_in_its_box_whatever_the_shares(reference, batch, edges):
    drawn = build_histogram({"edges": edges, "reference": reference, "batch": batch})
    for path in (drawn.reference, drawn.batch):
        assert all(0.0 <= float(y) <= HISTOGRAM_HEIGHT for y in re.findall(r"V([\d.]+)", path))
        assert all(0.0 <= float(x) <= 100.0 for x in re.findall(r"H([\d.]+)", path))
    assert all(0.0 <= x <= 100.0 and 10.0 <= y <= HISTOGRAM_HEIGHT for x, y, _ in drawn.labels)


def test_a_bin_twice_as_wide_with_twice_the_share_is_as_high():
    drawn = build_histogram({"edges": [0.0, 1.0, 3.0], "reference": [0.2, 0.4], "batch": [0.3, 0.6]})
    heights = re.findall(r"V([\d.]+)H", drawn.batch)
    assert heights[0] == heights[1]


def test_the_two_sides_are_labelled_apart_where_each_stands_out():
    shape = {"edges": [0.0, 1.0, 2.0, 3.0, 4.0], "reference": [0.7, 0.1, 0.1, 0.1], "batch": [0.1, 0.1, 0.1, 0.7]}
    reference, batch = build_histogram(shape).labels
    assert reference[0] < 25 < 75 < batch[0]
    alike = build_histogram({**shape, "batch": shape["reference"]})
    assert abs(alike.labels[0][0] - alike.labels[1][0]) >= 20


def test_bars_of_levels_are_parts_of_the_longest_and_others_are_one_bar():
    shape = {"levels": ["a", "b"], "reference": [0.5, 0.1], "batch": [0.25, 0.45], "others": 3, "rest": [0.4, 0.3]}
    bars = build_level_bars(shape)
    assert [(bar.name, bar.reference, bar.batch) for bar in bars] == [
        ("a", 1.0, 0.5), ("b", 0.2, 0.9), ("3 others", 0.8, 0.6)
    ]  # fmt: skip
    assert bars[1].texts == ("10%", "45%")
    assert build_level_bars({"levels": [], "reference": [], "batch": [], "others": 0, "rest": [0, 0]}) == ()
