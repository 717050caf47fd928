"""Two-sample Kolmogorov-Smirnov test: do two columns of numbers come from one distribution?"""

import math
from dataclasses import dataclass

import numpy as np

from churn_monitoring.profiling import NumericProfile

FEW_EFFECTIVE_ROWS, MANY_EFFECTIVE_ROWS = 100, 2_000
"""Effective numbers of rows below which the p-value is exact, and from which on it is that of the corrected limit."""


@dataclass(frozen=True, slots=True)
class KolmogorovSmirnov:
    """Largest distance of the two distribution functions, in [0, 1], and how surprising it is."""

    statistic: float
    reference_rows: int
    batch_rows: int

    @property
    def p_value(self) -> float:
        """Computed when it is asked for: with too few rows to tell nobody does."""
        if not self.reference_rows or not self.batch_rows:
            return 1.0
        effective = self.reference_rows * self.batch_rows / (self.reference_rows + self.batch_rows)
        # One row on each side is an effective half, which rounds to none.
        return float(np.clip(_survival(self.statistic, max(1, round(effective))), 0.0, 1.0))


def compare_kolmogorov_smirnov(reference: NumericProfile, batch: NumericProfile) -> KolmogorovSmirnov:
    """Compare two columns of numbers by the largest distance of their distribution functions.

    Hypothesis: both samples are independent draws from one distribution F = G. With n reference and m batch
    rows, the statistic is ``D = sup |F_n(x) - G_m(x)|``. Between two points of an exact grid F_n is flat
    and G_m monotone, so that the supremum is reached at or just below a point, where the profiles have both
    counts: the result equals that of all the values. The p-value is two-sided and asymptotic: the exact
    distribution of the one-sample statistic at ``round(nm / (n + m))`` rows, as
    ``scipy.stats.ks_2samp(method="asymp")`` does, to which it is equal below 100 of them. Above it costs
    microseconds, not milliseconds, and is within 0.1 % of it wherever that is above 1e-12: with
    ``x = D sqrt(e)``, twice the exact one-sided probability in the tail of up to 2,000 effective rows, else
    Kolmogorov's limit ``K(x + 1 / (6 sqrt(e)) + r / e)`` with ``r = (x - 1) / 4``, in the tail ``(x^3 - x) / 9``.

    Use it for numbers of any distribution; with ties (counts, zero-inflated amounts) the p-value is too
    large, never too small. It is most sensitive in the middle, least in the tails, and at large n
    significant for changes without consequence: judge it together with a floor. On a quantile grid D is too
    small by at most one cell's share.

    Args:
        reference: Profile on its own grid.
        batch: Profile on the same grid.

    Returns:
        Statistic 0 and p-value 1 where either side has no values: no rows are no evidence.

    References:
        J. L. Hodges, "The significance probability of the Smirnov two-sample test", Arkiv för Matematik 3
        (1958) 469-486. J. Vrbik, "Small-sample corrections to Kolmogorov-Smirnov test statistic", Pioneer
        Journal of Theoretical and Applied Statistics 15 (2018) 15-23.

    Examples:
        >>> from churn_monitoring.profiling import build_grid, profile_numbers
        >>> values = np.arange(1_000.0)
        >>> grid = build_grid(values, max_points=65_536)
        >>> reference, batch = profile_numbers(values, grid), profile_numbers(values[:500] + 300, grid)
        >>> result = compare_kolmogorov_smirnov(reference, batch)
        >>> result.statistic, result.p_value < 1e-20
        (0.3, True)
    """
    if not reference.count or not batch.count:
        return KolmogorovSmirnov(0.0, reference.count, batch.count)
    at_or_below = reference.at_or_below / reference.count - batch.at_or_below / batch.count
    below = reference.below / reference.count - batch.below / batch.count
    statistic = float(max(np.abs(at_or_below).max(), np.abs(below).max()))
    return KolmogorovSmirnov(statistic, reference.count, batch.count)


def _survival(statistic: float, rows: int) -> float:
    """Probability of a one-sample statistic at least as large; the test holds it against the exact one."""
    from scipy.special import kolmogorov, smirnov

    if rows < FEW_EFFECTIVE_ROWS:
        from scipy.stats import kstwo  # half a second to import, and up to half a second per value at many rows

        return float(kstwo.sf(statistic, rows))
    root = math.sqrt(rows)
    place = statistic * root
    if rows < MANY_EFFECTIVE_ROWS and place > 1.2:
        return float(2 * smirnov(rows, statistic))  # that both sides are as far off is a ten-thousandth of it
    correction = (place**3 - place) / 9 if place > 1.3 else (place - 1) / 4
    return float(kolmogorov(place + 1 / (6 * root) + correction / rows))
