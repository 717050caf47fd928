"""The compiled scorer gives the scores of the pipeline, for both candidates and for everything a batch may bring."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from churn_monitoring.core.options import TableSchema
from churn_monitoring.learning.prepare import build_candidate, fit_candidate, score_rows
from churn_monitoring.learning.scorer import Scorer
from churn_monitoring.tables import coerce_rows
from churn_monitoring.tables.arrow import read_arrow_codes, read_arrow_numbers

SCHEMA = TableSchema(
    id="id", target="y", positive="1", date=None, numeric=("age", "fee"), categorical=("plan", "city"), ignored=()
)
CANDIDATES = ("random_forest", "xgboost")


def draw_rows(seed: int, rows: int, cities: int = 90) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    fee = rng.normal(50.0, 20.0, rows)
    fee[rng.random(rows) < 0.1] = np.nan
    city = np.array([f"city {n}" for n in range(cities)])[rng.integers(0, cities, rows)]
    return pd.DataFrame(
        {
            "id": [f"c{n}" for n in range(rows)],
            "age": rng.integers(18, 90, rows).astype(float),
            "fee": fee,
            "plan": rng.choice(["basic", "pro", None], rows),
            "city": city,
        }
    )


@pytest.fixture(scope="module", params=CANDIDATES)
def fitted(request: pytest.FixtureRequest) -> object:
    rows = draw_rows(1, 1500)
    rng = np.random.default_rng(2)
    labels = (rng.random(1500) < 0.2 + 0.4 * (rows["plan"] == "pro").to_numpy()).astype(float)
    return fit_candidate(build_candidate(request.param, SCHEMA, {"n_estimators": 20}, seed=3), rows, labels)


def test_scores_are_those_of_the_pipeline_with_rare_unseen_and_missing_levels(fitted: object) -> None:
    batch = draw_rows(4, 800, cities=120)
    batch.loc[0, ["age", "fee", "plan", "city"]] = [np.nan, np.nan, None, None]
    rows = coerce_rows(batch, SCHEMA).rows
    found = Scorer(fitted).score_table(rows)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, score_rows(fitted, rows), rtol=0.0, atol=1e-12)  # type: ignore[arg-type]
    assert np.unique(found).size > 20


def test_arrow_columns_give_the_same_scores(fitted: object) -> None:
    batch = draw_rows(5, 300)
    table = pa.Table.from_pandas(batch)
    scorer = Scorer(fitted)  # type: ignore[arg-type]
    numbers = {name: read_arrow_numbers(table.column(name))[0] for name in scorer.numeric}
    codes = {name: read_arrow_codes(table.column(name)) for name in scorer.categorical}
    found = scorer.score(numbers, codes, 300)
    np.testing.assert_array_equal(found, scorer.score_table(coerce_rows(batch, SCHEMA).rows))


def test_a_number_too_large_for_the_trees_counts_as_the_largest(fitted: object) -> None:
    rows = draw_rows(6, 4).assign(age=[1e300, 89.0, -1e300, 18.0])
    rows[["fee", "plan", "city"]] = [50.0, "pro", "city 1"]
    high, old, low, young = Scorer(fitted).score_table(rows)  # type: ignore[arg-type]
    assert (high, low) == (old, young)


def test_no_rows_give_no_scores(fitted: object) -> None:
    assert Scorer(fitted).score_table(draw_rows(6, 5).head(0)).shape == (0,)  # type: ignore[arg-type]


@pytest.mark.parametrize("categorical", [(), ("plan",)])
@pytest.mark.parametrize("name", CANDIDATES)
def test_tables_of_numbers_alone_or_of_text_alone_are_scored(name: str, categorical: tuple[str, ...]) -> None:
    schema = SCHEMA.model_copy(update={"numeric": () if categorical else ("age",), "categorical": categorical})
    rows = draw_rows(7, 300)
    labels = np.random.default_rng(8).integers(0, 2, 300).astype(float)
    fitted = fit_candidate(build_candidate(name, schema, {"n_estimators": 5}, seed=3), rows, labels)
    np.testing.assert_allclose(Scorer(fitted).score_table(coerce_rows(rows, schema).rows), score_rows(fitted, rows))


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_only_what_a_tree_splits_on_is_used(candidate: str) -> None:
    rows = draw_rows(6, 600).assign(age=30.0, fee=1.0)
    labels = np.where(rows["plan"] == "pro", 1.0, 0.0)
    scorer = Scorer(fit_candidate(build_candidate(candidate, SCHEMA, {"n_estimators": 30}, seed=3), rows, labels))
    assert {"plan"} <= scorer.used <= {"plan", "city"}
    other = rows.assign(age=np.arange(600.0), fee=-1.0)
    np.testing.assert_array_equal(scorer.score_table(other), scorer.score_table(rows))
