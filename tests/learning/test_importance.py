"""What a ranking rests on: shares of the ROC-AUC that is lost when a feature says nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from churn_monitoring.core.options import TableSchema
from churn_monitoring.learning.importance import MAX_ROWS, measure_importance
from churn_monitoring.learning.prepare import build_candidate, fit_candidate
from churn_monitoring.learning.scorer import Scorer

COLUMNS = ("age", "calls", "noise")


def draw(rows: int, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Age matters most, calls matter less, noise does not matter."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({name: rng.normal(size=rows) for name in COLUMNS})
    labels = (rng.random(rows) < expit(2.0 * frame["age"] + 1.0 * frame["calls"])).astype(float)
    return frame, labels


@dataclass
class Known:
    """A model of which everything is known; counts the matrices that it is asked to score."""

    score: Callable[[np.ndarray], np.ndarray]
    features: tuple[str, ...] = COLUMNS
    used: tuple[str, ...] = COLUMNS
    sizes: list[int] = field(default_factory=list)

    def read_matrix(self, rows: pd.DataFrame) -> np.ndarray:
        return np.array(rows[list(self.features)], dtype=float)

    def score_matrix(self, matrix: np.ndarray) -> np.ndarray:
        self.sizes.append(len(matrix))
        return self.score(matrix)


def score_known(matrix: np.ndarray) -> np.ndarray:
    return np.asarray(2.0 * matrix[:, 0] + matrix[:, 1])


def test_a_feature_the_model_ignores_has_no_importance_and_the_shares_sum_to_one() -> None:
    found = measure_importance(Known(score_known), *draw(1_500), seed=1)
    assert tuple(found) == COLUMNS
    assert found["noise"] == 0.0
    assert found["age"] > 2 * found["calls"] > 0.0
    assert sum(found.values()) == pytest.approx(1.0)


def test_it_agrees_with_the_permutation_importance_of_scikit_learn() -> None:
    rows, labels = draw(2_000)
    model = LogisticRegression().fit(rows, labels)
    theirs = permutation_importance(model, rows, labels, scoring="roc_auc", n_repeats=20, random_state=1)
    expected = theirs.importances_mean.clip(0.0) / theirs.importances_mean.clip(0.0).sum()
    named = Known(lambda matrix: model.predict_proba(pd.DataFrame(matrix, columns=list(COLUMNS)))[:, 1])
    found = measure_importance(named, rows, labels, seed=1)
    assert list(found.values()) == pytest.approx(list(expected), abs=0.02)


@pytest.mark.parametrize(
    "score",
    [lambda matrix: np.zeros(len(matrix)), lambda matrix: -score_known(matrix)],
    ids=["constant", "upside down"],
)
def test_where_nothing_can_be_lost_every_share_is_zero(score: Callable[[np.ndarray], np.ndarray]) -> None:
    assert measure_importance(Known(score), *draw(500), seed=1) == dict.fromkeys(COLUMNS, 0.0)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_labels_of_one_class_say_nothing(label: float) -> None:
    rows, _ = draw(100)
    assert measure_importance(Known(score_known), rows, np.full(100, label), 1) == dict.fromkeys(COLUMNS, 0.0)
    assert measure_importance(Known(score_known), rows[:0], np.empty(0), 1) == dict.fromkeys(COLUMNS, 0.0)


def test_only_features_that_the_model_looks_at_are_scored_again_and_the_shares_stay_the_same() -> None:
    rows, labels = draw(800)
    all_looked_at, two = Known(score_known), Known(score_known, used=("age", "calls"))
    shares = [measure_importance(model, rows, labels, seed=1) for model in (all_looked_at, two)]
    assert shares[0] == shares[1]
    assert (len(all_looked_at.sizes), len(two.sizes)) == (4, 3)


@pytest.mark.parametrize("candidate", ["random_forest", "xgboost"])
def test_a_candidate_is_shuffled_as_its_rows_are_with_categories_and_missing_values(candidate: str) -> None:
    rows, labels = draw(1_000)
    schema = TableSchema(
        id="id", target="y", positive="1", date=None, numeric=("age", "calls"), categorical=("plan",), ignored=()
    )
    table = rows.assign(plan=pd.array(np.where(rows["noise"] > 0.5, "pro", None), dtype="str"))
    table.loc[::7, "calls"] = np.nan
    turned = np.where(table["plan"].notna(), 1.0 - labels, labels)
    model = Scorer(fit_candidate(build_candidate(candidate, schema, {"n_estimators": 20}, 1), table, turned))
    generator, lost = np.random.default_rng(1), {}
    generator.permutation(1_000)  # chooses the sample, here all rows
    for name in schema.features:
        shuffled = table.assign(**{name: table[name].to_numpy()[generator.permutation(1_000)]})
        lost[name] = roc_auc_score(turned, model.score_table(table)) - roc_auc_score(
            turned, model.score_table(shuffled)
        )
    found = measure_importance(model, table.set_index(np.arange(1_000)[::-1]), turned, seed=1)
    assert found == pytest.approx({name: value / sum(lost.values()) for name, value in lost.items()})
    assert min(found.values()) > 0.05


def test_a_large_table_is_sampled_and_the_same_seed_gives_the_same_shares() -> None:
    rows, labels = draw(3 * MAX_ROWS)
    before, model = rows.copy(), Known(score_known)
    first, again, other = (measure_importance(model, rows, labels, seed) for seed in (1, 1, 2))
    assert set(model.sizes) == {MAX_ROWS}
    assert first == again != other
    pd.testing.assert_frame_equal(rows, before)
