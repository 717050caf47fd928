"""Any labelled table as a business: a share of its rows is the past, the others arrive week by week.

    table ─ stratified, seeded split ─┬ customers (reference_share)
                                      └ week 1 │ week 2 │ ... │ spare rows, an equal number for every week

Values are passed on as they are spelt. Under concept drift labels change places, see :mod:`.concept`; the
features stay what they were.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import ConfigurationError, DataError
from churn_monitoring.core.options import Change, SimulationOptions, TableSchema
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.concept import find_region, measure_score, mirror_labels
from churn_monitoring.simulation.randomness import child_generator
from churn_monitoring.simulation.source import LabelledRows
from churn_monitoring.simulation.timeline import CONCEPT, WHOLE_ROWS
from churn_monitoring.tables.coerce import missing_columns, read_labels


class Replay:
    """The rows of a labelled table as a source of customers; see :class:`~.source.Source`."""

    column_free = WHOLE_ROWS

    def __init__(self, schema: TableSchema, options: SimulationOptions, table: pd.DataFrame) -> None:
        _check_columns(schema, table)
        self._schema = schema
        self._options = options
        self._table = table
        rng = child_generator(options.seed, "replay")
        labels = read_labels(table[schema.target], schema).to_numpy()
        _check_classes(schema, labels)
        past, self._rest = split_past(rng, labels, options.reference_share)
        _check_size(options, len(self._rest))
        self.customers = table.iloc[past].reset_index(drop=True)
        self.known = KnownTable(table, schema)

    def draw(self, week: int, count: int, concepts: Sequence[Change]) -> LabelledRows:
        """Rows of ``week`` in random order; what exceeds ``batch_rows`` is from the week's spare rows.

        The regions of several concept drifts are joined.
        """
        positions = self._positions(week, count)
        rows = self._table.iloc[positions].reset_index(drop=True)
        if concepts:
            rng = child_generator(self._options.seed, CONCEPT, week)
            target, region = self._schema.target, self._find_region(concepts)
            turned = mirror_labels(rng, rows[target], self._score[positions], region[positions])
            rows = rows.assign(**{target: turned})
        return LabelledRows(rows, read_labels(rows[self._schema.target], self._schema).to_numpy(), None)

    @cached_property
    def _score(self) -> np.ndarray:
        return measure_score(self.known)

    def _find_region(self, concepts: Sequence[Change]) -> np.ndarray:
        """bool[rows of the table]: whom any of ``concepts`` concerns."""
        regions = [find_region(self.known, str(change.column), change.strength) for change in concepts]
        joined: np.ndarray = np.any(regions, axis=0)
        return joined

    def _positions(self, week: int, count: int) -> np.ndarray:
        size, weeks = self._options.batch_rows, self._options.weeks
        spare = (len(self._rest) - size * weeks) // weeks
        if count > size + spare:
            raise ConfigurationError(
                f"simulation: the shift in week {week} chooses its {size} rows among {count}, but there are "
                f"{size + spare} for each of {weeks} weeks; lower simulation.batch_rows or simulation.weeks."
            )
        first, extra = (week - 1) * size, size * weeks + (week - 1) * spare
        own = self._rest[first : first + min(count, size)]
        return np.concatenate([own, self._rest[extra : extra + max(count - size, 0)]])


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
    absent = missing_columns(table, schema, with_target=True)
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


def _check_size(options: SimulationOptions, available: int) -> None:
    needed = options.weeks * options.batch_rows
    if needed > available:
        raise ConfigurationError(
            f"simulation: {options.weeks} weeks of {options.batch_rows} rows need {needed} rows, but "
            f"{available} are available beside the training table; set simulation.weeks to at most "
            f"{available // options.batch_rows}, or lower batch_rows or reference_share."
        )
