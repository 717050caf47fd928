"""P(y | x) of the world: rate, best possible ROC-AUC, and what models make of it before and after drift."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from churn_monitoring.simulation.churn import measure_churn_probability
from churn_monitoring.simulation.population import CATEGORICAL, draw_population
from churn_monitoring.simulation.truth import measure_best_roc_auc

Labelled = tuple[np.ndarray, np.ndarray]


def draw(rows: int, strength: float, seed: int) -> Labelled:
    rng = np.random.default_rng(seed)
    table = draw_population(rng, rows)
    churned = rng.random(rows) < measure_churn_probability(table, strength)
    for column in CATEGORICAL:
        table[column] = pd.Categorical(table[column]).codes
    return table.fillna(-1).to_numpy(dtype=float), churned.astype(int)


def fit_forest(rows: Labelled, weights: np.ndarray | None = None) -> RandomForestClassifier:
    forest = RandomForestClassifier(200, min_samples_leaf=10, random_state=0, n_jobs=1)
    return forest.fit(*rows, sample_weight=weights)


def area(model: object, rows: Labelled) -> float:
    return float(roc_auc_score(rows[1], model.predict_proba(rows[0])[:, 1]))


@pytest.fixture(scope="module")
def past() -> Labelled:
    return draw(3600, 0.0, seed=1)


@pytest.fixture(scope="module")
def unseen() -> dict[float, Labelled]:
    return {0.0: draw(15_000, 0.0, seed=2), 1.0: draw(15_000, 1.0, seed=3)}


@pytest.fixture(scope="module")
def champion(past: Labelled) -> RandomForestClassifier:
    return fit_forest(past)


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_the_churn_rate_stays_about_the_same_whatever_the_concept(strength: float) -> None:
    rows = draw_population(np.random.default_rng(4), 30_000)
    assert 0.23 < measure_churn_probability(rows, strength).mean() < 0.285


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_the_best_possible_roc_auc_is_about_86_percent_under_both_concepts(strength: float) -> None:
    rows = draw_population(np.random.default_rng(4), 30_000)
    assert 0.85 < measure_best_roc_auc(measure_churn_probability(rows, strength)) < 0.885


def test_log_odds_are_interpolated_between_the_concepts() -> None:
    rows = draw_population(np.random.default_rng(4), 100)
    old, middle, new = (measure_churn_probability(rows, strength) for strength in (0.0, 0.5, 1.0))
    np.testing.assert_allclose(
        2 * np.log(middle / (1 - middle)), np.log(old / (1 - old)) + np.log(new / (1 - new)), atol=1e-9
    )


def test_probabilities_are_proper_and_leave_the_rows_alone() -> None:
    rows = draw_population(np.random.default_rng(4), 5000)
    before = rows.copy()
    probability = measure_churn_probability(rows, 0.3)
    assert ((probability > 0) & (probability < 1)).all()
    pd.testing.assert_frame_equal(rows, before)


def test_a_random_forest_on_3600_rows_comes_close_to_the_best(
    champion: RandomForestClassifier, unseen: dict[float, Labelled]
) -> None:
    assert 0.82 < area(champion, unseen[0.0]) < 0.858


def test_boosted_trees_gain_a_little_on_a_linear_model(past: Labelled, unseen: dict[float, Labelled]) -> None:
    trees = XGBClassifier(n_estimators=200, max_depth=3, learning_rate=0.05, random_state=0, n_jobs=1)
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    assert area(trees.fit(*past), unseen[0.0]) > area(linear.fit(*past), unseen[0.0])


def test_the_champion_falls_to_about_two_thirds_when_the_concept_turns(
    champion: RandomForestClassifier, unseen: dict[float, Labelled]
) -> None:
    assert 0.63 < area(champion, unseen[1.0]) < 0.71


@pytest.mark.parametrize(("new_rows", "least"), [(500, 0.77), (2000, 0.795)])
def test_new_rows_at_half_the_weight_bring_a_model_back(
    past: Labelled, unseen: dict[float, Labelled], new_rows: int, least: float
) -> None:
    new = draw(new_rows, 1.0, seed=5)
    both = np.concatenate([past[0], new[0]]), np.concatenate([past[1], new[1]])
    weights = np.repeat([1.0, len(past[1]) / new_rows], [len(past[1]), new_rows])
    assert area(fit_forest(both, weights), unseen[1.0]) > least
