"""A churn business of which everything is known: P(x), P(y | x), and when it changed.

draw_population (x) ─ measure_churn_probability (p) ─ coin flip (y) ─ table with ids and dates
"""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import Change, SimulationOptions, TableSchema
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.churn import measure_churn_probability
from churn_monitoring.simulation.population import FEATURES, NUMERIC, draw_population
from churn_monitoring.simulation.randomness import child_generator
from churn_monitoring.simulation.source import LabelledRows
from churn_monitoring.simulation.timeline import CONCEPT, WHOLE_ROWS

PAST_WEEKS = 26  # snapshots of half a year before the first batch make up the training table
CHURNED, STAYED = "yes", "no"


class World:
    """The invented business as a source of customers; see :class:`~.source.Source`."""

    column_free = (*WHOLE_ROWS, CONCEPT)

    def __init__(self, schema: TableSchema, options: SimulationOptions) -> None:
        _check_schema(schema)
        self._schema = schema
        self._options = options
        past = self._draw(0, options.customers, concept_strength=0.0).rows
        self.customers = past if schema.date is None else past.assign(**{schema.date: self._past_dates()})
        self.known = KnownTable(self.customers, schema)

    def draw(self, week: int, count: int, concepts: Sequence[Change]) -> LabelledRows:
        """New customers of ``week``; of several concept drifts the strongest is in force."""
        strength = max((change.strength for change in concepts), default=0.0)
        drawn = self._draw(week, count, strength)
        if self._schema.date is None:
            return drawn
        day = self._options.start + timedelta(weeks=week - 1)
        rows = drawn.rows.assign(**{self._schema.date: day.isoformat()})
        return LabelledRows(rows, drawn.churned, drawn.probability)

    def _draw(self, week: int, count: int, concept_strength: float) -> LabelledRows:
        rng = child_generator(self._options.seed, "world", week)
        features = draw_population(rng, count)
        probability = measure_churn_probability(features, concept_strength)
        churned = rng.random(count) < probability
        ids = pd.Series([f"C{week:04d}-{number:06d}" for number in range(1, count + 1)], dtype="str")
        dates = {} if self._schema.date is None else {self._schema.date: ""}
        rows = pd.DataFrame({self._schema.id: ids, **dates, **features})
        rows[self._schema.target] = pd.Series(np.where(churned, CHURNED, STAYED), dtype="str")
        return LabelledRows(rows, churned.astype(np.float64), probability)

    def _past_dates(self) -> list[str]:
        """A weekly date per training row, oldest first, the newest one week before the first batch."""
        rows = self._options.customers
        weeks_ago = PAST_WEEKS - np.arange(rows) * PAST_WEEKS // rows
        days: dict[int, date] = {
            weeks: self._options.start - timedelta(weeks=weeks) for weeks in range(1, PAST_WEEKS + 1)
        }
        return [days[int(weeks)].isoformat() for weeks in weeks_ago]


def _check_schema(schema: TableSchema) -> None:
    unknown = [name for name in schema.features if name not in FEATURES]
    unknown += [name for name in schema.numeric if name in FEATURES and name not in NUMERIC]
    if unknown:
        raise ConfigurationError(
            f"simulation.source is 'world', which has no such feature: {', '.join(unknown)}; "
            "use the world's schema, or set simulation.source to 'replay' and name a table."
        )
    if str(schema.positive).casefold() != CHURNED:
        raise ConfigurationError(
            f"schema.positive is {schema.positive!r}, but a churner of the world is '{CHURNED}': "
            f'set schema.positive to "{CHURNED}", with quotes.'
        )
