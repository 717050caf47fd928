"""A champion that scores by age, and a delivery with everything that is wrong with deliveries."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.options import EngineOptions, TableSchema
from churn_monitoring.learning.package import ChampionPackage
from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.profiling import fit_reference_profile
from churn_monitoring.scanning import ScanPlan, plan_scan
from churn_monitoring.tables import coerce_rows

SCHEMA = TableSchema(
    id="customer", target="left", positive="yes", date=None, numeric=("age", "fee"), categorical=("plan",), ignored=()
)


class ScoresByAge:
    """A model: the older, the likelier to leave."""

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
        score = 1 / (1 + np.exp(-(rows["age"].fillna(40).to_numpy(float) - 50) / 8))
        return np.column_stack([1 - score, score])


def draw_delivery(rows: int, seed: int) -> pd.DataFrame:
    """Rows as a person delivers them: repeated and missing ids, text that is no number, labels of some."""
    rng = np.random.default_rng(seed)
    fee = rng.normal(50.0, 9.0, rows).round(1).astype(str).astype(object)
    fee[rng.random(rows) < 0.05] = "n/a"
    fee[rng.random(rows) < 0.05] = None
    names = pd.Series(rng.integers(0, 4 * rows, rows)).map(lambda number: f" c{number} ").astype(object)
    return pd.DataFrame(
        {
            "customer": names.where(rng.random(rows) > 0.03, None),
            "left": rng.choice(["yes", "no", None], rows),
            "age": rng.normal(44, 9, rows),
            "fee": fee,
            "plan": rng.choice(["basic", " pro", "pro", None], rows),
            "other": "x",
        }
    )


def build_champion(anchored: bool = True) -> ChampionPackage:
    rows = coerce_rows(draw_delivery(1500, 1), SCHEMA).rows
    scores = ScoresByAge().predict_proba(rows)[:, 1]
    profile = fit_reference_profile(rows, SCHEMA, 65536)
    return ChampionPackage(
        model=ScoresByAge(),
        candidate="random_forest",
        schema=SCHEMA,
        profile=profile,
        reference=pd.DataFrame({"id": rows["customer"], "label": 0.0, "score": scores, "probability": scores}),
        reference_features=rows[list(SCHEMA.features)],
        calibration=PlattCalibration(0.1, 1.2),
        threshold=0.4,
        metrics={},
        anchor=fit_reference_profile(rows.head(700), SCHEMA, 65536) if anchored else None,
        training_rows=coerce_rows(draw_delivery(400, 2).head(100), SCHEMA).rows,
        version="3",
    )


@pytest.fixture(scope="session")
def champion() -> ChampionPackage:
    return build_champion()


@pytest.fixture(scope="session")
def make_plan(champion: ChampionPackage) -> Callable[[int], ScanPlan]:
    """A plan whose sample has so many rows at most, fewer than parameters may ask for."""

    def make(sample_rows: int, threads: int | None = 1) -> ScanPlan:
        return plan_scan(
            champion, EngineOptions.model_construct(chunk_rows=1000, threads=threads, sample_rows=sample_rows)
        )

    return make


@pytest.fixture(scope="session")
def delivery() -> pd.DataFrame:
    return draw_delivery(400, 2)
