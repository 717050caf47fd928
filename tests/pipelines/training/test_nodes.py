"""Which rows train, what is refused, and who becomes champion."""

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.errors import DataError, PerformanceTooLow
from churn_monitoring.core.records import Estimate, Performance
from churn_monitoring.learning.candidate import Candidate, ScoredRows
from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.pipelines.training import nodes
from churn_monitoring.simulation import simulate

FILE = "data/01_raw/customers.csv"


@pytest.fixture
def table(draw_rows):
    rows = draw_rows(1000, 5)
    return rows.assign(left=rows["label"].map({1.0: "yes", 0.0: "no"})).drop(columns="label")


# --- The rows that replay delivers as batches are not trained on -------------------------------------------


@pytest.fixture
def replay(parameters):
    told = {"source": "replay", "weeks": 5, "batch_rows": 80, "reference_share": 0.5, "scenario": "quiet"}
    return parameters.simulation.model_copy(update=told)


@pytest.fixture
def replayed(schema, replay, table):
    return simulate(schema, replay, table)


def test_replayed_rows_are_held_back_whether_replay_runs_before_training_or_after(replayed, table, schema, replay):
    manifests = {"manifest": lambda: {"batches": list(replayed.batches), "tables": []}}
    after = nodes.select_customers(table, replayed.batches, manifests, schema, replay)
    before = nodes.select_customers(table, {}, {}, schema, replay)
    pd.testing.assert_frame_equal(before, after)
    delivered = pd.concat(replayed.batches.values())["customer"]
    assert len(before) == 500
    assert not before["customer"].isin(delivered).any()


def test_every_row_trains_once_a_person_delivers_batches(replayed, table, schema, replay):
    manifests = {"manifest": lambda: {"batches": list(replayed.batches), "tables": []}}
    deliveries = {**replayed.batches, "mine": None}
    assert nodes.select_customers(table, deliveries, manifests, schema, replay) is table
    assert nodes.select_customers(table, {"mine": None}, {}, schema, replay) is table


def test_every_row_trains_where_nothing_is_replayed(table, schema, parameters):
    assert nodes.select_customers(table, {}, {}, schema, parameters.simulation) is table


# --- Reading the table -----------------------------------------------------------------------------------


def test_rows_without_a_label_are_left_out_and_unreadable_numbers_counted(table, schema):
    raw = table.astype({"age": object})
    raw.loc[:9, "age"] = "n/a"
    raw.loc[10:29, "left"] = " "
    before = raw.copy()
    found = nodes.read_customers(raw, schema, "2026-01-31", FILE)
    assert len(found.rows) == len(found.labels) == 980
    assert found.unparseable == {"age": 0.01}
    assert found.as_of.isoformat() == "2026-01-31"
    pd.testing.assert_frame_equal(raw, before)


def test_what_the_dataset_left_out_of_a_large_table_is_noted(table, schema):
    assert nodes.read_customers(table, schema, None, FILE).notes == ()
    part = table.head(500)
    part.attrs["notes"] = ["a sample of 500 of 1000 rows was used"]
    assert nodes.read_customers(part, schema, None, FILE).notes == ("a sample of 500 of 1000 rows was used",)


def test_without_a_day_the_newest_date_of_the_table_is_its_day(table, schema):
    dated = schema.model_copy(update={"date": "seen"})
    days = ["2025-12-01", "2026-01-15"] * 500
    assert nodes.read_customers(table.assign(seen=days), dated, None, FILE).as_of.isoformat() == "2026-01-15"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda table: table.drop(columns=["age", "left"]), "lacks columns left, age .it has: customer, plan."),
        (lambda table: table.head(0), "has a header and no rows"),
        (lambda table: pd.DataFrame({";".join(table): ["1;2;x;no"]}), "is separated by ';'"),
    ],
)
def test_a_table_that_cannot_train_is_named_with_what_it_has(table, schema, spoil, said):
    with pytest.raises(DataError, match=f"{FILE} {said}"):
        nodes.read_customers(spoil(table), schema, None, FILE)


def test_one_class_is_told_with_the_column_and_what_counts_as_leaving(table, schema):
    with pytest.raises(DataError, match=f"Column left of {FILE} holds one class only, with 'yes' meaning left"):
        nodes.read_customers(table.assign(left="1"), schema, None, FILE)


# --- The champion ----------------------------------------------------------------------------------------


