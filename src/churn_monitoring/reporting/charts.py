"""Coordinates of a page's intervals and distributions; the templates turn them into SVG.

Across they are percent of the width, so that a chart fits a telephone without its text shrinking; down they are pixels.
Colours are left to the style sheet and follow the reader's light or dark setting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from churn_monitoring.reporting.axes import Axis, surround
from churn_monitoring.reporting.formats import format_plain, format_share

INTERVAL_ROW = 38.0
HISTOGRAM_HEIGHT = 92.0
_HEADROOM = 16.0  # above a histogram's highest bin, for its label
_APART = 26.0  # percent of the width between two labels of a histogram


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """One horizontal interval with its point."""

    name: str
    y: float
    low: float
    value: float
    high: float
    text: str


@dataclass(frozen=True, slots=True)
class IntervalChart:
    """Rows of intervals over one axis; ``threshold`` is the x of the vertical line, if there is one."""

    rows: tuple[IntervalRow, ...]
    ticks: tuple[tuple[float, float], ...]
    threshold: float | None
    height: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """Two outlines over the same bins, in a box of 100 by ``HISTOGRAM_HEIGHT``.

    ``labels`` are x, y and text-anchor of the names of reference and batch, set where each stands out most; ``ticks``
    are along the lower edge.
    """

    reference: str
    batch: str
    ticks: tuple[tuple[float, str], ...]
    labels: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True)
class LevelBar:
    """One level of a category: shares of reference and batch, as part of the longest bar and as text."""

    name: str
    reference: float
    batch: float
    texts: tuple[str, str]


def build_interval_chart(estimates: Mapping[str, Mapping[str, float]], threshold: float | None) -> IntervalChart:
    """Intervals of ``{name: {value, low, high}}``, over an axis that holds all of them and the threshold."""
    numbers: list[float | None] = [number for estimate in estimates.values() for number in estimate.values()]
    axis = surround([*numbers, threshold], 2.0, 98.0)
    rows = tuple(
        IntervalRow(
            name=name,
            y=42.0 + INTERVAL_ROW * position,
            low=axis.place(estimate["low"]),
            value=axis.place(estimate["value"]),
            high=axis.place(estimate["high"]),
            text=f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})",
        )
        for position, (name, estimate) in enumerate(estimates.items())
    )
    line = None if threshold is None else axis.place(threshold)
    return IntervalChart(rows, axis.ticks(), line, height=INTERVAL_ROW * len(rows) + 50.0)


def build_histogram(shape: Mapping[str, Any]) -> Histogram:
    """Both sides of a ``NumberShape`` as densities: a wide bin is no higher for being wide.

    Args:
        shape: its fields, as they are kept.
    """
    edges = shape["edges"]
    axis = Axis(edges[0], edges[-1], 0.0, 100.0)
    places = [axis.place(edge) for edge in edges]
    densities = [_measure_density(shape[side], places) for side in ("reference", "batch")]
    highest = max(*densities[0], *densities[1], 1e-12)
    heights = [[HISTOGRAM_HEIGHT * (1.0 - one / highest) for one in side] for side in densities]
    down = [[_HEADROOM + height * (1.0 - _HEADROOM / HISTOGRAM_HEIGHT) for height in side] for side in heights]
    return Histogram(
        reference=_outline(places, down[0], closed=True),
        batch=_outline(places, down[1], closed=False),
        ticks=tuple((place, format_plain(value)) for place, value in axis.ticks(most=5)),
        labels=_label_sides(places, densities, down),
    )


def build_level_bars(shape: Mapping[str, Any]) -> tuple[LevelBar, ...]:
    """The levels of a ``CategoryShape`` and, where there are more, all others as one bar."""
    rows = list(zip(shape["levels"], shape["reference"], shape["batch"], strict=True))
    if shape["others"]:
        rows.append((f"{shape['others']} others", *shape["rest"]))
    largest = max((share for _, *sides in rows for share in sides), default=0.0) or 1.0
    return tuple(
        LevelBar(
            name=name,
            reference=round(reference / largest, 3),
            batch=round(batch / largest, 3),
            texts=(format_share(reference), format_share(batch)),
        )
        for name, reference, batch in rows
    )


def _measure_density(shares: Sequence[float], places: Sequence[float]) -> list[float]:
    """Share per percent of the width; a bin narrower than a hair counts as a hair wide."""
    return [share / max(high - low, 0.01) for share, low, high in zip(shares, places, places[1:], strict=False)]


def _outline(places: Sequence[float], down: Sequence[float], *, closed: bool) -> str:
    steps = "".join(f"V{y:.1f}H{x:.2f}" for y, x in zip(down, places[1:], strict=True))
    path = f"M{places[0]:.2f},{HISTOGRAM_HEIGHT:.0f}{steps}V{HISTOGRAM_HEIGHT:.0f}"
    return path + "Z" if closed else path


def _label_sides(
    places: Sequence[float], densities: Sequence[Sequence[float]], down: Sequence[Sequence[float]]
) -> tuple[tuple[float, float, str], ...]:
    """Where each side exceeds the other most; moved apart where both are the same place."""
    excess = [own - other for own, other in zip(*densities, strict=True)]
    bins = (max(range(len(excess)), key=excess.__getitem__), min(range(len(excess)), key=excess.__getitem__))
    middles = [(places[at] + places[at + 1]) / 2.0 for at in bins]
    if abs(middles[0] - middles[1]) < _APART:
        centre = min(max(sum(middles) / 2.0, _APART), 100.0 - _APART)
        turn = 1.0 if middles[0] >= middles[1] else -1.0
        middles = [centre + turn * _APART / 2.0, centre - turn * _APART / 2.0]
    return tuple(
        (round(middle, 1), round(max(down[side][at] - 4.0, 10.0), 1), _anchor(middle))
        for side, (middle, at) in enumerate(zip(middles, bins, strict=True))
    )


def _anchor(place: float) -> str:
    if place < 14.0:
        return "start"
    return "end" if place > 86.0 else "middle"
