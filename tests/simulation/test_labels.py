"""Labels that come late or wrong at first, and that all of them are right in the end."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from churn_monitoring.core.options import Change, TableSchema
from churn_monitoring.simulation.delivery import Simulated, simulate
from churn_monitoring.tables.coerce import read_labels

LATE = ("unrecorded_churners", "immature_labels")


@pytest.fixture(params=["world", "replay"])
def play(
    request: pytest.FixtureRequest,
    schema: TableSchema,
    small_schema: TableSchema,
    small_table: pd.DataFrame,
    make_options,
):
    def run(*changes: Change, **overrides: Any) -> tuple[Simulated, TableSchema]:
        options = make_options(*changes, source=request.param, **{"label_delay_weeks": 1, **overrides})
        if request.param == "world":
            return simulate(schema, options, None), schema
        return simulate(small_schema, options, small_table), small_schema

    return run


def newest(simulated: Simulated, schema: TableSchema) -> pd.DataFrame:
    """The label of every customer of every batch as it is known when all files have come."""
    everything = pd.concat(simulated.labels.values())
    last = everything.drop_duplicates([schema.id, "batch"], keep="last")
    return last.sort_values(["batch", schema.id]).reset_index(drop=True)


@pytest.mark.parametrize("kind", LATE)
def test_in_the_end_all_labels_are_the_true_ones(play, kind: str) -> None:
    true, schema = play()
    late, _ = play(Change(kind=kind, from_week=2, strength=0.5))
    pd.testing.assert_frame_equal(newest(late, schema), newest(true, schema))
    assert {day: entry["churn_rate"] for day, entry in late.truth.items()} == {
        day: entry["churn_rate"] for day, entry in true.truth.items()
    }


def test_unrecorded_churners_are_absent_at_first_and_come_four_weeks_later(play) -> None:
    true, schema = play()
    late, _ = play(Change(kind="unrecorded_churners", from_week=2, to_week=2, strength=0.5))
    first, second = late.labels["2025-01-20"], late.labels["2025-02-17"]
    whole = true.labels["2025-01-20"]
    churners = read_labels(whole[schema.target], schema).sum()
    assert len(second) == round(0.5 * churners) == len(whole) - len(first)
    assert (read_labels(second[schema.target], schema) == 1).all()
    assert set(second["batch"]) == {"2025-01-13"}
    assert set(first[schema.id]) | set(second[schema.id]) == set(whole[schema.id])


def test_immature_labels_say_stayed_at_first_of_the_same_churners(play) -> None:
    fields = {"from_week": 2, "to_week": 2, "strength": 0.3, "weeks_late": 2}
    absent, schema = play(Change(kind="unrecorded_churners", **fields))
    wrong, _ = play(Change(kind="immature_labels", **fields))
    pd.testing.assert_frame_equal(absent.labels["2025-02-03"], wrong.labels["2025-02-03"])
    first = wrong.labels["2025-01-20"]
    struck = first[schema.id].isin(wrong.labels["2025-02-03"].query("batch == '2025-01-13'")[schema.id])
    assert struck.any()
    assert (read_labels(first.loc[struck, schema.target], schema) == 0).all()
    others = first[~struck].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, absent.labels["2025-01-20"])


def test_no_strength_holds_no_label_back(play) -> None:
    true, _ = play()
    same, _ = play(Change(kind="unrecorded_churners", from_week=1, strength=0.0))
    assert list(same.labels) == list(true.labels)
    for day, labels in true.labels.items():
        pd.testing.assert_frame_equal(labels, same.labels[day])


def test_files_of_one_day_are_one_and_days_are_in_order(play) -> None:
    late, schema = play(Change(kind="unrecorded_churners", from_week=1, strength=0.5, weeks_late=2))
    days = list(late.labels)
    assert days == sorted(days)
    assert len(days) == 4 + 2
    assert late.labels["2025-01-27"]["batch"].unique().tolist() == ["2025-01-06", "2025-01-20"]
    assert not late.labels["2025-01-27"].duplicated([schema.id, "batch"]).any()


def test_where_labels_come_with_the_batch_late_ones_are_blank_in_it(play) -> None:
    late, schema = play(Change(kind="unrecorded_churners", from_week=2, to_week=2), label_delay_weeks=0)
    assert not (read_labels(late.batches["2025-01-13"][schema.target], schema) == 1).any()
    blank = late.batches["2025-01-13"][schema.target].isna()
    assert list(late.labels) == ["2025-02-10"]
    assert set(late.labels["2025-02-10"][schema.id]) == set(late.batches["2025-01-13"].loc[blank, schema.id])


def test_a_target_of_whole_numbers_stays_one_in_every_label_file(
    small_schema: TableSchema, small_table: pd.DataFrame, make_options
) -> None:
    table = small_table.assign(left=small_table["left"].astype(np.int64))
    change = Change(kind="unrecorded_churners", from_week=1, strength=0.5)
    simulated = simulate(small_schema, make_options(change, source="replay", label_delay_weeks=1), table)
    assert {labels["left"].dtype for labels in simulated.labels.values()} == {np.dtype("int64")}
