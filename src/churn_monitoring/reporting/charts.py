"""Coordinates of the page's small inline charts; the template turns them into SVG.

All are in the units of the SVG's ``viewBox``. Colours are left to the style sheet, so that a chart follows
the reader's light or dark setting.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH = 880.0
_LABELS = 96.0  # room left of an interval chart for the names of its rows
_RIGHT = 84.0  # room right of it for the values
_ROW = 34.0
_TOP, _AUC_BOTTOM, _SHARE_TOP, _SHARE_BOTTOM = 22.0, 128.0, 164.0, 212.0
LANES = {
    "left": 44.0,
    "auc_top": _TOP,
    "auc_bottom": _AUC_BOTTOM,
    "share_bottom": _SHARE_BOTTOM,
    "strip_top": 224.0,
    "strip_height": 16.0,
    "height": 264.0,
}
"""Heights of the history chart's lanes, for the template."""


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
    ticks: tuple[tuple[float, str], ...]
    threshold: float | None
    height: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One batch of the history: its decision mark, drift bar, and promotion line if it has one."""

    x: float
    width: float
    action: str
    bar_top: float | None
    bar_height: float
    drifted: bool
    event: str | None
    current: bool
    title: str


@dataclass(frozen=True, slots=True)
class HistoryChart:
    """The recent past in three lanes: ROC-AUC with its interval, drift share, decisions."""

    cells: tuple[Cell, ...]
    bands: tuple[str, ...]
    lines: tuple[str, ...]
    points: tuple[tuple[float, float], ...]
    auc_ticks: tuple[tuple[float, str], ...]
    dates: tuple[tuple[float, str], ...]
    auc_threshold: float | None
    share_threshold: float | None


def build_interval_chart(estimates: dict[str, dict[str, float]], threshold: float | None) -> IntervalChart:
    """Intervals of ``{name: {value, low, high}}``, over an axis that holds all of them and the threshold."""
    numbers = [number for estimate in estimates.values() for number in estimate.values()]
    axis = _Axis.around([*numbers, threshold], _LABELS, WIDTH - _RIGHT)
    rows = tuple(
        IntervalRow(
            name=name,
            y=20.0 + _ROW * position,
            low=axis.place(estimate["low"]),
            value=axis.place(estimate["value"]),
            high=axis.place(estimate["high"]),
            text=f"{estimate['value']:.3f}",
        )
        for position, (name, estimate) in enumerate(estimates.items())
    )
    line = None if threshold is None else axis.place(threshold)
    return IntervalChart(rows, axis.ticks(), line, height=_ROW * len(rows) + 30.0)


def build_history_chart(
    history: Sequence[dict[str, Any]],
    current: str,
    performance_threshold: float | None,
    drift_share_threshold: float | None,
) -> HistoryChart:
    """The history, oldest first, over equal steps of x; ``current`` is the id of the batch reported on."""
    step = (WIDTH - LANES["left"]) / max(len(history), 1)
    centres = [LANES["left"] + step * (position + 0.5) for position in range(len(history))]
    known = [item["roc_auc"] for item in history if item["roc_auc"] is not None]
    numbers = [number for estimate in known for number in (estimate["low"], estimate["high"])]
    axis = _Axis.around([*numbers, performance_threshold], _AUC_BOTTOM, _TOP)
    share_axis = _share_axis(history, drift_share_threshold)
    runs = list(_runs(history))
    return HistoryChart(
        cells=tuple(
            _cell(item, centre, min(step - 2.0, 26.0), share_axis, current)
            for item, centre in zip(history, centres, strict=True)
        ),
        bands=tuple(_band(history, centres, run, axis) for run in runs),
        lines=tuple(_path((centres[at], axis.place(history[at]["roc_auc"]["value"])) for at in run) for run in runs),
        points=tuple((centres[at], axis.place(history[at]["roc_auc"]["value"])) for run in runs for at in run),
        auc_ticks=axis.ticks() if known else (),
        dates=_dates(history, centres),
        auc_threshold=axis.place(performance_threshold) if known and performance_threshold is not None else None,
        share_threshold=None if drift_share_threshold is None else share_axis.place(drift_share_threshold),
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """A linear map of ``low`` … ``high`` onto ``start`` … ``end``."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def around(cls, numbers: Sequence[float | None], start: float, end: float) -> "_Axis":
        present = [number for number in numbers if number is not None] or [0.5]
        low, high = max(min(present) - 0.02, 0.0), min(max(present) + 0.02, 1.0)
        return cls(low, high, start, end)

    def place(self, number: float) -> float:
        inside = min(max(number, self.low), self.high)
        return round(self.start + (inside - self.low) / (self.high - self.low) * (self.end - self.start), 1)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        width = self.high - self.low
        step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.25, 1.0) if width / step <= 6)
        first = int(-(-self.low // step))
        marks = [position * step for position in range(first, int(self.high / step + 1e-9) + 1)]
        return tuple((self.place(mark), f"{mark:.2f}") for mark in marks)


def _share_axis(history: Sequence[dict[str, Any]], threshold: float | None) -> _Axis:
    shares = [item["drift_share"] or 0.0 for item in history]
    return _Axis(0.0, max([*shares, 1.5 * (threshold or 0.0), 0.1]), _SHARE_BOTTOM, _SHARE_TOP)


def _runs(history: Sequence[dict[str, Any]]) -> Iterator[list[int]]:
    """Positions of neighbouring batches whose performance is known: a line has a gap where one is not."""
    run: list[int] = []
    for position, item in enumerate(history):
        if item["roc_auc"] is not None:
            run.append(position)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _band(history: Sequence[dict[str, Any]], centres: Sequence[float], run: list[int], axis: _Axis) -> str:
    upper = [(centres[at], axis.place(history[at]["roc_auc"]["high"])) for at in run]
    lower = [(centres[at], axis.place(history[at]["roc_auc"]["low"])) for at in reversed(run)]
    return _path((*upper, *lower)) + "Z"


def _path(points: Any) -> str:
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _cell(item: dict[str, Any], centre: float, width: float, share_axis: _Axis, current: str) -> Cell:
    share = item["drift_share"]
    top = None if share is None else share_axis.place(share)
    roc_auc = "labels not matured" if item["roc_auc"] is None else f"ROC-AUC {item['roc_auc']['value']:.3f}"
    drift = "drift not measured" if share is None else f"{share:.0%} of features drifted"
    return Cell(
        x=round(centre - width / 2, 1),
        width=round(width, 1),
        action=item["action"],
        bar_top=top,
        bar_height=0.0 if top is None else round(_SHARE_BOTTOM - top, 1),
        drifted=bool(share),
        event=f"v{item['event_version']}" if item["event"] == "promoted" else None,
        current=item["batch"] == current,
        title=f"{item['batch']}: {item['action']}, {roc_auc}, {drift}, model v{item['model_version']}",
    )


def _dates(history: Sequence[dict[str, Any]], centres: Sequence[float]) -> tuple[tuple[float, str], ...]:
    """At most six batch ids under the strip, the newest always among them."""
    every = max(-(-len(history) // 6), 1)
    chosen = range(len(history) - 1, -1, -every)
    return tuple((centres[at], str(history[at]["batch"])) for at in chosen)
