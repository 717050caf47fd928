"""Who comes in which week: customers met for the first time, and customers of earlier weeks.

Customers are numbered in the order in which a business meets them. The numbers of a week depend on the sizes of
the batches alone, never on what happens in another week.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from churn_monitoring.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Arrivals:
    """``met[w - 1]`` customers were met before week w, which has ``sizes[w - 1]`` rows."""

    sizes: tuple[int, ...]
    met: tuple[int, ...]

    @property
    def total(self) -> int:
        """Customers met in all weeks."""
        return self.met[-1]

    def find_fresh(self, week: int) -> np.ndarray:
        """int64[k], the numbers of those met in ``week`` (from 1) for the first time."""
        return np.arange(self.met[week - 1], self.met[week])

    def draw_returning(self, rng: np.random.Generator, week: int) -> np.ndarray:
        """int64[size - k], the numbers of those who return in ``week``, all different."""
        count = self.sizes[week - 1] - (self.met[week] - self.met[week - 1])
        return rng.choice(self.met[week - 1], size=count, replace=False) if count else np.arange(0)


def plan_arrivals(sizes: Sequence[int], returning_share: float, available: int | None) -> Arrivals:
    """Plan how many customers of each week are new, and how many return.

    In a week of n rows, ``returning_share`` of n return, or all met so far if they are fewer; where customers
    run out, more return.

    Args:
        sizes: Rows of each week's batch.
        returning_share: 0 is nobody; then all rows must be available.
        available: How many customers there are, ``None`` if there is no end of them.

    Raises:
        ConfigurationError: there are too few for a batch of different customers.

    Examples:
        >>> plan_arrivals([10, 10, 10, 10], 0.5, available=22).met
        (0, 10, 15, 20, 22)
    """
    met = [0]
    for size in sizes:
        returning = min(round(returning_share * size), met[-1])
        fresh = size - returning if available is None else min(size - returning, available - met[-1])
        if size - fresh > met[-1] or (returning_share == 0 and fresh < size):
            raise _too_few(sizes, returning_share, available)
        met.append(met[-1] + fresh)
    return Arrivals(tuple(sizes), tuple(met))


def _too_few(sizes: Sequence[int], returning_share: float, available: int | None) -> ConfigurationError:
    if returning_share > 0:
        return ConfigurationError(
            f"simulation: a batch needs {max(sizes)} different customers, but {available} are available beside the "
            "training table; lower simulation.batch_rows or simulation.reference_share."
        )
    weeks = int(np.sum(np.cumsum(sizes) <= (available or 0)))
    return ConfigurationError(
        f"simulation: {len(sizes)} weeks need {sum(sizes)} rows, but {available} are available beside the training "
        f"table; set simulation.weeks to at most {weeks}, lower batch_rows or reference_share, or let customers "
        "return (simulation.returning_share)."
    )
