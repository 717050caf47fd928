"""The ranking on small records, and on a world where it is known which move hurts."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from churn_monitoring.core.options import DriftOptions
from churn_monitoring.drift.feature import measure_features
from churn_monitoring.learning.importance import measure_importance
from churn_monitoring.performance.mix_effect import measure_mix_effect
from churn_monitoring.profiling import TableProfile, build_grid, profile_numbers, shape_feature
from churn_monitoring.reporting.ranking import UNLINKED, rank_features

COLUMNS = ("hurts", "unused", "helps")


def feature(name, effect, importance, drifted=True):
    return {"feature": name, "effect_size": effect, "importance": importance, "drifted": drifted}


def names(ranked):
    return [one["feature"] for one in ranked]


def test_what_drifted_comes_before_what_did_not_and_a_strong_move_without_importance_last():
    features = [feature("calm", 0.09, 0.6, drifted=False), feature("unused", 0.9, 0.0), feature("used", 0.2, 0.3)]
    assert names(rank_features(features, {})) == ["used", "unused", "calm"]


def test_of_equal_moves_the_one_linked_to_the_performance_change_comes_first():
    features = [feature("safe", 0.3, 0.2), feature("harder", 0.3, 0.2)]
    ranked = rank_features(features, {"safe": -0.004, "harder": 0.01})
    assert names(ranked) == ["harder", "safe"]
    assert [one["link"] for one in ranked] == [1.0, 0.0]
    assert ranked[1]["weight"] == pytest.approx(UNLINKED * ranked[0]["weight"])


def test_a_feature_in_whose_part_the_labels_found_a_change_is_linked_and_only_that_one():
    features = [feature("plan", 0.3, 0.2), feature("plan type", 0.3, 0.2)]
    mix = {"plan": 0.0, "plan type": 0.0}
    links = {one["feature"]: one["link"] for one in rank_features(features, mix, "plan = pro")}
    assert links == {"plan": 1.0, "plan type": 0.0}


def test_a_column_in_the_wrong_unit_does_not_outweigh_a_feature_that_the_model_rests_on():
    features = [feature("cents", 300.0, 0.05), feature("tenure", 0.4, 0.5)]
    assert names(rank_features(features, {})) == ["tenure", "cents"]


def test_unknown_importance_is_an_equal_share_and_the_records_given_are_left_alone():
    features = [feature("a", 0.2, None), feature("b", 0.4, None)]
    ranked = rank_features(features, {})
    assert names(ranked) == ["b", "a"]
    assert ranked[0]["weight"] == pytest.approx(0.2)
    assert "weight" not in features[0]
    assert rank_features([], {}) == []


class TwoColumns:
    """A model of all columns that looks at two of them."""

    features = used = COLUMNS

    def __init__(self, score):
        self._score = score

    def read_matrix(self, rows):
        return rows[list(COLUMNS)].to_numpy(copy=True)

    def score_matrix(self, matrix):
        return self._score(pd.DataFrame(matrix, columns=COLUMNS))


def draw(rows, generator, *, hurts=0.0, unused=0.0, helps=0.0):
    """Whether a customer leaves is a coin's toss near 0 of ``hurts`` and of ``helps``, and sure far from it."""
    table = pd.DataFrame(
        {
            "hurts": generator.normal(1.5 - hurts, 1.0, rows),
            "unused": generator.normal(unused, 1.0, rows),
            "helps": generator.normal(helps, 1.0, rows),
        }
    )
    logit = 2.0 * table["hurts"] + 1.0 * table["helps"]
    truth = 1.0 / (1.0 + np.exp(-logit.to_numpy()))
    return table, truth, (generator.random(rows) < truth).astype(float)


def profile(table, grids):
    return TableProfile(
        len(table), {name: profile_numbers(table[name].to_numpy(), grids[name]) for name in COLUMNS}, {}
    )


def test_in_a_world_with_known_truth_the_feature_that_hurts_is_first_and_the_unused_one_last():
    generator = np.random.default_rng(11)
    learning, _, learned = draw(6_000, generator)
    model = LogisticRegression().fit(learning[["hurts", "helps"]], learned)

    def score(rows):
        return model.predict_proba(rows[["hurts", "helps"]])[:, 1]

    reference, _, labels = draw(6_000, generator)
    moves = {"hurts": 0.5, "unused": 1.5, "helps": 0.7}
    batch, *_ = draw(2_000, generator, **moves)

    # The truth: what each move alone does to the squared error to be expected.
    def expected_error(**moved):
        rows, chance, _ = draw(200_000, np.random.default_rng(3), **moved)
        guessed = score(rows)
        return float(np.mean(chance * (1 - guessed) ** 2 + (1 - chance) * guessed**2))

    usual = expected_error()
    alone = {name: expected_error(**{name: moves[name]}) - usual for name in COLUMNS}
    assert alone["hurts"] > 0.02
    assert abs(alone["unused"]) < 0.002
    assert alone["helps"] < -0.005

    grids = {name: build_grid(reference[name].to_numpy(), 65_536) for name in COLUMNS}
    sides = profile(reference, grids), profile(batch, grids)
    options = DriftOptions.model_construct(
        min_rows=200, ks_floor=0.1, wasserstein_floor=0.1, total_variation_floor=0.1, rare_level_share=0.005
    )
    importance = measure_importance(TwoColumns(score), reference, labels, seed=1)
    measured = measure_features(*sides, options, 0.05)
    errors = (labels - score(reference)) ** 2
    mix = {}
    for name in COLUMNS:
        shape = shape_feature(*sides, name)
        bins = np.searchsorted(np.array(shape.edges[1:-1]), reference[name].to_numpy())
        mix[name] = measure_mix_effect(bins, errors, np.array(shape.reference), np.array(shape.batch))
    assert mix["hurts"] == pytest.approx(alone["hurts"], abs=0.012)
    assert mix["helps"] == pytest.approx(alone["helps"], abs=0.012)

    ranked = rank_features(
        [feature(one.feature, one.effect_size, importance[one.feature], one.drifted) for one in measured], mix
    )
    assert all(one["drifted"] for one in ranked)
    assert max(measured, key=lambda one: one.effect_size).feature == "unused"
    assert names(ranked) == ["hurts", "helps", "unused"]
