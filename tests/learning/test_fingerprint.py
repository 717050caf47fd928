"""Fingerprints differ exactly where what matters does."""

from pathlib import Path

import pandas as pd
import yaml

from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.learning.fingerprint import fingerprint_data, fingerprint_parameters

SCHEMA = TableSchema(
    id="customer", target="left", positive="yes", date=None, numeric=["age"], categorical=["plan"], ignored=[]
)
TABLE = pd.DataFrame({"customer": ["a", "b"], "age": [1.0, None], "plan": ["x", "y"], "label": [0.0, 1.0]})


def parameters() -> dict:
    base = Path(__file__).resolve().parents[2] / "conf/base"
    values = yaml.safe_load((base / "parameters.yml").read_text(encoding="utf-8"))
    return values | {"model_name": "churn", "customers": "data/01_raw/customers.csv"}


def test_the_same_rows_in_another_order_are_the_same_data() -> None:
    assert fingerprint_data([TABLE], SCHEMA) == fingerprint_data([TABLE.iloc[::-1]], SCHEMA)
    assert len(fingerprint_data([TABLE], SCHEMA)) == 64


def test_another_value_label_customer_or_division_is_other_data() -> None:
    others = [
        [TABLE.assign(age=[2.0, None])],
        [TABLE.assign(label=[1.0, 1.0])],
        [TABLE.assign(customer=["a", "c"])],
        [TABLE.iloc[:1], TABLE.iloc[1:]],
        [TABLE.iloc[:1]],
    ]
    known = {fingerprint_data([TABLE], SCHEMA), *(fingerprint_data(tables, SCHEMA) for tables in others)}
    assert len(known) == 1 + len(others)


def test_columns_that_are_no_features_play_no_part() -> None:
    assert fingerprint_data([TABLE.assign(note="z")], SCHEMA) == fingerprint_data([TABLE], SCHEMA)


def test_what_a_run_is_about_is_no_configuration_and_a_threshold_is() -> None:
    values = parameters()
    known, dated, other = (
        fingerprint_parameters(Parameters.model_validate(values | change))
        for change in ({}, {"as_of": "2026-01-05"}, {"min_improvement": values["min_improvement"] + 0.01})
    )
    assert dated == known != other
