"""A champion that scores by age alone, deliveries in memory, and ledger entries as short as a test can say them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from churn_monitoring.bench import player
from churn_monitoring.core.dates import parse_date
from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Action, LedgerEntry
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.profiling import fit_reference_profile
from churn_monitoring.scanning import BatchScan, DrawnRows, ScanPlan

ROOT = Path(__file__).resolve().parents[2]


class ScoresByAge:
    """A model: the older, the likelier to leave."""

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        score = 1 / (1 + np.exp(-(rows["age"].fillna(40).to_numpy(float) - 50) / 8))
        return np.column_stack([1 - score, score])


@dataclass
class InMemory:
    """A delivery whose rows, or error, are at hand."""

    batch_id: str
    batch_date: date | None
    rows: pd.DataFrame | Exception
    content: str = "first"
    modified_ns: int = 1

    @property
    def path(self) -> Path:
        return Path.cwd() / "data/01_raw/production" / f"{self.batch_id}.csv"

    @property
    def size(self) -> int:
        return len(self.content)

    def fingerprint(self) -> str:
        return sha256(self.content.encode()).hexdigest()

    def scan(self, plan: ScanPlan) -> BatchScan:
        return self._open().scan(plan)

    def draw(self, plan: ScanPlan) -> DrawnRows:
        return self._open().draw(plan)

    def _open(self) -> player.InMemory:
        if isinstance(self.rows, Exception):
            raise self.rows
        return player.InMemory(self.batch_id, self.rows)


@pytest.fixture(scope="session")
def schema() -> TableSchema:
    return TableSchema(
        id="customer", target="left", positive="yes", date=None, numeric=["age"], categorical=["plan"], ignored=[]
    )


@pytest.fixture(scope="session")
def parameters(schema: TableSchema) -> Parameters:
    """The ones every user starts from, for the table of these tests."""
    values = yaml.safe_load((ROOT / "conf/base/parameters.yml").read_text(encoding="utf-8"))
    return Parameters.model_validate(values).model_copy(update={"table": schema})


@pytest.fixture(scope="session")
def change(parameters: Parameters) -> Callable[..., Parameters]:
    """The parameters with some values replaced: ``change(labels={"maturity_days": 7}, seed=3)``."""

    def make(**told: Any) -> Parameters:
        blocks = {
            name: getattr(parameters, name).model_copy(update=value) if isinstance(value, dict) else value
            for name, value in told.items()
        }
        return parameters.model_copy(update=blocks)

    return make


@pytest.fixture(scope="session")
def draw_rows() -> Callable[..., pd.DataFrame]:
    """Coerced labelled rows of customers nobody else is; ``slope`` is what a year of age does to the odds."""

    def draw(count: int, seed: int, *, slope: float = 0.125, prefix: str = "c") -> pd.DataFrame:
        generator = np.random.default_rng(seed)
        age = generator.normal(44, 9, count)
        left = generator.random(count) < 1 / (1 + np.exp(-slope * (age - 50)))
        return pd.DataFrame(
            {
                "customer": pd.Series([f"{prefix}{seed}-{number}" for number in range(count)], dtype="str"),
                "age": age,
                "plan": pd.Series(generator.choice(["monthly", "yearly"], count), dtype="str"),
                "label": left.astype(float),
            }
        )

    return draw


@pytest.fixture(scope="session")
def champion(schema: TableSchema, draw_rows: Callable[..., pd.DataFrame]) -> ChampionPackage:
    rows, model = draw_rows(3000, 1, prefix="r"), ScoresByAge()
    scores = model.predict_proba(rows)[:, 1]
    reference = pd.DataFrame({"id": rows["customer"], "label": rows["label"], "score": scores})
    return ChampionPackage(
        model=model,
        candidate="random_forest",
        schema=schema,
        profile=fit_reference_profile(rows, schema, 1000),
        reference=reference.assign(probability=scores, part="holdout"),
        reference_features=rows[list(schema.features)],
        calibration=PlattCalibration(0.0, 1.0),
        threshold=0.4,
        metrics={"reference": {"roc_auc": {"value": 0.77, "low": 0.75, "high": 0.79}}},
        facts={"unparseable": {"age": 0.0}, "repeated_share": 0.0, "as_of": "2026-01-01"}
        | {"importance": {"age": 0.9, "plan": 0.1}},
        training_rows=draw_rows(400, 2, prefix="t"),
        version="2",
    )


@pytest.fixture(scope="session")
def deliver() -> Callable[..., InMemory]:
    def make(batch_id: str, rows: Any = None, **told: Any) -> InMemory:
        return InMemory(batch_id, parse_date(batch_id), pd.DataFrame() if rows is None else rows, **told)

    return make


@pytest.fixture(scope="session")
def judge() -> Callable[..., LedgerEntry]:
    """The ledger entry of a delivery."""

    def make(
        delivery: InMemory, action: Action = "none", *, version: str = "2", rejected: bool = False, **metrics: float
    ) -> LedgerEntry:
        day = delivery.batch_date or date(2026, 1, 1)
        facts = (delivery.size, delivery.modified_ns, delivery.fingerprint())
        run_id = f"run {delivery.batch_id}"
        return LedgerEntry(run_id, delivery.batch_id, day, day, action, rejected, version, *facts, metrics)

    return make
