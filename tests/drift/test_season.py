"""A batch like one period of the reference is a season; a change that no period shows stays drift."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import norm

from churn_monitoring.core.options import DriftOptions, TableSchema
from churn_monitoring.core.records import FeatureDrift
from churn_monitoring.drift import measure_features, measure_prediction, share_drifted
from churn_monitoring.drift.season import PERIOD_DAYS, explain_by_season, explain_scores_by_season, split_periods
from churn_monitoring.profiling import build_grid, fit_reference_profile, profile_numbers, profile_rows

BASE = yaml.safe_load((Path(__file__).resolve().parents[2] / "conf/base/parameters.yml").read_text(encoding="utf-8"))
OPTIONS, ALPHA = DriftOptions(**BASE["drift"]), BASE["drift_threshold"]
SCHEMA = TableSchema(
    id="id", target="y", positive="yes", date=None, numeric=("usage", "age"), categorical=("plan",), ignored=()
)
PERIODS, LAST = 13, pd.Timestamp("2025-12-28")


def draw(seed: int, rows: int, *, usage: float = 0.0, age: float = 0.0, gift: float = 0.1) -> pd.DataFrame:
    """Rows of one period; in December usage is higher and more customers are on the gift plan."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "usage": rng.normal(usage, 1.0, rows),
            "age": rng.normal(age, 1.0, rows),
            "plan": rng.choice(["gift", "basic"], rows, p=[gift, 1 - gift]),
        }
    )


DECEMBER = {"usage": 0.8, "gift": 0.3}


def build_year(*, december: bool = True, rows: int = 400) -> tuple[pd.DataFrame, pd.Series]:
    """Thirteen periods of four weeks, the newest of them December; ``rows`` in each."""
    parts = [draw(number, rows) for number in range(PERIODS - 1)]
    parts.append(draw(PERIODS, rows, **(DECEMBER if december else {})))
    ages = PERIOD_DAYS * np.repeat(np.arange(PERIODS)[::-1], rows) + np.tile(np.arange(rows) % PERIOD_DAYS, PERIODS)
    return pd.concat(parts, ignore_index=True), pd.Series(LAST - pd.to_timedelta(ages, unit="D"))


ROWS, DATES = build_year()
REFERENCE, USAGE = fit_reference_profile(ROWS, SCHEMA, 65_536), ROWS["usage"].to_numpy()


def judge(
    batch: pd.DataFrame, rows: pd.DataFrame = ROWS, dates: pd.Series = DATES, options: DriftOptions = OPTIONS
) -> tuple[tuple[FeatureDrift, ...], tuple[FeatureDrift, ...]]:
    """Verdicts before and after the seasons are looked at."""
    reference = REFERENCE if rows is ROWS else fit_reference_profile(rows, SCHEMA, 65_536)
    profile = profile_rows(batch, reference)
    found = measure_features(reference, profile, options, ALPHA)
    return found, explain_by_season(found, reference, profile, rows, dates, options, ALPHA)


def test_a_batch_like_one_period_of_the_reference_is_no_drift_and_names_the_period() -> None:
    before, after = judge(draw(50, 1_000, **DECEMBER))
    assert {one.feature for one in before if one.drifted} == {"usage", "plan"}
    assert share_drifted(after) == 0.0
    assert {one.feature: one.usual_in for one in after} == {
        "usage": "2025-12-01 to 2025-12-28",
        "plan": "2025-12-01 to 2025-12-28",
        "age": None,
    }
    assert [replace(one, usual_in=None) for one in after] == [replace(one, drifted=False) for one in before]


@pytest.mark.parametrize(
    "change",
    [
        {"usage": 1.6, "gift": 0.3},
        {"usage": -0.8},
        {"usage": 0.8, "gift": 0.7},
        {"usage": 0.8, "gift": 0.3, "age": 0.8},
        {"age": 0.8},
    ],
    ids=["more than December", "the other way", "another plan", "and something else", "something else"],
)
def test_a_change_that_no_period_shows_stays_drift(change: dict[str, float]) -> None:
    before, after = judge(draw(51, 1_000, **change))
    assert share_drifted(before) > 0.0
    assert after == before


def test_a_season_of_several_features_is_recognized_with_few_rows_a_period() -> None:
    # In 30 of these 40 references the period shows every feature of the season surely; one sure feature is enough.
    season = {"usage": 0.6, "age": 0.25, "gift": 0.22}
    recognized = 0
    for seed in range(40):
        parts = [draw(1_000 * seed + number, 270) for number in range(PERIODS - 1)]
        rows = pd.concat([*parts, draw(1_000 * seed + 99, 270, **season)], ignore_index=True)
        ages = PERIOD_DAYS * np.repeat(np.arange(PERIODS)[::-1], 270)
        dates = pd.Series(LAST - pd.to_timedelta(ages, unit="D"))
        before, after = judge(draw(1_000 * seed + 100, 1_000, **season), rows, dates)
        assert share_drifted(before) > 0.0
        recognized += share_drifted(after) == 0.0
    assert recognized >= 35


def test_a_reference_without_seasons_never_excuses() -> None:
    rows, dates = build_year(december=False)
    before, after = judge(draw(52, 1_000, **DECEMBER), rows, dates)
    assert share_drifted(before) > 0.5
    assert after == before


def test_of_many_small_periods_none_excuses_by_luck_what_just_counts_as_drift() -> None:
    _, dates = build_year(rows=200)
    batch = draw(2_000, 1_000, age=0.3)
    # Of 300 references without seasons these are three of the eight in which one period has p < 0.05 by itself.
    for seed in (1_020, 1_062, 1_066):
        before, after = judge(batch, draw(seed, 200 * PERIODS), dates)
        assert share_drifted(before) > 0.0
        assert after == before


