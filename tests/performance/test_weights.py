"""The weighted reference has the batch's mix; odd tables give weights that do nothing."""

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.options import TableSchema
from churn_monitoring.performance.parts import cut_parts
from churn_monitoring.performance.weights import LARGEST_WEIGHT, LEAST_WEIGHT, fit_density_ratio, measure_effective_rows

SCHEMA = TableSchema(
    id="id",
    target="left",
    positive="yes",
    date=None,
    numeric=("tenure", "age"),
    categorical=("contract",),
    ignored=(),
)


def draw_customers(seed: int, rows: int, monthly: float = 0.5, younger: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    contract = np.where(rng.random(rows) < monthly, "monthly", "yearly")
    tenure = rng.exponential(np.where(contract == "monthly", 12.0, 30.0))
    return pd.DataFrame(
        {"tenure": tenure, "age": rng.normal(45.0 - younger, 12.0, rows), "contract": pd.array(contract, dtype="str")}
    )


def test_the_weighted_reference_has_the_mix_of_the_batch() -> None:
    reference, batch = draw_customers(1, 4000), draw_customers(2, 1000, monthly=0.8, younger=8.0)
    weights = fit_density_ratio(reference, batch, SCHEMA)
    assert weights.mean() == pytest.approx(1.0)
    is_monthly = (reference["contract"] == "monthly").to_numpy(float)
    assert np.average(is_monthly, weights=weights) == pytest.approx((batch["contract"] == "monthly").mean(), abs=0.02)
    for cut in cut_parts(reference, batch, SCHEMA, 5):
        sides = cut.indicate(np.arange(len(cut.names)))
        np.testing.assert_allclose(np.average(sides[0], axis=1, weights=weights), sides[1].mean(axis=1), atol=0.02)
    left = np.average(reference["age"], weights=weights) - batch["age"].mean()
    assert abs(left) < 0.2 * (reference["age"].mean() - batch["age"].mean())


def test_without_a_change_the_weights_are_nearly_equal() -> None:
    weights = fit_density_ratio(draw_customers(3, 4000), draw_customers(4, 1000), SCHEMA)
    assert measure_effective_rows(weights) > 3800


def test_counts_that_move_by_next_to_nothing_leave_the_weights_nearly_equal() -> None:
    reference, batch = draw_customers(3, 4000), draw_customers(4, 1000)
    reference["age"], batch["age"] = reference["age"] // 10.0, batch["age"] // 10.0 + 0.02
    assert measure_effective_rows(fit_density_ratio(reference, batch, SCHEMA)) > 3800


def test_no_row_speaks_for_many() -> None:
    reference, batch = draw_customers(5, 2000, monthly=0.01), draw_customers(6, 500, monthly=1.0)
    weights = fit_density_ratio(reference, batch, SCHEMA)
    assert weights.max() <= LARGEST_WEIGHT * 1.0001
    assert weights.min() >= 0.9 * LEAST_WEIGHT
    assert weights.mean() == pytest.approx(1.0)


def test_levels_and_values_the_reference_never_saw_leave_the_weights_finite_and_alone() -> None:
    reference, batch = draw_customers(7, 2000), draw_customers(8, 500)
    odd = batch.assign(contract=pd.array(["weekly"] * 250 + ["monthly", "yearly"] * 125, dtype="str"))
    odd.loc[:40, "age"] = 1e12
    odd.loc[50:60, "tenure"] = np.nan
    weights = fit_density_ratio(reference, odd, SCHEMA)
    assert np.isfinite(weights).all()
    assert measure_effective_rows(weights) > 1800


@pytest.mark.parametrize(
    ("numeric", "categorical"), [(("tenure", "age"), ()), ((), ("contract",)), (("age",), ("absent",))]
)
def test_tables_of_one_kind_of_column_have_weights(numeric: tuple[str, ...], categorical: tuple[str, ...]) -> None:
    schema = SCHEMA.model_copy(update={"numeric": numeric, "categorical": categorical})
    reference, batch = draw_customers(9, 800), draw_customers(10, 400, monthly=0.9, younger=10.0)
    weights = fit_density_ratio(reference, batch, schema)
    assert weights.shape == (800,)
    assert measure_effective_rows(weights) < 790


def test_what_says_nothing_weighs_nothing() -> None:
    reference, batch = draw_customers(11, 300), draw_customers(12, 100)
    constant = [
        side.assign(tenure=1.0, age=np.nan, contract=pd.array(["x"] * len(side), dtype="str"))
        for side in (reference, batch)
    ]
    np.testing.assert_allclose(fit_density_ratio(*constant, SCHEMA), 1.0)
    np.testing.assert_allclose(fit_density_ratio(reference[[]], batch[[]], SCHEMA), 1.0)
    np.testing.assert_allclose(fit_density_ratio(reference, batch[:0], SCHEMA), 1.0)
    assert fit_density_ratio(reference[:0], batch, SCHEMA).size == 0


def test_thousands_of_levels_and_rows_do_not_make_thousands_of_columns() -> None:
    rng = np.random.default_rng(13)
    tables = [
        draw_customers(seed, rows).assign(contract=pd.array(rng.integers(0, 5000, rows).astype(str), dtype="str"))
        for seed, rows in ((14, 12_000), (15, 9000))
    ]
    weights = fit_density_ratio(*tables, SCHEMA)
    assert weights.mean() == pytest.approx(1.0)
    assert measure_effective_rows(weights) > 11_000


def test_effective_rows_are_the_rows_where_weights_are_equal() -> None:
    assert measure_effective_rows(np.full(7, 0.3)) == pytest.approx(7.0)
    assert measure_effective_rows(np.zeros(3)) == 0.0


def test_tables_are_left_alone() -> None:
    reference, batch = draw_customers(16, 300), draw_customers(17, 100)
    kept = reference.copy(), batch.copy()
    fit_density_ratio(reference, batch, SCHEMA)
    pd.testing.assert_frame_equal(reference, kept[0])
    pd.testing.assert_frame_equal(batch, kept[1])
