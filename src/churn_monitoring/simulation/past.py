"""When the customers of the training table were seen: weekly dates before the first batch, seasons and all."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import Change, SimulationOptions
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.shifts import choose_rows, weigh_rows
from churn_monitoring.simulation.timeline import SEASON, WEEKS_OF_A_YEAR, active_changes

HALF_YEAR = WEEKS_OF_A_YEAR // 2


def date_customers(
    rng: np.random.Generator,
    customers: pd.DataFrame,
    timeline: Sequence[Change],
    known: KnownTable,
    options: SimulationOptions,
) -> pd.DataFrame:
    """Return the training table with ISO dates in ``schema.date``, oldest first.

    Every week of the past has as many rows. A season decides who is dated when: two weeks half a year apart
    share their rows, and as the season is as strong in the one as it is weak in the other, those that the one
    chooses as a batch does leave to the other what it would choose itself.

    Args:
        rng: Source of all randomness.
        customers: Rows in random order, or in any if no season is in force.
        timeline: The completed changes of the scenario.
        known: Orders the values of the columns.
        options: ``start`` and ``past_weeks``.

    Raises:
        ConfigurationError: a season has a past of broken years.
    """
    seasons = [change for change in timeline if change.kind == SEASON]
    weeks = options.past_weeks
    if seasons and weeks % WEEKS_OF_A_YEAR:
        raise ConfigurationError(
            f"simulation: a season needs whole years of past; set simulation.past_weeks to a multiple of "
            f"{WEEKS_OF_A_YEAR} (it is {weeks})."
        )
    if seasons:
        weeks_ago = _date_by_season(rng, customers, seasons, known, weeks)
    else:
        weeks_ago = weeks - np.arange(len(customers)) * weeks // max(len(customers), 1)
    days = {ago: (options.start - timedelta(weeks=ago)).isoformat() for ago in range(1, weeks + 1)}
    dated = customers.assign(**{str(known.schema.date): pd.Series([days[int(ago)] for ago in weeks_ago], dtype="str")})
    return dated.iloc[np.argsort(-weeks_ago, kind="stable")].reset_index(drop=True)


def _date_by_season(
    rng: np.random.Generator, customers: pd.DataFrame, seasons: Sequence[Change], known: KnownTable, weeks: int
) -> np.ndarray:
    """int64[n], how many weeks before the first batch each row is dated, from 1."""
    weeks_ago = np.empty(len(customers), dtype=np.int64)
    later = [ago for ago in range(1, weeks + 1) if (ago - 1) % WEEKS_OF_A_YEAR < HALF_YEAR]
    pairs = np.array_split(rng.permutation(len(customers)), len(later))
    for ago, positions in zip(later, pairs, strict=True):
        rows = customers.iloc[positions]
        log_weights = weigh_rows(rows, np.full(len(rows), np.nan), active_changes(seasons, 1 - ago), known)
        chosen = choose_rows(rng, log_weights, len(rows) // 2)
        weeks_ago[positions] = ago + HALF_YEAR
        weeks_ago[positions[chosen]] = ago
    return weeks_ago