@pytest.mark.parametrize(("shift", "excused"), [(0.40, True), (0.45, False)])
def test_a_period_that_shows_less_than_half_the_change_is_no_season_of_it(shift: float, excused: bool) -> None:
    quantiles = norm.ppf((np.arange(1_000) + 0.5) / 1_000)
    rows, dates = build_year(december=False, rows=1_000)
    rows = rows.assign(age=np.tile(quantiles, PERIODS) + np.where(dates >= "2025-12-01", 0.22, 0.0))
    before, after = judge(draw(56, 1_000).assign(age=quantiles + shift), rows, dates)
    assert {one.feature for one in before if one.drifted} == {"age"}
    assert (share_drifted(after) == 0.0) is excused


def test_without_drift_nothing_is_looked_for() -> None:
    before, after = judge(draw(53, 1_000))
    assert share_drifted(before) == 0.0
    assert after == before


def test_a_period_with_too_few_rows_to_tell_excuses_nothing() -> None:
    few = np.flatnonzero((DATES < "2025-12-01") | (np.arange(len(DATES)) % 4 == 0))
    rows, dates = ROWS.iloc[few].reset_index(drop=True), DATES.iloc[few].reset_index(drop=True)
    batch = draw(54, 1_000, **DECEMBER)
    before, after = judge(batch, rows, dates)
    assert share_drifted(before) > 0.5
    assert after == before
    assert share_drifted(judge(batch, rows, dates, OPTIONS.model_copy(update={"min_rows": 100}))[1]) == 0.0


@pytest.mark.parametrize("dates", [pd.Series(pd.NaT, index=DATES.index), DATES.where(DATES < "2025-12-01")])
def test_rows_without_a_date_belong_to_no_period(dates: pd.Series) -> None:
    before, after = judge(draw(55, 1_000, **DECEMBER), dates=pd.to_datetime(dates))
    assert after == before


def test_seasons_are_recognized_in_most_batches_and_half_a_season_more_in_none() -> None:
    excused = {0.8: 0, 1.3: 0}
    for seed in range(100, 112):
        for usage in excused:
            _, after = judge(draw(seed, 1_000, usage=usage, gift=0.3))
            excused[usage] += share_drifted(after) == 0.0
    assert excused[0.8] >= 11
    assert excused[1.3] == 0


def test_periods_are_four_weeks_counted_back_from_the_newest_row() -> None:
    dates = pd.Series(pd.to_datetime(["2025-01-29", "2025-01-28", None, "2025-01-01", "2025-01-02"]))
    periods = {name: positions.tolist() for name, positions in split_periods(dates)}
    assert periods == {"2025-01-02 to 2025-01-29": [0, 1, 4], "2025-01-01 to 2025-01-01": [3]}
    assert list(split_periods(dates[:0])) == []
    assert list(split_periods(dates[2:3])) == []


def judge_scores(
    moved: float, scores: np.ndarray = USAGE, dates: pd.Series = DATES, named: str | None = None
) -> tuple[FeatureDrift, FeatureDrift]:
    grid = build_grid(scores, 65_536)
    reference = profile_numbers(scores, grid)
    batch = profile_numbers(np.random.default_rng(60).normal(moved, 1.0, 1_000), grid)
    found = measure_prediction(reference, batch, OPTIONS)
    return found, explain_scores_by_season(found, reference, batch, scores, dates, OPTIONS, named)


def test_scores_that_moved_as_in_one_period_are_no_drift() -> None:
    before, after = judge_scores(0.8)
    assert before.drifted
    assert after == replace(before, drifted=False, usual_in="2025-12-01 to 2025-12-28")


@pytest.mark.parametrize("moved", [1.6, -0.8, 0.0])
def test_other_scores_are_judged_as_before(moved: float) -> None:
    before, after = judge_scores(moved)
    assert before.drifted is (moved != 0.0)
    assert after == before


def test_scores_of_a_period_with_too_few_rows_excuse_nothing() -> None:
    early = DATES.where((DATES < "2025-12-01") | (np.arange(len(DATES)) % 4 == 0))
    before, after = judge_scores(0.8, dates=early)
    assert before.drifted
    assert after == before


def test_scores_of_many_small_periods_do_not_excuse_by_luck() -> None:
    _, dates = build_year(rows=200)
    for seed in range(6):
        scores = np.random.default_rng(seed).normal(0.0, 1.0, len(dates))
        before, after = judge_scores(0.35, scores, dates)
        assert before.drifted
        assert after == before


@pytest.mark.parametrize(
    ("moved", "named", "excused"),
    [
        (0.35, "2025-12-01 to 2025-12-28", True),
        (0.35, None, False),
        (0.35, "2025-11-03 to 2025-11-30", False),
        (0.9, "2025-12-01 to 2025-12-28", False),
        (-0.35, "2025-12-01 to 2025-12-28", False),
    ],
    ids=["the features' period", "no period named", "another period", "far more", "the other way"],
)
def test_scores_need_not_show_surely_what_the_features_have_shown(
    moved: float, named: str | None, excused: bool
) -> None:
    _, dates = build_year(december=False, rows=270)
    quantiles = norm.ppf((np.arange(270) + 0.5) / 270)  # of every period alike; December by too little to be sure of
    scores = np.tile(quantiles, PERIODS) + np.where(dates >= "2025-12-01", 0.28, 0.0)
    before, after = judge_scores(moved, scores, dates, named)
    assert before.drifted
    assert after == (replace(before, drifted=False, usual_in=named) if excused else before)
