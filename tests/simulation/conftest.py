"""Options, schemas and tables that the simulation's tests share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from churn_monitoring.core.options import Change, SimulationOptions, TableSchema

ROOT = Path(__file__).parents[2]
REAL_TABLES = ROOT.parent / "shared" / "data"
MakeOptions = Callable[..., SimulationOptions]

TELCO = TableSchema(
    id="customerID",
    target="Churn",
    positive="Yes",
    date=None,
    numeric=("tenure", "MonthlyCharges", "TotalCharges"),
    categorical=(
        *("gender", "SeniorCitizen", "Partner", "Dependents", "PhoneService", "MultipleLines"),
        *("InternetService", "OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport"),
        *("StreamingTV", "StreamingMovies", "Contract", "PaperlessBilling", "PaymentMethod"),
    ),
    ignored=(),
)
BANK = TableSchema(
    id="CustomerId",
    target="Exited",
    positive=1,
    date=None,
    numeric=("CreditScore", "Age", "Tenure", "Balance", "NumOfProducts", "EstimatedSalary"),
    categorical=("Geography", "Gender", "HasCrCard", "IsActiveMember"),
    ignored=("RowNumber", "Surname"),
)


def read_parameters() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "conf" / "base" / "parameters.yml").read_text(encoding="utf-8"))


@pytest.fixture
def schema() -> TableSchema:
    """The schema of the shipped configuration, which is the world's."""
    return TableSchema(**read_parameters()["schema"])


@pytest.fixture
def make_options() -> MakeOptions:
    """The shipped options made small, with ``changes`` as the scenario."""

    def make(*changes: dict[str, Any] | Change, **overrides: Any) -> SimulationOptions:
        small = {"weeks": 4, "batch_rows": 200, "customers": 520, "label_delay_weeks": 0}
        shipped = read_parameters()["simulation"]
        scenario = {"scenario": "test", "scenarios": {"test": changes}}
        return SimulationOptions(**{**shipped, **small, **scenario, **overrides})

    return make


@pytest.fixture
def small_schema() -> TableSchema:
    return TableSchema(
        id="key",
        target="left",
        positive="1",
        date=None,
        numeric=("size", "noise"),
        categorical=("plan", "flag"),
        ignored=("remark",),
    )


@pytest.fixture
def small_table() -> pd.DataFrame:
    """3,000 rows of raw text whose label depends on size, less on plan, and on nothing else."""
    rng = np.random.default_rng(3)
    rows = 3000
    size, plan = rng.normal(50, 10, rows).round(2), rng.choice(["basic", "plus", "pro"], rows)
    logit = 0.2 * (size - 50) + 0.7 * (plan == "pro") - 1.2
    table = pd.DataFrame(
        {
            "key": [f"K{number}" for number in range(rows)],
            "size": [f"{value:.2f}" for value in size],
            "noise": rng.integers(0, 9, rows).astype(str),
            "plan": plan,
            "flag": rng.choice(["0", "1"], rows),
            "remark": [f" note {number}" for number in range(rows)],
            "left": np.where(rng.random(rows) < 1 / (1 + np.exp(-logit)), "1", "0"),
        }
    )
    table.loc[::50, "size"] = " "
    return table


def read_real(name: str, schema: TableSchema) -> tuple[pd.DataFrame, TableSchema]:
    path = REAL_TABLES / name
    if not path.exists():
        pytest.skip(f"the real table {name} is not in ../shared/data beside the project")
    return pd.read_csv(path, dtype=str), schema


@pytest.fixture(params=["telco", "bank"])
def real(request: pytest.FixtureRequest) -> tuple[pd.DataFrame, TableSchema]:
    """Each of the two public tables, raw, with its schema; skipped where it is absent."""
    if request.param == "telco":
        return read_real("WA_Fn-UseC_-Telco-Customer-Churn.csv", TELCO)
    return read_real("Churn_Modelling.csv", BANK)
