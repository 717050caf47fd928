"""The turned concept of a replayed table: whom it concerns, what it leaves alone, and that it can be learned."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import CategoricalNB

from churn_monitoring.core.options import TableSchema
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.concept import measure_score, mirror_labels

Pairs = list[tuple[int, str | None]]
labelled = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["yes", "no", None])), max_size=40)


def know(numeric: tuple[str, ...] = (), categorical: tuple[str, ...] = (), **columns: list) -> KnownTable:
    schema = TableSchema(
        id="k", target="y", positive=1, date=None, numeric=numeric, categorical=categorical, ignored=()
    )
    return KnownTable(pd.DataFrame(columns), schema)


def mirror(pairs: Pairs, region: np.ndarray) -> tuple[pd.Series, pd.Series]:
    labels = pd.Series([label for _, label in pairs], dtype="str", name="y")
    score = np.array([value for value, _ in pairs], dtype=float)
    return labels, mirror_labels(np.random.default_rng(2), labels, score, region)


def test_one_feature_scores_the_smoothed_odds_of_its_level() -> None:
    known = know(categorical=("c",), c=["a"] * 4 + ["b"] * 4, y=[1, 1, 1, 0, 1, 0, 0, 0])
    odds = np.array([(3 + 5) / (1 + 5)] * 4 + [(1 + 5) / (3 + 5)] * 4)
    np.testing.assert_allclose(measure_score(known), np.log(odds))


def test_scores_rank_as_naive_bayes_does() -> None:
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 4, size=(40_000, 3))
    left = rng.random(40_000) < 1 / (1 + np.exp(-(codes @ [0.8, -0.5, 0.3]) + 1))
    columns = {name: list(codes[:, place].astype(str)) for place, name in enumerate("abc")}
    score = measure_score(know(categorical=("a", "b", "c"), y=list(left.astype(int)), **columns))
    bayes = CategoricalNB().fit(codes, left).predict_log_proba(codes)
    slope, _ = np.polyfit(score, bayes[:, 1] - bayes[:, 0], 1)
    assert slope == pytest.approx(1, abs=0.01)
    assert np.corrcoef(score, bayes[:, 1] - bayes[:, 0])[0, 1] > 0.9999


def test_a_number_scores_by_tenth_and_a_missing_one_by_itself() -> None:
    numbers = [*np.arange(100.0), *[np.nan] * 10]
    score = measure_score(know(numeric=("x",), x=numbers, y=[0] * 50 + [1] * 50 + [0] * 10))
    assert [len(set(score[first : first + 10])) for first in range(0, 110, 10)] == [1] * 11
    assert score[:50].max() < score[50:100].min()


def test_odd_tables_have_finite_scores() -> None:
    known = know(
        numeric=("empty", "constant"),
        categorical=("own",),
        empty=[np.nan] * 4,
        constant=[7.0] * 4,
        own=["a", "b", "c", None],
        y=[1, 0, np.nan, 0],
    )
    assert np.isfinite(measure_score(known)).all()


def test_every_row_gets_the_label_of_its_mirror_image() -> None:
    labels, score = pd.Series(["c", "a", "e", "b", "d"], name="y"), np.array([3.0, 1, 5, 2, 4])
    mirrored = mirror_labels(np.random.default_rng(1), labels, score, np.ones(5, dtype=bool))
    pd.testing.assert_series_equal(mirrored, pd.Series(["c", "e", "a", "d", "b"], name="y"))
    assert labels.tolist() == ["c", "a", "e", "b", "d"]


@given(labelled, st.integers(0, 2**32 - 1))
def test_a_mirror_keeps_the_churn_rate_exactly_and_the_rows_outside(pairs: Pairs, seed: int) -> None:
    region = np.random.default_rng(seed).random(len(pairs)) < 0.6
    labels, mirrored = mirror(pairs, region)
    pd.testing.assert_series_equal(labels[~region], mirrored[~region])
    before, after = (series[region].value_counts(dropna=False).to_dict() for series in (labels, mirrored))
    assert before == after


def test_mirrored_labels_follow_the_score_downwards_as_well_as_upwards_before(
    small_table: pd.DataFrame, small_schema: TableSchema
) -> None:
    known = KnownTable(small_table, small_schema)
    score, everybody = measure_score(known), np.ones(len(small_table), dtype=bool)
    labels = small_table["left"]
    mirrored = mirror_labels(np.random.default_rng(4), labels, score, everybody)
    before, after = (roc_auc_score(series == "1", score) for series in (labels, mirrored))
    assert before > 0.75
    assert after == pytest.approx(1 - before, abs=0.01)
