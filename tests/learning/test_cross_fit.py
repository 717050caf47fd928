from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from churn_monitoring.core.errors import DataError
from churn_monitoring.learning.cross_fit import cross_fit_scores
from churn_monitoring.learning.prepare import build_candidate, fit_candidate, score_rows
from churn_monitoring.tables import read_labels


@pytest.fixture
def build(undated):
    return partial(build_candidate, "random_forest", undated, {"n_estimators": 20}, 5)


@pytest.fixture
def labels(table, undated) -> np.ndarray:
    return read_labels(table["left"], undated).to_numpy()


def test_every_row_is_scored_and_better_than_chance(build, table, labels):
    scores = cross_fit_scores(build, table, labels, None, table["customer"], 4, seed=1)
    assert np.isfinite(scores).all()
    assert 0.65 < roc_auc_score(labels, scores) < 0.95
    again = cross_fit_scores(build, table, labels, None, table["customer"].to_numpy(), 4, seed=1)
    np.testing.assert_array_equal(scores, again)


def test_labels_of_pure_noise_are_not_learned(build, table):
    noise = (np.random.default_rng(8).random(600) < 0.4).astype(float)
    scores = cross_fit_scores(build, table, noise, None, table["customer"], 4, seed=1)
    assert abs(roc_auc_score(noise, scores) - 0.5) < 0.08
    fitted = fit_candidate(build(), table, noise)
    assert roc_auc_score(noise, score_rows(fitted, table)) > 0.99


def test_customers_who_come_back_are_not_recognized(build, table):
    """Each row four times with noise as label: only folds that split customers could learn it."""
    base = table.head(150).assign(left=np.where(np.random.default_rng(8).random(150) < 0.4, "yes", "no"))
    returning = pd.concat([base] * 4, ignore_index=True)
    labels = (returning["left"] == "yes").to_numpy(dtype=float)
    grouped = cross_fit_scores(build, returning, labels, None, returning["customer"], 4, seed=1)
    split_up = cross_fit_scores(build, returning, labels, None, np.arange(600), 4, seed=1)
    assert roc_auc_score(labels, grouped) < 0.65
    assert roc_auc_score(labels, split_up) > 0.95


def test_weights_count_in_training_only(build, table, labels):
    weights = np.where(labels > 0, 10.0, 1.0)
    heavy = cross_fit_scores(build, table, labels, weights, table["customer"], 4, seed=1)
    plain = cross_fit_scores(build, table, labels, None, table["customer"], 4, seed=1)
    assert heavy.mean() > plain.mean() + 0.02


def test_one_churner_is_too_few_to_learn_and_to_score(build, table):
    labels = np.zeros(600)
    labels[0] = 1.0
    with pytest.raises(DataError, match="0 who left"):
        cross_fit_scores(build, table, labels, None, table["customer"], 4, seed=1)
