"""The held-out rows that travel with the champion."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from churn_monitoring.core.options import PerformanceOptions, ReferenceOptions, TableSchema
from churn_monitoring.learning.candidate import ScoredRows
from churn_monitoring.learning.reference import Reference, assemble_reference
from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.performance.metrics import measure_performance
from churn_monitoring.profiling import fit_reference_profile, profile_to_arrays

SCHEMA = TableSchema(
    id="customer", target="left", positive="yes", date=None, numeric=["age"], categorical=["plan"], ignored=[]
)
OPTIONS = ReferenceOptions(min_rows=0, max_rows=1000, folds=5, grid_points=1000)
BASE = yaml.safe_load((Path(__file__).resolve().parents[2] / "conf/base/parameters.yml").read_text(encoding="utf-8"))
PERFORMANCE = PerformanceOptions(**BASE["performance"])
CALIBRATION = PlattCalibration(0.3, 0.8)


def build_table(rows: int = 400) -> pd.DataFrame:
    generator = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "customer": [f"c{number}" for number in range(rows)],
            "age": generator.normal(40, 9, rows),
            "plan": generator.choice(["a", "b"], rows),
        },
        index=np.arange(rows)[::-1],
    )


def score(*positions: int) -> ScoredRows:
    generator = np.random.default_rng(len(positions))
    labels = (generator.random(len(positions)) < 0.4).astype(float)
    return ScoredRows(
        np.array(positions), labels, np.clip(labels * 0.3 + generator.random(len(positions)) / 2, 0.01, 0.99)
    )


def assemble(table: pd.DataFrame, parts: dict[str, ScoredRows], seed: int = 1, **changes: int) -> Reference:
    options = OPTIONS.model_copy(update=changes)
    return assemble_reference(table, parts, CALIBRATION, SCHEMA, options, seed)


def test_every_row_carries_its_own_customer_score_label_and_part() -> None:
    table = build_table()
    parts = {"holdout": score(*range(300, 400)), "out_of_fold": score(*range(0, 200, 2))}
    rows = assemble(table, parts).rows
    assert list(rows.columns) == ["id", "label", "score", "probability", "part"]
    for name, scored in parts.items():
        part = rows[rows["part"] == name]
        assert part["id"].tolist() == [f"c{position}" for position in scored.positions]
        assert np.array_equal(part["label"], scored.labels)
        assert np.array_equal(part["score"], scored.scores)
        assert np.array_equal(part["probability"], CALIBRATION.apply(scored.scores))


@pytest.mark.parametrize("most", [1000, 150])
def test_the_features_are_those_of_the_same_rows_in_the_same_order(most: int) -> None:
    table = build_table()
    parts = {"holdout": score(*range(300, 400)), "out_of_fold": score(*range(0, 200, 2))}
    reference = assemble(table, parts, max_rows=most)
    expected = table.set_index("customer").loc[reference.rows["id"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(reference.features, expected)
    assert len(reference.rows) == min(most, 200)


def test_the_features_take_the_ids_back_and_keep_what_they_were() -> None:
    reference = assemble(build_table(), {"holdout": score(*range(100))})
    assert reference.with_ids("customer")["customer"].tolist() == reference.rows["id"].tolist()
    assert list(reference.features.columns) == ["age", "plan"]


def test_the_date_comes_along_where_there_is_one() -> None:
    table = build_table().assign(day=pd.Timestamp("2025-01-06"))
    dated = SCHEMA.model_copy(update={"date": "day"})
    parts = {"holdout": score(*range(100))}
    assert "day" in assemble_reference(table, parts, CALIBRATION, dated, OPTIONS, 1).features
    assert "day" not in assemble(table, parts).features
    undelivered = table.drop(columns="day")
    assert "day" not in assemble_reference(undelivered, parts, CALIBRATION, dated, OPTIONS, 1).features


def test_the_profile_is_of_exactly_the_referenced_rows() -> None:
    table = build_table()
    positions = [*range(300, 400), *range(50)]
    reference = assemble(table, {"holdout": score(*positions[:100]), "out_of_fold": score(*positions[100:])})
    expected = profile_to_arrays(fit_reference_profile(table.iloc[positions], SCHEMA, OPTIONS.grid_points))
    found = profile_to_arrays(reference.profile)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_a_sample_is_kept_of_a_large_reference_while_its_profile_is_of_all() -> None:
    table, parts = build_table(), {"holdout": score(*range(400))}
    sampled, again, other = (assemble(table, parts, seed, max_rows=150) for seed in (1, 1, 2))
    assert len(sampled.rows) == 150
    assert sampled.profile.rows == 400
    assert sampled.rows.index.tolist() == list(range(150))
    assert sampled.rows["id"].is_unique
    pd.testing.assert_frame_equal(sampled.rows, again.rows)
    pd.testing.assert_frame_equal(sampled.features, again.features)
    assert sampled.rows["id"].tolist() != other.rows["id"].tolist()


def test_repeated_rows_are_a_share_of_the_reference() -> None:
    table = build_table(100)
    table.iloc[50:100, 1:] = table.iloc[0, 1:].to_numpy()
    assert assemble(table, {"holdout": score(*range(100))}).repeated_share == pytest.approx(0.5)
    assert assemble(build_table(100), {"holdout": score(*range(100))}).repeated_share == 0.0


def test_its_performance_is_that_of_its_rows_as_plain_values() -> None:
    scored = score(*range(400))
    found = assemble(build_table(), {"holdout": scored}).measure(0.4, PERFORMANCE)
    expected = measure_performance(scored.labels, scored.scores, CALIBRATION.apply(scored.scores), 0.4, PERFORMANCE)
    assert expected is not None
    assert found["roc_auc"] == {
        "value": expected.roc_auc.value,
        "low": expected.roc_auc.low,
        "high": expected.roc_auc.high,
    }
    assert (found["rows"], found["threshold"], found["brier"]) == (400, 0.4, expected.brier)


def test_a_reference_of_too_few_rows_cannot_be_measured() -> None:
    with pytest.raises(ValueError, match="too few rows of one class"):
        assemble(build_table(), {"holdout": score(*range(20))}).measure(0.4, PERFORMANCE)


def test_the_table_is_left_alone() -> None:
    table = build_table()
    before = table.copy()
    assemble(table, {"holdout": score(*range(400))}, max_rows=150)
    pd.testing.assert_frame_equal(table, before)
