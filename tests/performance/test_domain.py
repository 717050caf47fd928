"""Telling batch from reference: silent where they are alike, and naming what gives the batch away."""

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.options import TableSchema
from churn_monitoring.performance.domain import measure_domain

SCHEMA = TableSchema(
    id="id",
    target="left",
    positive="yes",
    date=None,
    numeric=("tenure", "age"),
    categorical=("contract", "region"),
    ignored=(),
)


def draw_customers(seed: int, rows: int = 600, older: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "tenure": np.where(rng.random(rows) < 0.05, np.nan, rng.exponential(20.0, rows)),
            "age": rng.normal(45.0 + older, 12.0, rows),
            "contract": pd.array(rng.choice(["monthly", "yearly"], rows), dtype="str"),
            "region": pd.array(rng.choice(list("abcdef"), rows), dtype="str"),
        }
    )


def test_tables_that_are_alike_are_told_apart_as_often_as_chance_says() -> None:
    found = [measure_domain(draw_customers(2 * s), draw_customers(2 * s + 1), SCHEMA, 400, s) for s in range(6)]
    values = [one.roc_auc for one in found if one is not None]
    assert np.mean([one.value for one in values]) == pytest.approx(0.5, abs=0.03)
    assert sum(one.low <= 0.5 <= one.high for one in values) >= 4


def test_the_feature_that_changed_is_named_first() -> None:
    found = measure_domain(draw_customers(1), draw_customers(2, older=15.0), SCHEMA, 500, 0)
    assert found is not None
    assert found.roc_auc.low > 0.65
    assert found.strongest[0][0] == "age"
    assert found.strongest[0][1] > 0.5
    assert sum(share for _, share in found.strongest) == pytest.approx(1.0)
    assert found.rows == 1000


def test_a_changed_dependence_is_seen_where_every_column_alone_is_as_before() -> None:
    batch = draw_customers(4)
    reference = draw_customers(3)
    for side in (reference, batch):
        side["tenure"] = side["age"] - 30.0
    batch["tenure"] = np.random.default_rng(5).permutation(batch["tenure"])
    found = measure_domain(reference, batch, SCHEMA, 600, 0)
    assert found is not None
    assert found.roc_auc.low > 0.7


def test_missing_values_and_new_levels_give_the_batch_away() -> None:
    missing = draw_customers(6)
    missing.loc[:300, "age"] = np.nan
    new = draw_customers(7).assign(region=pd.array(["z"] * 600, dtype="str"))
    for batch, name in ((missing, "age"), (new, "region")):
        found = measure_domain(draw_customers(8), batch, SCHEMA, 600, 0)
        assert found is not None
        assert found.roc_auc.low > 0.6
        assert found.strongest[0][0] == name


def test_it_is_off_at_no_rows_and_says_nothing_of_few() -> None:
    tables = draw_customers(9), draw_customers(10)
    assert measure_domain(*tables, SCHEMA, 0, 0) is None
    assert measure_domain(tables[0], tables[1][:39], SCHEMA, 500, 0) is None
    assert measure_domain(tables[0][[]], tables[1], SCHEMA, 500, 0) is None


def test_tables_that_hold_nothing_are_alike() -> None:
    nothing = draw_customers(11).assign(
        tenure=np.nan, age=1.0, contract=pd.array([None] * 600, dtype="str"), region=pd.array(["a"] * 600, dtype="str")
    )
    found = measure_domain(nothing, nothing, SCHEMA, 500, 0)
    assert found is not None
    assert found.roc_auc.value == 0.5
    assert found.strongest == ()


def test_the_same_seed_gives_the_same_answer_and_tables_are_left_alone() -> None:
    reference, batch = draw_customers(12), draw_customers(13, older=5.0)
    kept = reference.copy(), batch.copy()
    found = measure_domain(reference, batch, SCHEMA, 300, 7)
    assert found == measure_domain(reference, batch, SCHEMA, 300, 7)
    pd.testing.assert_frame_equal(reference, kept[0])
    pd.testing.assert_frame_equal(batch, kept[1])
