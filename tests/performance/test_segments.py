"""Performance level by level."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from churn_monitoring.core.options import PerformanceOptions
from churn_monitoring.performance.metrics import measure_performance
from churn_monitoring.performance.segments import mark_segments, measure_segments

SHIPPED = yaml.safe_load((Path(__file__).resolve().parents[2] / "conf/base/parameters.yml").read_text())
OPTIONS = PerformanceOptions(**SHIPPED["performance"])


def draw_rows(seed: int = 1, rows: int = 600) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    scores = rng.random(rows)
    contract = rng.choice(["yearly", "monthly", "weekly"], p=[0.6, 0.38, 0.02], size=rows).astype(object)
    contract[:10] = None
    labels = (rng.random(rows) < scores).astype(float)
    return labels, scores, pd.DataFrame({"contract": pd.array(contract, dtype="str"), "constant": ["x"] * rows})


def test_every_level_with_enough_rows_has_the_performance_of_its_rows() -> None:
    labels, scores, rows = draw_rows()
    found = measure_segments(labels, scores, scores, 0.5, rows, ["contract"], OPTIONS)
    assert list(found) == ["contract = monthly", "contract = yearly"]
    monthly = (rows["contract"] == "monthly").to_numpy(bool)
    assert found["contract = monthly"] == measure_performance(
        labels[monthly], scores[monthly], scores[monthly], 0.5, OPTIONS
    )


def test_a_column_that_is_not_there_has_no_segments_and_one_level_is_everything() -> None:
    labels, scores, rows = draw_rows()
    found = measure_segments(labels, scores, scores, 0.5, rows, ["absent", "constant"], OPTIONS)
    assert found == {"constant = x": measure_performance(labels, scores, scores, 0.5, OPTIONS)}
    assert measure_segments(labels, scores, scores, 0.5, rows, [], OPTIONS) == {}


def test_a_column_without_a_value_has_no_segments() -> None:
    labels, scores, rows = draw_rows()
    empty = rows.assign(contract=pd.array([None] * len(rows), dtype="str"))
    assert measure_segments(labels, scores, scores, 0.5, empty, ["contract"], OPTIONS) == {}


def test_segments_are_marked_by_column_and_level_and_missing_values_are_in_none() -> None:
    _, _, rows = draw_rows()
    marked = mark_segments(rows, ["contract", "absent", "constant"])
    assert list(marked) == ["contract = monthly", "contract = weekly", "contract = yearly", "constant = x"]
    np.testing.assert_array_equal(marked["contract = weekly"], (rows["contract"] == "weekly").to_numpy(bool))
    in_some = marked["contract = monthly"] | marked["contract = weekly"] | marked["contract = yearly"]
    assert not in_some[:10].any()
    assert in_some[10:].all()
