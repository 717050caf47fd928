import time
import warnings

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_is_fitted

from churn_monitoring.core.errors import ConfigurationError, DataError
from churn_monitoring.learning.prepare import (
    TRUSTED_TYPES,
    CoerceRows,
    build_candidate,
    fit_candidate,
    score_rows,
)
from churn_monitoring.tables import coerce_rows, read_labels

PARAMS = {
    "random_forest": {"n_estimators": 200, "min_samples_leaf": 10},
    "xgboost": {"n_estimators": 200, "max_depth": 3, "learning_rate": 0.05},
}
SMALL = {"random_forest": {"n_estimators": 20, "min_samples_leaf": 5}, "xgboost": {"n_estimators": 20}}
NAMES = sorted(PARAMS)


@pytest.fixture
def labels(table, schema) -> np.ndarray:
    return read_labels(table["left"], schema).to_numpy(copy=True)


@pytest.fixture
def fitted(request, table, labels, schema):
    return fit_candidate(build_candidate(request.param, schema, SMALL[request.param], 5), table, labels)


each_fitted = pytest.mark.parametrize("fitted", NAMES, indirect=True)


@each_fitted
def test_raw_rows_coerced_rows_and_rearranged_rows_score_the_same(fitted, table, schema):
    scores = score_rows(fitted, table)
    assert scores.dtype == np.float64
    assert scores.min() >= 0
    assert scores.max() <= 1
    for same in (coerce_rows(table, schema).rows, table[sorted(table)], table[list(schema.features)]):
        np.testing.assert_array_equal(score_rows(fitted, same), scores)
    np.testing.assert_array_equal(score_rows(fitted, table.iloc[::-1])[::-1], scores)
    assert score_rows(fitted, table.iloc[:0]).shape == (0,)


@each_fitted
def test_rows_never_seen_before_are_scored_without_a_warning(fitted, table):
    strange = table.head(4).copy()
    strange["region"] = ["east", None, " ", "north"]
    strange["contract"] = None
    strange["age"] = ["old", None, "1e400", "40"]
    strange["charges"] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(score_rows(fitted, strange)).all()


@each_fitted
def test_an_absent_feature_is_named(fitted, table):
    with pytest.raises(DataError, match="charges, contract"):
        score_rows(fitted, table.drop(columns=["charges", "contract"]))


@pytest.mark.parametrize("name", NAMES)
def test_fitting_leaves_the_candidate_and_the_rows_alone_and_repeats_itself(name, table, labels, schema):
    before = table.copy(deep=True)
    candidate = build_candidate(name, schema, SMALL[name], 5)
    first, second = (fit_candidate(candidate, table, labels) for _ in range(2))
    np.testing.assert_array_equal(score_rows(first, table), score_rows(second, table))
    with pytest.raises(NotFittedError):
        check_is_fitted(candidate["classifier"])
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize("name", NAMES)
def test_weights_reach_the_classifier(name, table, labels, schema):
    candidate = build_candidate(name, schema, SMALL[name], 5)
    heavy = fit_candidate(candidate, table, labels, np.where(labels > 0, 10.0, 1.0))
    plain = fit_candidate(candidate, table, labels)
    assert score_rows(heavy, table).mean() > score_rows(plain, table).mean() + 0.1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_a_table_of_numbers_only_or_of_categories_only_is_enough(name, kind, table, labels, schema):
    narrow = schema.model_copy(update={kind: ()})
    fitted = fit_candidate(build_candidate(name, narrow, SMALL[name], 5), table, labels)
    assert roc_auc_score(labels, score_rows(fitted, table)) > 0.6


def test_a_category_of_many_values_is_pooled(table, labels, schema):
    wide = schema.model_copy(update={"categorical": ("customer",), "id": "note"})
    fitted = fit_candidate(build_candidate("random_forest", wide, SMALL["random_forest"], 5), table, labels)
    encoded = fitted[:-1].transform(table)[:, -1]
    assert len(np.unique(encoded)) <= 64


def test_labels_that_teach_nothing_are_refused(table, labels, schema):
    candidate = build_candidate("random_forest", schema, {}, 5)
    with pytest.raises(DataError, match="0 who left and 0 without a label"):
        fit_candidate(candidate, table, np.zeros(600))
    labels[0] = np.nan
    with pytest.raises(DataError, match="1 without a label"):
        fit_candidate(candidate, table, labels)


def test_unknown_candidates_and_parameters_are_refused_by_name(schema):
    with pytest.raises(ConfigurationError, match="names 'lightgbm'; known are random_forest, xgboost"):
        build_candidate("lightgbm", schema, {}, 5)
    for name in NAMES:
        with pytest.raises(ConfigurationError, match=f"{name} has no parameter depth"):
            build_candidate(name, schema, {"depth": 3}, 5)


def test_parameters_can_override_the_single_thread(schema):
    assert build_candidate("random_forest", schema, {}, 5)["classifier"].n_jobs == 1
    assert build_candidate("xgboost", schema, {"n_jobs": 2}, 5)["classifier"].n_jobs == 2


def test_the_coercing_step_can_be_cloned_and_is_always_ready(table, schema):
    step = CoerceRows(list(schema.numeric), list(schema.categorical))
    assert clone(step).get_params() == step.get_params()
    check_is_fitted(step)
    assert list(step.fit_transform(table)) == list(schema.features)


def test_trusted_types_are_exactly_what_the_two_candidates_need(table, labels, schema, tmp_path):
    needed = set()
    for name in NAMES:
        path = tmp_path / f"{name}.skops"
        skops.io.dump(fit_candidate(build_candidate(name, schema, SMALL[name], 5), table, labels), path)
        needed |= set(skops.io.get_untrusted_types(file=path))
    assert sorted(needed) == list(TRUSTED_TYPES)


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_candidate_loads_fast_and_scores_the_same(name, telco, tmp_path):
    frame, schema = telco
    labels = read_labels(frame["Churn"], schema).to_numpy(copy=True)
    fitted = fit_candidate(build_candidate(name, schema, PARAMS[name], 5), frame[:4000], labels[:4000])
    path = tmp_path / "model.skops"
    skops.io.dump(fitted, path)
    start = time.process_time()
    loaded = skops.io.load(path, trusted=list(TRUSTED_TYPES))
    loading = time.process_time() - start
    scores = score_rows(loaded, frame)
    scoring = time.process_time() - start - loading
    np.testing.assert_allclose(scores, score_rows(fitted, frame), rtol=0, atol=1e-12)
    assert loading < 1.5, f"{loading:.2f} s"
    assert scoring < 1.5, f"{scoring:.2f} s"


@pytest.mark.parametrize(
    ("data", "name", "low", "high"),
    [
        ("telco", "random_forest", 0.82, 0.87),
        ("telco", "xgboost", 0.82, 0.87),
        ("bank", "random_forest", 0.83, 0.88),
        ("bank", "xgboost", 0.83, 0.88),
    ],
)
def test_ranking_on_the_real_tables_is_what_these_models_are_known_to_reach(request, data, name, low, high):
    frame, schema = request.getfixturevalue(data)
    labels = read_labels(frame[schema.target], schema).to_numpy(copy=True)
    train, holdout = train_test_split(np.arange(len(frame)), test_size=0.3, stratify=labels, random_state=1)
    fitted = fit_candidate(build_candidate(name, schema, PARAMS[name], 5), frame.iloc[train], labels[train])
    assert low < roc_auc_score(labels[holdout], score_rows(fitted, frame.iloc[holdout])) < high
