"""Rows of a table to replay, in the order in which they arrive, and which of them make up a week.

line ─┬─ base    the week's own rows: new ones, and where customers return some met before
      └─ spare   as many again for a shift to choose from: rows of no other week, or any others
"""

from dataclasses import dataclass

import numpy as np

from churn_monitoring.core.errors import ConfigurationError
from churn_monitoring.core.options import SimulationOptions
from churn_monitoring.simulation.arrivals import Arrivals, plan_arrivals
from churn_monitoring.simulation.randomness import child_generator

Choice = tuple[np.ndarray, np.ndarray]  # int64[n] positions in the table, and bool[n]: met before


@dataclass(frozen=True, slots=True)
class Line:
    """``rows`` are positions in the table, ``arrivals`` counts along them; twins are drawn from all of them."""

    name: str
    rows: np.ndarray
    arrivals: Arrivals
    options: SimulationOptions

    def choose_base(self, week: int) -> Choice:
        """The week's own rows, the new ones first."""
        rng = child_generator(self.options.seed, "returning", self.name, week)
        if self.options.twins:
            return _as_met(rng.choice(self.rows, size=self.arrivals.sizes[week - 1]))
        fresh, returning = self.arrivals.find_fresh(week), self.arrivals.draw_returning(rng, week)
        again = np.arange(len(fresh) + len(returning)) >= len(fresh)
        return self.rows[np.concatenate([fresh, returning])], again

    def choose_spare(self, week: int, count: int, base: np.ndarray) -> Choice:
        """Up to ``count`` rows beside those of ``base``; exactly as many, where nobody returns.

        Raises:
            ConfigurationError: nobody returns, and the week does not have so many rows.
        """
        rng = child_generator(self.options.seed, "spare", self.name, week)
        if self.options.twins:
            return _as_met(rng.choice(self.rows, size=count))
        if self.options.returning_share > 0:
            return _as_met(rng.permutation(np.setdiff1d(self.rows, base))[:count])
        size, weeks = self.options.batch_rows, self.options.weeks
        spare = (len(self.rows) - self.arrivals.total) // weeks
        if count > spare:
            raise ConfigurationError(
                f"simulation: the shift in week {week} chooses its {size} rows among {size + count}, but there are "
                f"{size + spare} for each of {weeks} weeks; lower simulation.batch_rows or simulation.weeks, or let "
                "customers return (simulation.returning_share)."
            )
        first = self.arrivals.total + (week - 1) * spare
        return self.rows[first : first + count], np.zeros(count, dtype=bool)


def open_line(name: str, rows: np.ndarray, sizes: list[int], options: SimulationOptions) -> Line:
    """A line of ``rows`` in random order, of which the batches take ``sizes``.

    Raises:
        ConfigurationError: there are too few rows.
    """
    available = None if options.twins else len(rows)
    return Line(name, rows, plan_arrivals(sizes, options.returning_share, available), options)


def choose_week(lines: tuple[Line, ...], week: int, count: int, options: SimulationOptions) -> Choice:
    """The rows of ``week``: the base of all lines, then what exceeds ``batch_rows``; mixed if they are of two sorts."""
    bases = [line.choose_base(week) for line in lines]
    extra = max(count - options.batch_rows, 0)
    shares = [line.arrivals.sizes[week - 1] / options.batch_rows for line in lines]
    spares = [
        line.choose_spare(week, round(extra * share), base)
        for line, share, (base, _) in zip(lines, shares, bases, strict=True)
    ]
    positions, again = (np.concatenate(parts) for parts in zip(*bases, *spares, strict=True))
    if len(lines) > 1 or (again.any() and not options.twins):
        order = child_generator(options.seed, "order", week).permutation(len(positions))
        positions, again = positions[order], again[order]
    return positions[:count], again[:count]


def _as_met(positions: np.ndarray) -> Choice:
    return positions, np.ones(len(positions), dtype=bool)
