from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.options import TableSchema, TrainingOptions

_DATA = Path(__file__).parents[3] / "shared" / "data"


def _read(name: str) -> pd.DataFrame:
    path = _DATA / name
    if not path.is_file():
        pytest.skip(f"{name} is not in ../shared/data relative to the repository")
    return pd.read_csv(path)


@pytest.fixture(scope="session")
def telco() -> tuple[pd.DataFrame, TableSchema]:
    frame = _read("WA_Fn-UseC_-Telco-Customer-Churn.csv")
    numeric = ["tenure", "MonthlyCharges", "TotalCharges"]
    roles = {"id": "customerID", "target": "Churn", "positive": "Yes", "date": None, "ignored": []}
    categorical = [name for name in frame if name not in (*numeric, "customerID", "Churn")]
    return frame, TableSchema(numeric=numeric, categorical=categorical, **roles)


@pytest.fixture(scope="session")
def bank() -> tuple[pd.DataFrame, TableSchema]:
    frame = _read("Churn_Modelling.csv")
    categorical = ["Geography", "Gender"]
    ignored = ["RowNumber", "Surname"]
    numeric = [name for name in frame if name not in (*categorical, *ignored, "CustomerId", "Exited")]
    roles = {"id": "CustomerId", "target": "Exited", "positive": 1, "date": None, "ignored": ignored}
    return frame, TableSchema(numeric=numeric, categorical=categorical, **roles)


@pytest.fixture
def schema() -> TableSchema:
    roles = {"id": "customer", "target": "left", "positive": "yes", "ignored": []}
    return TableSchema(numeric=["charges", "age"], categorical=["contract", "region"], date="day", **roles)


@pytest.fixture
def undated(schema) -> TableSchema:
    return schema.model_copy(update={"date": None})


@pytest.fixture
def options() -> TrainingOptions:
    return TrainingOptions(validation_share=0.2, holdout_share=0.2, max_training_rows=100_000, candidates={})


@pytest.fixture
def table() -> pd.DataFrame:
    """600 rows of raw text as CSV would give them: 10 days, blanks, a signal in charges and contract."""
    generator = np.random.default_rng(11)
    charges = generator.normal(70, 20, 600)
    monthly = generator.random(600) < 0.5
    chance = 1 / (1 + np.exp(-((charges - 70) / 15 + 2 * monthly - 1.5)))
    frame = pd.DataFrame(
        {
            "left": np.where(generator.random(600) < chance, "yes", "no"),
            "region": generator.choice(["north", "south", "west"], 600),
            "contract": np.where(monthly, "monthly", "yearly"),
            "age": generator.integers(18, 90, 600),
            "charges": [f"{value:.2f}" for value in charges],
            "note": "free text",
            "customer": [f"c{number}" for number in range(600)],
            "day": pd.Timestamp("2025-01-01") + pd.to_timedelta(generator.integers(0, 10, 600), unit="D"),
        }
    )
    frame["day"] = frame["day"].dt.strftime("%Y-%m-%d")
    frame.loc[::17, "charges"] = " "
    frame.loc[::19, "contract"] = None
    return frame
