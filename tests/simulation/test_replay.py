"""Replaying a table: nothing lost, nothing leaked, and a concept that turns without moving anything else."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from churn_monitoring.core.errors import ConfigurationError, DataError
from churn_monitoring.core.options import Change, TableSchema
from churn_monitoring.simulation.region import find_region
from churn_monitoring.simulation.replay import Replay, split_past


@given(st.lists(st.sampled_from([1.0, 0.0, np.nan]), min_size=1, max_size=80), st.floats(0.1, 0.9))
def test_past_and_rest_are_all_rows_once_with_the_share_of_every_label(labels: list[float], share: float) -> None:
    values = np.array(labels)
    past, rest = split_past(np.random.default_rng(1), values, share)
    assert sorted([*past, *rest]) == list(range(len(labels)))
    for stratum in (values == 1, values == 0, np.isnan(values)):
        assert stratum[past].sum() == round(share * stratum.sum())


def test_batches_and_customers_share_no_row_and_keep_every_column(
    small_table: pd.DataFrame, small_schema: TableSchema, make_options
) -> None:
    replay = Replay(small_schema, make_options(source="replay", reference_share=0.4), small_table)
    parts = [replay.customers, *(replay.draw(week, 200, ()).rows for week in range(1, 5))]
    everyone = pd.concat(parts)
    assert everyone["key"].is_unique
    assert all(list(part.columns) == list(small_table.columns) for part in parts)
    original = small_table.set_index("key").loc[everyone["key"]].reset_index()[small_table.columns]
    pd.testing.assert_frame_equal(everyone.reset_index(drop=True), original)


def test_spare_rows_of_a_week_belong_to_no_other(
    small_table: pd.DataFrame, small_schema: TableSchema, make_options
) -> None:
    replay = Replay(small_schema, make_options(source="replay"), small_table)
    everyone = pd.concat([replay.draw(week, 400, ()).rows for week in range(1, 5)])
    assert everyone["key"].is_unique


def test_a_shorter_replay_is_the_beginning_of_a_longer_one(
    small_table: pd.DataFrame, small_schema: TableSchema, make_options
) -> None:
    long, short = (Replay(small_schema, make_options(source="replay", weeks=weeks), small_table) for weeks in (8, 3))
    pd.testing.assert_frame_equal(long.draw(2, 200, ()).rows, short.draw(2, 200, ()).rows)


def test_too_few_rows_are_told_with_needed_and_available(
    small_table: pd.DataFrame, small_schema: TableSchema, make_options
) -> None:
    with pytest.raises(ConfigurationError, match=r"need 2000 rows, but 1800 .* at most 9"):
        Replay(small_schema, make_options(source="replay", weeks=10), small_table)
    Replay(small_schema, make_options(source="replay", weeks=9), small_table)


def test_a_shift_without_spare_rows_is_refused(
    small_table: pd.DataFrame, small_schema: TableSchema, make_options
) -> None:
    replay = Replay(small_schema, make_options(source="replay", weeks=6), small_table)
    with pytest.raises(ConfigurationError, match=r"week 2 chooses its 200 rows among 400, but there are 300"):
        replay.draw(2, 400, ())


def test_a_missing_column_is_named(small_table: pd.DataFrame, small_schema: TableSchema, make_options) -> None:
    with pytest.raises(DataError, match=r"lacks these columns of the schema: plan"):
        Replay(small_schema, make_options(source="replay"), small_table.drop(columns="plan"))


def test_a_table_of_one_class_is_refused(small_table: pd.DataFrame, small_schema: TableSchema, make_options) -> None:
    wrong = small_schema.model_copy(update={"positive": "gone"})
    with pytest.raises(DataError, match=r"'gone' 0 times and another 3000 times"):
        Replay(wrong, make_options(source="replay"), small_table)


def test_the_table_is_left_alone(small_table: pd.DataFrame, small_schema: TableSchema, make_options) -> None:
    before = small_table.copy()
    concept = Change(kind="concept_drift", from_week=1, column="size")
    Replay(small_schema, make_options(source="replay"), small_table).draw(1, 200, [concept])
    pd.testing.assert_frame_equal(small_table, before)


def test_concept_drift_moves_labels_within_its_region_and_nothing_else(
    small_table: pd.DataFrame, small_schema: TableSchema, make_options
) -> None:
    replay = Replay(small_schema, make_options(source="replay"), small_table)
    concept = Change(kind="concept_drift", from_week=1, column="size", strength=0.4)
    old, new = replay.draw(1, 200, ()), replay.draw(1, 200, [concept])
    pd.testing.assert_frame_equal(old.rows.drop(columns="left"), new.rows.drop(columns="left"))
    inside = find_region(replay.known, "size", 0.4).contains(replay.known, old.rows)
    assert old.churned[~inside].tolist() == new.churned[~inside].tolist()
    size = replay.known.measure_position(old.rows, "size")
    assert roc_auc_score(old.churned[inside], size[inside]) > 0.6
    assert roc_auc_score(new.churned[inside], size[inside]) < 0.4


def test_several_concept_drifts_join_their_regions(
    small_table: pd.DataFrame, small_schema: TableSchema, make_options
) -> None:
    replay = Replay(small_schema, make_options(source="replay"), small_table)
    weak, strong = (
        Change(kind="concept_drift", from_week=1, column="size", strength=strength) for strength in (0.3, 0.8)
    )
    both, alone = replay.draw(1, 200, [weak, strong]), replay.draw(1, 200, [strong])
    pd.testing.assert_frame_equal(both.rows, alone.rows)


def test_the_weeks_of_a_replay_have_the_table_s_churn_rate_up_to_chance() -> None:
    rng = np.random.default_rng(5)
    labels = (rng.random(4_000) < 0.25).astype(float)
    deviations = []
    for seed in range(40):
        _, rest = split_past(np.random.default_rng(seed), labels, 0.5)
        weeks = labels[rest].reshape(10, -1)
        rate = weeks.mean()
        deviations.append((weeks.mean(axis=1) - rate) / np.sqrt(rate * (1 - rate) / weeks.shape[1]))
    assert np.abs(np.concatenate(deviations)).max() < 4.0  # 400 weeks: above 4 once in 40 such tests
    assert abs(np.concatenate(deviations).std() - np.sqrt(0.9)) < 0.1  # a tenth of the rest each