def make_candidate(name, validation, holdout):
    def measure(value):
        if value is None:
            return None
        estimate = Estimate(value, value - 0.02, value + 0.02)
        return Performance(estimate, 0.5, 0.8, 0.6, 0.6, 0.6, 0.15, 0.45, 0.4, 200, 50)

    rows = ScoredRows(np.arange(2), np.array([0.0, 1.0]), np.array([0.2, 0.7]))
    performance = {"validation": measure(validation), "holdout": measure(holdout)}
    return Candidate(name, None, PlattCalibration(0.0, 1.0), 0.4, rows, rows, performance)


def test_the_better_on_validation_is_chosen_though_the_other_does_better_on_the_holdout():
    first, second = make_candidate("random_forest", 0.82, 0.80), make_candidate("xgboost", 0.81, 0.84)
    assert nodes.choose_candidate(first, second, 0.75) is first
    assert nodes.choose_candidate(second, first, 0.75) is first


def test_a_candidate_below_the_threshold_is_not_put_in_service():
    first, second = make_candidate("random_forest", 0.74, 0.749), make_candidate("xgboost", 0.70, 0.9)
    with pytest.raises(PerformanceTooLow, match=r"random_forest.* 0\.749, below performance_threshold 0\.75"):
        nodes.choose_candidate(first, second, 0.75)
    assert nodes.choose_candidate(first, second, 0.749) is first


def test_too_few_labels_to_measure_is_not_low_performance():
    with pytest.raises(DataError, match="too few rows of one class"):
        nodes.choose_candidate(make_candidate("random_forest", None, None), make_candidate("xgboost", None, None), 0.7)


@pytest.fixture
def build(table, schema, change):
    """A champion of a small forest, with the split and the candidate it was made of."""
    forest = {"estimator": "random_forest", "n_estimators": 20, "min_samples_leaf": 20}

    def call(min_rows, rows=table):
        told = {"training": {"candidates": {"random_forest": forest}}, "reference": {"min_rows": min_rows}}
        policy = change(**told, seed=1)
        read = nodes.read_customers(rows, schema, "2026-01-31", FILE)
        split = nodes.split_customers(read, schema, policy.training, 1)
        model = nodes.fit_on_train(read, split, schema, forest, 1)
        candidate = nodes.evaluate_candidate(model, read, split, forest, policy)
        return nodes.build_champion(candidate, read, split, policy), split, candidate

    return call


@pytest.mark.parametrize(("min_rows", "parts"), [(100, 2), (5000, 3)])
def test_a_small_reference_is_joined_by_out_of_fold_rows(table, build, min_rows, parts):
    package, split, candidate = build(min_rows)
    assert package.reference["part"].nunique() == parts
    assert package.profile.rows == len(package.reference) == (400 if parts == 2 else 1000)
    assert not set(package.reference["id"]) - set(table["customer"])
    assert len(package.training_rows) == len(split.train) == package.facts["training_rows"]
    assert package.tuned_rows["customer"].tolist() == table["customer"].iloc[split.validation].tolist()
    assert (package.anchor, list(package.tuned_rows)) == (None, ["customer", "age", "plan"])
    facts, outcome = nodes.summarize_training(package, "churn")
    assert facts["tags"]["champion"] == outcome.candidate == "random_forest"
    assert facts["metrics"]["holdout_roc_auc"] == outcome.roc_auc.value
    assert set(nodes.summarize_candidate(candidate)["artifacts"]) == {"roc_curve.png", "calibration_curve.png"}


def test_the_features_of_the_reference_stand_in_the_order_of_its_scores(table, build):
    package, _, _ = build(5000)
    by_id = table.set_index("customer").loc[package.reference["id"]]
    assert np.array_equal(package.reference_features["age"], by_id["age"])
    held_out = (package.reference["part"] != "out_of_fold").to_numpy()
    own = package.score(package.reference_features[held_out])
    assert np.array_equal(own, package.reference["score"][held_out])


def test_importance_is_what_the_ranking_rests_on_and_independent_columns_depend_on_nothing(build):
    package, _, _ = build(100)
    assert sum(package.facts["importance"].values()) == pytest.approx(1.0)
    assert package.facts["importance"]["age"] > 0.9
    assert package.dependencies.models == ()


def test_columns_that_hang_together_are_known_to(table, build):
    together = table.assign(plan=np.where(table["age"] > 45, "yearly", "monthly"))
    package, _, _ = build(5000, together)
    assert len(package.dependencies.models) == 2
