"""What a ranking rests on: shares of the ROC-AUC that is lost when a feature says nothing."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression

from churn_monitoring.learning.importance import MAX_ROWS, measure_importance

COLUMNS = ("age", "calls", "noise")


def draw(rows: int, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Age matters most, calls matter less, noise does not matter."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({name: rng.normal(size=rows) for name in COLUMNS})
    labels = (rng.random(rows) < expit(2.0 * frame["age"] + 1.0 * frame["calls"])).astype(float)
    return frame, labels


def score_known(rows: pd.DataFrame) -> np.ndarray:
    return (2.0 * rows["age"] + rows["calls"]).to_numpy(float)


def test_a_feature_the_model_ignores_has_no_importance_and_the_shares_sum_to_one() -> None:
    found = measure_importance(score_known, *draw(1_500), COLUMNS, seed=1)
    assert tuple(found) == COLUMNS
    assert found["noise"] == 0.0
    assert found["age"] > 2 * found["calls"] > 0.0
    assert sum(found.values()) == pytest.approx(1.0)


def test_it_agrees_with_the_permutation_importance_of_scikit_learn() -> None:
    rows, labels = draw(2_000)
    model = LogisticRegression().fit(rows, labels)
    theirs = permutation_importance(model, rows, labels, scoring="roc_auc", n_repeats=20, random_state=1)
    expected = theirs.importances_mean.clip(0.0) / theirs.importances_mean.clip(0.0).sum()
    found = measure_importance(lambda some: model.predict_proba(some)[:, 1], rows, labels, COLUMNS, seed=1)
    assert list(found.values()) == pytest.approx(list(expected), abs=0.02)


@pytest.mark.parametrize(
    "score", [lambda rows: np.zeros(len(rows)), lambda rows: -score_known(rows)], ids=["constant", "upside down"]
)
def test_where_nothing_can_be_lost_every_share_is_zero(score: Callable[[pd.DataFrame], np.ndarray]) -> None:
    assert measure_importance(score, *draw(500), COLUMNS, seed=1) == dict.fromkeys(COLUMNS, 0.0)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_labels_of_one_class_say_nothing(label: float) -> None:
    rows, _ = draw(100)
    assert measure_importance(score_known, rows, np.full(100, label), COLUMNS, 1) == dict.fromkeys(COLUMNS, 0.0)
    assert measure_importance(score_known, rows[:0], np.empty(0), COLUMNS, 1) == dict.fromkeys(COLUMNS, 0.0)


def test_categories_and_missing_values_are_permuted_as_they_are() -> None:
    rows, labels = draw(800)
    plans = np.where(rows["age"] > 0, "pro", None)
    mixed = rows.assign(plan=pd.array(plans, dtype="str")).set_index(np.arange(800)[::-1])
    found = measure_importance(lambda some: some["plan"].notna().to_numpy(float), mixed, labels, ("plan", "calls"), 1)
    assert found == {"plan": 1.0, "calls": 0.0}


def test_a_large_table_is_sampled_and_the_same_seed_gives_the_same_shares() -> None:
    rows, labels = draw(3 * MAX_ROWS)
    before, sizes = rows.copy(), set()

    def score(some: pd.DataFrame) -> np.ndarray:
        sizes.add(len(some))
        return score_known(some)

    first, again, other = (measure_importance(score, rows, labels, COLUMNS, seed) for seed in (1, 1, 2))
    assert sizes == {MAX_ROWS}
    assert first == again != other
    pd.testing.assert_frame_equal(rows, before)
