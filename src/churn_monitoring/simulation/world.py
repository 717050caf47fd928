"""A churn business of which everything is known: P(x), P(y | x), and when it changed.

draw_population (x) ─ measure_churn_probability (p) ─ latent uniform u < p (y) ─ table with ids and dates

A customer keeps u for life: met again, their label changes exactly where p does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import Change, SimulationOptions, TableSchema
from churn_monitoring.simulation.arrivals import Arrivals, plan_arrivals
from churn_monitoring.simulation.association import KnownTable
from churn_monitoring.simulation.churn import measure_churn_probability
from churn_monitoring.simulation.jitter import Amount, find_amounts, jitter_rows, keep_side
from churn_monitoring.simulation.newcomers import count_newcomers, find_new_region
from churn_monitoring.simulation.past import date_customers
from churn_monitoring.simulation.population import FEATURES, NUMERIC, draw_population
from churn_monitoring.simulation.randomness import child_generator
from churn_monitoring.simulation.region import Region, find_region
from churn_monitoring.simulation.source import LabelledRows
from churn_monitoring.simulation.targets import WHOLE_ROWS
from churn_monitoring.simulation.timeline import CONCEPT, CONCEPTS, complete_timeline

CHURNED, STAYED = "yes", "no"
COLUMN_FREE = (*WHOLE_ROWS, CONCEPT)  # the world's concept turns as a whole


@dataclass(frozen=True, slots=True)
class People:
    """Customers whose label is not yet decided: id and features, and the uniform number that will decide it."""

    rows: pd.DataFrame
    latent: np.ndarray

    def take(self, positions: np.ndarray) -> "People":
        """Those at ``positions``, in that order, numbered anew."""
        return People(self.rows.iloc[positions].reset_index(drop=True), self.latent[positions])


class World:
    """The invented business as a source of customers; see :class:`~.source.Source`."""

    def __init__(self, schema: TableSchema, options: SimulationOptions) -> None:
        _check_schema(schema)
        self._schema = schema
        self._options = options
        self._region: Region | None = None
        self._lines: dict[bool, People] = {}
        first = self._generate(options.customers, 0)
        self.known = KnownTable(self._decide(first, ()).rows, schema)
        self.timeline = complete_timeline(options.timeline, self.known, column_free=COLUMN_FREE)
        self._region = find_new_region(self.timeline, self.known)
        self.customers = self._build_past()

    def draw(self, week: int, count: int, changes: Sequence[Change]) -> LabelledRows:
        """Customers of ``week``; of several concept drifts the strongest is in force."""
        people, again = self._meet(week, max(count - self._options.batch_rows, 0))
        if again.any() or len(self._arrivals) > 1:
            order = child_generator(self._options.seed, "order", week).permutation(len(again))
            people, again = people.take(order), again[order]
        if count < len(again):
            people, again = people.take(np.arange(count)), again[:count]
        if again.any():
            rng = child_generator(self._options.seed, "jitter", week)
            moved = jitter_rows(rng, people.rows, again, self._amounts)
            people = People(keep_side(people.rows, moved, self._region, self.known), people.latent)
        drawn = self._decide(people, [change for change in changes if change.kind in CONCEPTS])
        if self._schema.date is None:
            return drawn
        day = self._options.start + timedelta(weeks=week - 1)
        rows = drawn.rows.assign(**{self._schema.date: day.isoformat()})
        return LabelledRows(rows, drawn.churned, drawn.probability)

    def _build_past(self) -> pd.DataFrame:
        """The training table: nobody of a region that is new later, with dates where the schema has them."""
        customers = self.known.rows
        if self._region is not None:
            customers = self._decide(self._generate(self._options.customers, 0, new=False), ()).rows
        if self._schema.date is None:
            return customers
        rng = child_generator(self._options.seed, "past")
        return date_customers(rng, customers, self.timeline, self.known, self._options)

    @cached_property
    def _arrivals(self) -> dict[bool, Arrivals]:
        """Who comes when, of the usual customers (False) and of the new region (True)."""
        options, newcomers = self._options, count_newcomers(self.timeline, self._options)
        usual = [options.batch_rows - count for count in newcomers]
        sizes = {False: usual} if self._region is None else {False: usual, True: newcomers}
        return {new: plan_arrivals(each, options.returning_share, None) for new, each in sizes.items()}

    @cached_property
    def _amounts(self) -> tuple[Amount, ...]:
        return find_amounts(self.known)

    def _meet(self, week: int, extra: int) -> tuple[People, np.ndarray]:
        """The week's own customers and ``extra`` more, and which of them were met before."""
        parts: list[People] = []
        again: list[np.ndarray] = []
        for new, arrivals in self._arrivals.items():
            rng = child_generator(self._options.seed, "returning", int(new), week)
            returning = arrivals.draw_returning(rng, week)
            parts += [self._find_fresh(week, new=new)]
            parts += [self._line(new).take(returning)] if len(returning) else []
            again += [np.repeat([False, True], [len(arrivals.find_fresh(week)), len(returning)])]
        number = self._options.batch_rows
        for new, arrivals in self._arrivals.items() if extra else ():
            count = round(extra * arrivals.sizes[week - 1] / self._options.batch_rows)
            parts += [self._generate(count, week, new=new, number=number, spare=True)]
            again += [np.zeros(count, dtype=bool)]
            number += count
        return _join(parts), np.concatenate(again)

    def _find_fresh(self, week: int, *, new: bool) -> People:
        """Those who are met in ``week`` for the first time, whatever else happens in it."""
        fresh = {side: arrivals.find_fresh(week) for side, arrivals in self._arrivals.items()}
        if new in self._lines:
            return self._lines[new].take(fresh[new])
        return self._generate(len(fresh[new]), week, new=new, number=len(fresh[False]) if new else 0)

    def _line(self, new: bool) -> People:
        """All who are ever met, in the order of their arrival."""
        if new not in self._lines:
            weeks = range(1, self._options.weeks + 1)
            self._lines[new] = _join([self._find_fresh(week, new=new) for week in weeks])
        return self._lines[new]

    def _generate(self, count: int, week: int, *, new: bool = False, number: int = 0, spare: bool = False) -> People:
        """``count`` customers on one side of the new region, numbered from ``number + 1``."""
        purpose = [name for name, meant in (("new", new), ("spare", spare)) if meant]
        rng = child_generator(self._options.seed, "world", week, *purpose)
        features, latent = draw_population(rng, count), rng.random(count)
        if self._region is not None:
            features, latent = self._keep(rng, features, latent, new=new)
        ids = [f"C{week:04d}-{place:06d}" for place in range(number + 1, number + count + 1)]
        dates = {} if self._schema.date is None else {self._schema.date: ""}
        named = pd.DataFrame({self._schema.id: pd.Series(ids, dtype="str"), **dates})
        return People(pd.concat([named, features], axis="columns"), latent)

    def _keep(
        self, rng: np.random.Generator, features: pd.DataFrame, latent: np.ndarray, *, new: bool
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Replace those on the other side of the new region, until none is left."""
        region, count = self._region, len(latent)
        while region is not None:
            kept = region.contains(self.known, features) == new
            features, latent = features[kept], latent[kept]
            if len(latent) >= count:
                break
            features = pd.concat([features, draw_population(rng, count)], ignore_index=True)
            latent = np.concatenate([latent, rng.random(count)])
        return features[:count].reset_index(drop=True), latent[:count]

    def _decide(self, people: People, concepts: Sequence[Change]) -> LabelledRows:
        probability = measure_churn_probability(people.rows, self._measure_concept(people.rows, concepts))
        churned = people.latent < probability
        labels = pd.Series(np.where(churned, CHURNED, STAYED), dtype="str")
        return LabelledRows(
            people.rows.assign(**{self._schema.target: labels}), churned.astype(np.float64), probability
        )

    def _measure_concept(self, rows: pd.DataFrame, concepts: Sequence[Change]) -> np.ndarray:
        """float64[n], how far the concept has turned for each row: everywhere, in a region, or where nobody was."""
        everywhere = max((change.strength for change in concepts if change.kind == CONCEPT), default=0.0)
        regions = [find_region(self.known, str(change.column), change.strength) for change in concepts if change.column]
        regions += [self._region] if self._region is not None else []
        strength = np.full(len(rows), everywhere)
        for region in regions:
            strength[region.contains(self.known, rows)] = 1.0
        return strength


def _join(parts: Sequence[People]) -> People:
    if len(parts) == 1:
        return parts[0]
    rows = pd.concat([people.rows for people in parts], ignore_index=True)
    return People(rows, np.concatenate([people.latent for people in parts]))


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
