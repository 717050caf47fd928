"""P(x) of the world: columns, plausibility and the way they hang together."""

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.options import TableSchema
from churn_monitoring.simulation.population import CATEGORICAL, FEATURES, NUMERIC, draw_population


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return draw_population(np.random.default_rng(5), 20_000)


def test_the_columns_are_those_of_the_shipped_schema(schema: TableSchema) -> None:
    assert schema.numeric == NUMERIC
    assert schema.categorical == CATEGORICAL


def test_numbers_are_numbers_and_categories_are_text(rows: pd.DataFrame) -> None:
    assert tuple(rows.columns) == FEATURES
    assert all(pd.api.types.is_numeric_dtype(rows[name]) for name in NUMERIC)
    assert all(pd.api.types.is_string_dtype(rows[name]) for name in CATEGORICAL)


def test_only_data_usage_is_missing_and_in_about_one_row_of_a_hundred(rows: pd.DataFrame) -> None:
    missing = rows.isna().mean()
    assert missing.drop("data_usage_gb").eq(0).all()
    assert 0.007 < missing["data_usage_gb"] < 0.013


def test_total_charges_follow_tenure_times_monthly_charges(rows: pd.DataFrame) -> None:
    product = rows["tenure_months"] * rows["monthly_charges"]
    assert (rows["total_charges"] / product).between(0.74, 1.26).all()
    assert np.corrcoef(product, rows["total_charges"])[0, 1] > 0.98


def test_nobody_without_internet_uses_what_needs_it(rows: pd.DataFrame) -> None:
    offline = rows[rows["internet_service"] == "no internet"]
    assert offline[["online_security", "tech_support", "streaming"]].eq("no internet").all(axis=None)
    assert offline["data_usage_gb"].dropna().eq(0).all()


def test_long_contracts_belong_to_long_tenures_and_fiber_costs_more(rows: pd.DataFrame) -> None:
    tenure = rows.groupby("contract")["tenure_months"].mean()
    assert tenure["month-to-month"] + 10 < tenure["one year"] < tenure["two year"] - 5
    charges = rows.groupby("internet_service")["monthly_charges"].mean()
    assert charges["no internet"] < charges["dsl"] < charges["fiber"]


def test_seniors_are_the_customers_of_sixty_five_and_more(rows: pd.DataFrame) -> None:
    assert ((rows["age"] >= 65) == (rows["senior_citizen"] == "yes")).all()


def test_no_rows_is_an_empty_table_with_all_columns() -> None:
    empty = draw_population(np.random.default_rng(5), 0)
    assert empty.shape == (0, len(FEATURES))
