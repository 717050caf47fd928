"""Any labelled table as a business: a share of its rows is the past, the others arrive week by week.

    table ─ stratified, seeded split ─┬ customers (reference_share; none of a region that is new later)
                                      └ line: week 1 │ week 2 │ ... │ spare rows, an equal number for every week

Values are passed on as they are spelt, but for the amounts of customers met again. Under concept drift and in a
new region labels change places, see :mod:`.concept`; the features stay what they were.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import ConfigurationError, DataError
from churn_monitoring.core.options import Change, SimulationOptions, TableSchema
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.concept import measure_score, mirror_labels
from churn_monitoring.simulation.jitter import Amount, find_amounts, jitter_rows, jitter_twins, keep_side
from churn_monitoring.simulation.line import Line, choose_week, open_line
from churn_monitoring.simulation.newcomers import count_newcomers, find_new_region
from churn_monitoring.simulation.past import date_customers
from churn_monitoring.simulation.randomness import child_generator
from churn_monitoring.simulation.region import find_region
from churn_monitoring.simulation.source import LabelledRows
from churn_monitoring.simulation.timeline import CONCEPT, CONCEPTS, NEW_REGION, SEASON, complete_timeline
from churn_monitoring.tables.coerce import missing_columns, read_labels


class Replay:
    """The rows of a labelled table as a source of customers; see :class:`~.source.Source`."""

    def __init__(self, schema: TableSchema, options: SimulationOptions, table: pd.DataFrame) -> None:
        _check_columns(schema, table)
        self._schema = schema
        self._options = options
        self._table = table
        self.known = KnownTable(table, schema)
        _check_classes(schema, self.known.labels.to_numpy())
        self.timeline = complete_timeline(options.timeline, self.known)
        self._dated = schema.date is not None and schema.date not in table
        _check_season(schema, table, self.timeline)
        self._region = find_new_region(self.timeline, self.known)
        self._labels: dict[tuple[tuple[str, float], ...], tuple[pd.Series, np.ndarray]] = {}
        past, self._lines = self._split()
        customers = table.iloc[past].reset_index(drop=True)
        self.customers = self._date_past(customers) if self._dated else customers

    def draw(self, week: int, count: int, changes: Sequence[Change]) -> LabelledRows:
        """Rows of ``week`` in random order; what exceeds ``batch_rows`` is from the week's spare rows.

        The regions of several concept drifts are joined. Where customers return, all others serve as spare rows.
        """
        positions, again = choose_week(self._lines, week, count, self._options)
        target, churned = self._find_labels([change for change in changes if change.kind in CONCEPTS])
        rows = self._table.iloc[positions].reset_index(drop=True)
        rows = rows.assign(**{self._schema.target: target.array.take(positions)})
        if again.any():
            rows = self._meet_again(week, rows, again)
        if self._dated:
            day = self._options.start + timedelta(weeks=week - 1)
            rows = rows.assign(**{str(self._schema.date): day.isoformat()})
        return LabelledRows(rows, churned[positions], None)

    def _split(self) -> tuple[np.ndarray, tuple[Line, ...]]:
        """Positions of the past, ascending, and the lines of the usual and the new customers, if there are any."""
        options, labels = self._options, self.known.labels.to_numpy()
        rng = child_generator(options.seed, "replay")
        newcomers = count_newcomers(self.timeline, options)
        usual = [options.batch_rows - count for count in newcomers]
        if self._region is None:
            past, rest = split_past(rng, labels, options.reference_share)
            return past, (open_line("usual", rest, usual, options),)
        inside = self._region.contains(self.known, self._table)
        outside, new = np.flatnonzero(~inside), rng.permutation(np.flatnonzero(inside))
        past, rest = split_past(rng, labels[outside], options.reference_share)
        lines = open_line("usual", outside[rest], usual, options), open_line(NEW_REGION, new, newcomers, options)
        return outside[past], lines

    def _date_past(self, customers: pd.DataFrame) -> pd.DataFrame:
        rng = child_generator(self._options.seed, "past")
        shuffled = customers.iloc[rng.permutation(len(customers))].reset_index(drop=True)
        return date_customers(rng, shuffled, self.timeline, self.known, self._options)

    def _meet_again(self, week: int, rows: pd.DataFrame, again: np.ndarray) -> pd.DataFrame:
        """The amounts of those met again have moved a little; twins have ids of their own too."""
        rng = child_generator(self._options.seed, "jitter", week)
        if not self._options.twins:
            return keep_side(rows, jitter_rows(rng, rows, again, self._amounts), self._region, self.known)
        moved = keep_side(rows, jitter_twins(rng, rows, self._amounts, self._schema.features), self._region, self.known)
        names = rows[self._schema.id].astype(object).map(str)
        twins = [f"{name}~{week}-{number}" for number, name in enumerate(names, start=1)]
        return moved.assign(**{self._schema.id: pd.Series(twins, index=rows.index, dtype="str")})

    def _find_labels(self, concepts: Sequence[Change]) -> tuple[pd.Series, np.ndarray]:
        """The target of every row of the table as it is spelt, and as float64, under the concepts in force.

        A customer's label depends on the concept and never on the week or the others in it.
        """
        key = tuple((str(change.column), change.strength) for change in concepts)
        if key not in self._labels:
            target = self._table[self._schema.target]
            if self._region is not None:
                target = self._mirror(NEW_REGION, target, self._region.contains(self.known, self._table))
            if concepts:
                regions = [find_region(self.known, *where).contains(self.known, self._table) for where in key]
                target = self._mirror(CONCEPT, target, np.any(regions, axis=0))
            self._labels[key] = target, read_labels(target, self._schema).to_numpy()
        return self._labels[key]

    def _mirror(self, purpose: str, target: pd.Series, region: np.ndarray) -> pd.Series:
        return mirror_labels(child_generator(self._options.seed, purpose), target, self._score, region)

    @cached_property
    def _amounts(self) -> tuple[Amount, ...]:
        return find_amounts(self.known)

    @cached_property
    def _score(self) -> np.ndarray:
        return measure_score(self.known)


def split_past(rng: np.random.Generator, labels: np.ndarray, reference_share: float) -> tuple[np.ndarray, np.ndarray]:
    """Split rows at random into past and rest, with the same churn rate in both.

    Args:
        rng: Source of all randomness.
        labels: float64[n] of 1, 0 and NaN; the unknown are a stratum of their own.
        reference_share: Share of every stratum that becomes the past.

    Returns:
        Positions of the past, ascending, and of the rest, in random order.
    """
    shuffled = rng.permutation(len(labels))
    strata = [shuffled[mask] for mask in (labels[shuffled] == 1, labels[shuffled] == 0)]
    strata.append(shuffled[np.isnan(labels[shuffled])])
    past = np.concatenate([stratum[: round(reference_share * len(stratum))] for stratum in strata])
    # Shuffled anew: what is left of the first order begins with whichever class was split off first.
    return np.sort(past), rng.permutation(np.setdiff1d(shuffled, past))


def _check_columns(schema: TableSchema, table: pd.DataFrame) -> None:
    absent = [name for name in missing_columns(table, schema, with_target=True) if name != schema.date]
    if absent:
        raise DataError(
            f"The table to replay lacks these columns of the schema: {', '.join(absent)}; it has "
            f"{', '.join(map(str, table.columns))}."
        )


def _check_classes(schema: TableSchema, labels: np.ndarray) -> None:
    if not {0.0, 1.0} <= set(labels):
        raise DataError(
            f"The table to replay needs customers who left and who stayed, but '{schema.target}' is "
            f"'{schema.positive}' {np.sum(labels == 1)} times and another {np.sum(labels == 0)} times; "
            "check schema.target and schema.positive."
        )


def _check_season(schema: TableSchema, table: pd.DataFrame, timeline: Sequence[Change]) -> None:
    if schema.date in table and any(change.kind == SEASON for change in timeline):
        raise ConfigurationError(
            f"simulation: the table to replay has dates of its own in column '{schema.date}', which may not show "
            "the season; leave the season out, or the column."
        )
