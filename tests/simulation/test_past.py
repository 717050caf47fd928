"""The dates of the training table, and a season that it shows as the batches do."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from churn_monitoring.core.errors import ConfigurationError, DataError
from churn_monitoring.core.options import Change, TableSchema
from churn_monitoring.simulation.delivery import Simulated, simulate
from churn_monitoring.simulation.past import date_customers
from churn_monitoring.simulation.timeline import active_changes, complete_timeline
from churn_monitoring.simulation.world import World

SEASON = Change(kind="season", from_week=1, strength=0.6)


@pytest.fixture
def dated(small_schema: TableSchema) -> TableSchema:
    return small_schema.model_copy(update={"date": "seen"})


def split_by_quarter(
    simulated: Simulated, start: date, date_column: str, column: str
) -> list[tuple[pd.Series, pd.Series]]:
    """The column in each quarter of the year that the batches are, and in the same quarter of the past."""
    batches = [pd.to_numeric(batch[column], errors="coerce").dropna() for batch in simulated.batches.values()]
    days_ago = (pd.Timestamp(start) - pd.to_datetime(simulated.customers[date_column])).dt.days
    quarter = ((52 - days_ago // 7) % 52) // 13
    past = pd.to_numeric(simulated.customers[column], errors="coerce")
    return [(pd.concat(batches[13 * q : 13 * q + 13]), past[quarter == q].dropna()) for q in range(4)]


@pytest.mark.parametrize("source", ["world", "replay"])
def test_past_and_future_agree_in_every_quarter_and_quarters_differ(
    source: str, schema: TableSchema, dated: TableSchema, small_table: pd.DataFrame, make_options
) -> None:
    used, table, column = (schema, None, "tenure_months") if source == "world" else (dated, small_table, "size")
    sizes = {"weeks": 52, "batch_rows": 60, "customers": 4000, "reference_share": 0.6}
    options = make_options(SEASON, source=source, returning_share=0.3 if table is not None else 0.0, **sizes)
    simulated = simulate(used, options, table)
    quarters = split_by_quarter(simulated, options.start, str(used.date), column)
    for future, past in quarters:
        assert stats.ks_2samp(future, past).pvalue > 1e-3
    assert stats.ks_2samp(quarters[0][1], quarters[2][1]).statistic > 0.25
    assert stats.ks_2samp(quarters[0][0], quarters[2][0]).statistic > 0.25


def test_every_week_of_the_past_has_as_many_rows(small_table: pd.DataFrame, dated: TableSchema, make_options) -> None:
    for changes in ((), (SEASON,)):
        options = make_options(*changes, source="replay", reference_share=0.52, returning_share=0.3)
        customers = simulate(dated, options, small_table).customers
        assert customers["seen"].tolist() == sorted(customers["seen"])
        counts = customers["seen"].value_counts()
        assert len(counts) == 52
        assert counts.max() - counts.min() <= 1
        assert (counts.index.min(), counts.index.max()) == ("2024-01-08", "2024-12-30")


def test_dating_moves_no_customer_in_or_out(small_table: pd.DataFrame, small_schema, dated, make_options) -> None:
    plain, with_dates = (
        simulate(one, make_options(*changes, source="replay", returning_share=0.2), small_table).customers
        for one, changes in ((small_schema, ()), (dated, (SEASON,)))
    )
    in_order = with_dates.drop(columns="seen").sort_values("key", ignore_index=True)
    pd.testing.assert_frame_equal(in_order, plain.sort_values("key", ignore_index=True))


def test_batches_of_a_replay_get_the_date_of_their_week(small_table: pd.DataFrame, dated, make_options) -> None:
    simulated = simulate(dated, make_options(source="replay"), small_table)
    for day, batch in simulated.batches.items():
        assert set(batch["seen"]) == {day}


def test_without_a_date_in_the_schema_a_replay_adds_none(small_table: pd.DataFrame, small_schema, make_options) -> None:
    options = make_options(SEASON, source="replay", returning_share=0.2)
    assert list(simulate(small_schema, options, small_table).customers) == list(small_table)


def test_dates_the_table_has_are_kept_and_allow_no_season(small_table: pd.DataFrame, dated, make_options) -> None:
    table = small_table.assign(seen="2020-02-29")
    simulated = simulate(dated, make_options(source="replay"), table)
    assert set(pd.concat([simulated.customers, *simulated.batches.values()])["seen"]) == {"2020-02-29"}
    with pytest.raises(ConfigurationError, match="has dates of its own in column 'seen'"):
        simulate(dated, make_options(SEASON, source="replay"), table)


def test_other_columns_than_the_date_must_be_there(small_table: pd.DataFrame, dated, make_options) -> None:
    with pytest.raises(DataError, match="schema: plan; it has"):
        simulate(dated, make_options(source="replay"), small_table.drop(columns="plan"))


def test_a_season_needs_whole_years_of_past(schema: TableSchema, make_options) -> None:
    with pytest.raises(ConfigurationError, match="multiple of 52"):
        simulate(schema, make_options(SEASON, past_weeks=60), None)
    assert len(set(simulate(schema, make_options(SEASON, past_weeks=104), None).customers["snapshot_date"])) == 104


def test_two_years_of_past_show_the_season_twice(schema: TableSchema, make_options) -> None:
    options = make_options(SEASON, past_weeks=104, customers=6000)
    customers = World(schema, options).customers
    weeks_ago = (pd.Timestamp(options.start) - pd.to_datetime(customers["snapshot_date"])).dt.days // 7
    week = 1 - weeks_ago.to_numpy()
    for year in (0, 1):
        chosen = (weeks_ago > 52 * year) & (weeks_ago <= 52 * (year + 1))
        assert (
            stats.spearmanr(np.sin(2 * np.pi * week[chosen] / 52), customers["tenure_months"][chosen]).statistic > 0.3
        )


def test_an_empty_table_has_no_dates(schema: TableSchema, make_options) -> None:
    world = World(schema, make_options())
    empty = date_customers(np.random.default_rng(1), world.customers[:0], (), world.known, make_options())
    assert empty.empty


def test_a_season_swings_once_a_year_and_was_there_before(schema: TableSchema, make_options) -> None:
    timeline = complete_timeline([SEASON], World(schema, make_options()).known)
    strengths = {week: active_changes(timeline, week)[0].strength for week in range(-51, 53)}
    assert strengths[13] == pytest.approx(0.6)
    assert strengths[39] == pytest.approx(-0.6)
    assert all(strengths[week] == pytest.approx(strengths[week - 52]) for week in range(1, 53))


@pytest.mark.parametrize("fields", [{"from_week": 2}, {"to_week": 9}, {"ramp_weeks": 3}])
def test_a_season_has_no_beginning_and_no_end(schema: TableSchema, make_options, fields: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="in force in the past already"):
        simulate(schema, make_options(Change(**{"kind": "season", "from_week": 1, **fields})), None)
