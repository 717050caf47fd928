"""A linear axis with few round ticks, in percent of the chart's width or in pixels of its height."""

import math
from dataclasses import dataclass

TINIEST = 1e-290
"""Width below which an axis is one point: its steps would be no numbers any more."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps ``low`` … ``high`` onto ``start`` … ``end``; what lies outside is drawn at the nearer end."""

    low: float
    high: float
    start: float
    end: float

    def place(self, number: float) -> float:
        """Coordinate of a number, with two decimals.

        >>> Axis(0.0, 2.0, 0.0, 100.0).place(0.5), Axis(0.0, 2.0, 0.0, 100.0).place(7.0)
        (25.0, 100.0)
        """
        inside = min(max(number, self.low), self.high)
        width = self.high - self.low
        return round(self.start + (inside - self.low) / width * (self.end - self.start), 2) if width else self.start

    def ticks(self, most: int = 6) -> tuple[tuple[float, float], ...]:
        """Coordinate and value of at most that many round numbers on the axis.

        >>> [value for _, value in Axis(0.66, 0.91, 0.0, 100.0).ticks()]
        [0.7, 0.75, 0.8, 0.85, 0.9]
        """
        width = self.high - self.low
        if not TINIEST < width < math.inf:
            return ((self.place(self.low), self.low),)
        power = 10.0 ** math.floor(math.log10(width))
        steps = (power * scale for scale in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0))
        step = next((one for one in steps if width / one <= most - 1), 10.0 * power)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        values = (round(position * step, 12) for position in range(first, last + 1))
        return tuple((self.place(value), value) for value in values)


def surround(numbers: list[float | None], start: float, end: float) -> Axis:
    """An axis within 0 … 1 that holds all numbers with some room; around one half where there are none."""
    present = [number for number in numbers if number is not None] or [0.5]
    return Axis(max(min(present) - 0.02, 0.0), min(max(present) + 0.02, 1.0), start, end)
