import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.errors import ConfigurationError, DataError
from churn_monitoring.learning.split import Split, split_rows
from churn_monitoring.tables import read_labels


def sides_of(split: Split) -> list[np.ndarray]:
    return [split.train, split.validation, split.holdout]


@pytest.fixture
def labels(table, schema) -> np.ndarray:
    return read_labels(table["left"], schema).to_numpy(copy=True)


def test_oldest_rows_train_and_newest_are_held_out_with_whole_days(table, labels, schema, options):
    split = split_rows(table, labels, schema, options, seed=1)
    days = [set(table["day"].iloc[side]) for side in sides_of(split)]
    assert max(days[0]) < min(days[1])
    assert max(days[1]) < min(days[2])
    assert sum(map(len, sides_of(split))) == len(table)
    assert split.notes == ()


def test_a_day_is_divided_where_keeping_it_whole_would_distort_the_shares(table, labels, schema, options):
    split = split_rows(table.assign(day="2025-01-01"), labels, schema, options, seed=1)
    assert [len(side) for side in sides_of(split)] == [360, 120, 120]


def test_without_a_date_every_side_has_the_same_share_of_churners(table, labels, undated, options):
    split = split_rows(table, labels, undated, options, seed=1)
    assert [len(side) for side in sides_of(split)] == [360, 120, 120]
    for side in sides_of(split):
        assert labels[side].mean() == pytest.approx(labels.mean(), abs=0.01)


@pytest.mark.parametrize("dated", [True, False])
def test_no_customer_is_on_two_sides_and_no_row_twice(table, labels, schema, undated, options, dated):
    repeated = table.assign(customer=[f"c{number % 250}" for number in range(600)])
    split = split_rows(repeated, labels, schema if dated else undated, options, seed=4)
    customers = [set(repeated["customer"].iloc[side]) for side in sides_of(split)]
    assert not customers[0] & customers[1]
    assert not (customers[0] | customers[1]) & customers[2]
    together = np.concatenate(sides_of(split))
    assert len(set(together.tolist())) == len(together)
    assert min(map(len, sides_of(split))) > 40
    assert set.union(*customers) == set(repeated["customer"])


def test_a_table_that_shows_every_customer_in_every_period_still_gives_three_sides(labels, table, schema, options):
    panel = table.assign(
        customer=[f"c{number % 60}" for number in range(600)],
        day=[f"2025-01-{1 + number // 60:02d}" for number in range(600)],
    )
    split = split_rows(panel, labels, schema, options, seed=4)
    days = [panel["day"].iloc[side] for side in sides_of(split)]
    assert days[0].max() < days[1].min()
    assert days[1].max() < days[2].min()
    left_out = 600 - sum(map(len, sides_of(split)))
    assert split.notes == (f"{left_out} rows of customers who also appear in another period were left out",)


def test_rows_without_a_label_are_on_no_side_and_are_counted(table, labels, schema, options):
    labels[:50] = np.nan
    split = split_rows(table, labels, schema, options, seed=1)
    assert min(side.min() for side in sides_of(split)) >= 50
    assert split.notes == ("50 rows without a label were left out",)


def test_training_rows_beyond_the_limit_are_sampled_and_counted(table, labels, schema, options):
    limited = options.model_copy(update={"max_training_rows": 100})
    split = split_rows(table, labels, schema, limited, seed=1)
    full = split_rows(table, labels, schema, options, seed=1)
    assert len(split.train) == 100
    assert set(split.train.tolist()) <= set(full.train.tolist())
    assert split.holdout.tolist() == full.holdout.tolist()
    assert split.notes == (f"{len(full.train) - 100} training rows beyond training.max_training_rows were left out",)


def test_the_same_seed_gives_the_same_sides_and_the_table_is_left_alone(table, labels, undated, options):
    before = table.copy(deep=True)
    first, second, other = (split_rows(table, labels, undated, options, seed) for seed in (1, 1, 2))
    assert first.holdout.tolist() == second.holdout.tolist()
    assert first.holdout.tolist() != other.holdout.tolist()
    pd.testing.assert_frame_equal(table, before)


def test_rows_without_a_readable_date_count_as_the_oldest(table, labels, schema, options):
    table.loc[:99, "day"] = None
    split = split_rows(table, labels, schema, options, seed=1)
    assert set(range(100)) <= set(split.train.tolist())


def test_a_date_column_that_cannot_be_used_is_named(table, labels, schema, options):
    with pytest.raises(DataError, match=r"'day' \(schema.date\) is an ISO 8601 date"):
        split_rows(table.assign(day="soon"), labels, schema, options, seed=1)
    with pytest.raises(DataError, match=r"'day' \(schema.date\) is not in the table"):
        split_rows(table.drop(columns="day"), labels, schema, options, seed=1)


def test_a_side_without_both_outcomes_is_an_error_that_counts_them(table, schema, options):
    with pytest.raises(DataError, match=r"train part .* has 0 customers who left and"):
        split_rows(table, np.zeros(600), schema, options, seed=1)


def test_shares_that_leave_nothing_to_train_on_are_refused(table, labels, schema, options):
    greedy = options.model_copy(update={"validation_share": 0.5, "holdout_share": 0.5})
    with pytest.raises(ConfigurationError, match="must be below 1"):
        split_rows(table, labels, schema, greedy, seed=1)
