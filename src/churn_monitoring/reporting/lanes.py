"""Batches side by side on one time axis: a lane per question, drawn as a few paths however many batches there are.

    history (oldest first) ─► equal steps of x ─► ROC-AUC │ drift share │ features │ labels │ alerts │ verdicts │ events

Paths lie in boxes ``BOX`` units wide that are stretched to the reader's screen; texts and lines across all lanes are
placed in percent of the width. A lane's height is in pixels.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from churn_monitoring.reporting.axes import Axis, surround
from churn_monitoring.reporting.formats import format_share

BOX = 1000.0
AUC_HEIGHT, SHARE_HEIGHT, COVERAGE_HEIGHT, ROW_HEIGHT = 160.0, 64.0, 34.0, 15.0
FEW = 130  # batches up to which each realized performance has its dot
SHADES = (0.15, 0.3, 0.6)  # effect sizes at which a cell of the heat map becomes darker
VERDICT_ROWS = ("retrain", "fix_data", "alert")
ALERT_ROWS = ("critical", "warning")
DATES = 6
CHANGES = {"promoted": "promoted", "recalibrated": "recalibrated", "rolled_back": "rolled back"}
"""Verdicts of attempts that put another version in service, in words."""


@dataclass(frozen=True, slots=True)
class AucLane:
    """Realized and estimated ROC-AUC; coordinates of the paths in the box, of ticks and threshold in pixels."""

    bands: str
    lines: str
    dots: str
    estimated: str
    ticks: tuple[tuple[float, float], ...]
    threshold: float | None
    newest: dict[str, tuple[float, float]]
    told: str


@dataclass(frozen=True, slots=True)
class BarLane:
    """Bars from the lower edge, and the pixel of a threshold."""

    bars: str
    threshold: float | None
    told: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of cells; ``paths`` holds one path per shade, the lightest first."""

    name: str
    paths: tuple[str, ...]
    told: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that changed, or tried to change, what is in service."""

    x: float
    verdict: str
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Link:
    """The column of one batch, to be pointed at: percent of the width, and what to say of it."""

    x: float
    width: float
    batch: str
    title: str
    current: bool


@dataclass(frozen=True, slots=True)
class Lanes:
    """All lanes of a history."""

    auc: AucLane
    share: BarLane
    coverage: BarLane
    alerts: tuple[Row, ...]
    verdicts: tuple[Row, ...]
    features: tuple[Row, ...]
    events: tuple[Event, ...]
    links: tuple[Link, ...]
    dates: tuple[tuple[float, str, str], ...]


def build_lanes(
    history: Sequence[dict[str, Any]],
    events: Sequence[dict[str, Any]],
    *,
    performance_threshold: float | None,
    drift_share_threshold: float | None,
    features: Sequence[str] = (),
    current: str | None = None,
) -> Lanes:
    """The lanes of a history.

    Args:
        history: oldest first, each ``{batch, as_of, action, roc_auc, estimated, drift_share, label_coverage, alerts,
            effects, model_version}``: ``roc_auc`` and ``estimated`` are ``{value, low, high}`` or None, ``alerts``
            counts by severity, ``effects`` effect sizes of the features that drifted.
        events: ``{as_of, verdict, version}``, in order.
        performance_threshold: drawn across the ROC-AUC.
        drift_share_threshold: drawn across the drift share.
        features: rows of the heat map.
        current: id of the batch that is marked.
    """
    step = BOX / max(len(history), 1)
    return Lanes(
        auc=_draw_auc(history, step, performance_threshold),
        share=_draw_share(history, step, drift_share_threshold),
        coverage=_draw_coverage(history, step),
        alerts=tuple(_draw_row(name, step, [_count(one, name) > 0 for one in history]) for name in ALERT_ROWS),
        verdicts=tuple(_draw_row(name, step, [one["action"] == name for one in history]) for name in VERDICT_ROWS),
        features=tuple(_draw_feature(name, step, history) for name in features),
        events=tuple(_place_events(history, events)),
        links=tuple(_place_links(history, current)),
        dates=tuple(_place_dates(history)),
    )


def _draw_auc(history: Sequence[dict[str, Any]], step: float, threshold: float | None) -> AucLane:
    known = [one[name] for one in history for name in ("roc_auc", "estimated") if one[name]]
    axis = surround([*(one[end] for one in known for end in ("low", "high")), threshold], AUC_HEIGHT - 4.0, 4.0)

    def place(at: int, name: str, end: str = "value") -> tuple[float, float]:
        return step * (at + 0.5), axis.place(history[at][name][end])

    def band(run: list[int]) -> str:
        return _path(
            [*(place(at, "roc_auc", "high") for at in run), *(place(at, "roc_auc", "low") for at in run[::-1])]
        )

    runs, guessed = _runs(history, "roc_auc"), _runs(history, "estimated")
    newest = {name: place(found[-1][-1], name) for name, found in (("roc_auc", runs), ("estimated", guessed)) if found}
    few = len(history) <= FEW
    return AucLane(
        bands="".join(band(run) + "Z" for run in runs),
        lines="".join(_path([place(at, "roc_auc") for at in run]) for run in runs),
        dots="".join(_path([place(at, "roc_auc")]) + "h0" for run in runs for at in run) if few else "",
        estimated="".join(_path([place(at, "estimated") for at in run]) for run in guessed),
        ticks=axis.ticks(most=5) if known else (),
        threshold=axis.place(threshold) if known and threshold is not None else None,
        newest={name: (round(x / BOX * 100.0, 2), y) for name, (x, y) in newest.items()},
        told=_tell_auc(history),
    )


def _tell_auc(history: Sequence[dict[str, Any]]) -> str:
    known = [(one["roc_auc"]["value"], one["batch"]) for one in history if one["roc_auc"]]
    if not known:
        return "No batch has a realized ROC-AUC yet."
    return (
        f"Realized ROC-AUC of {len(known)} of {len(history)} batches: the newest {known[-1][0]:.3f} ({known[-1][1]}), "
        f"the lowest {min(known)[0]:.3f} ({min(known)[1]}), the highest {max(known)[0]:.3f} ({max(known)[1]})."
    )


def _draw_share(history: Sequence[dict[str, Any]], step: float, threshold: float | None) -> BarLane:
    shares = [one["drift_share"] or 0.0 for one in history]
    axis = Axis(0.0, max([*shares, 1.5 * (threshold or 0.0), 0.1]), SHARE_HEIGHT, 0.0)
    largest = max(zip(shares, (one["batch"] for one in history), strict=True), default=(0.0, ""))
    told = f"Share of drifted features: at most {format_share(largest[0])} ({largest[1]})."
    return BarLane(_bars(shares, step, axis), None if threshold is None else axis.place(threshold), told)


def _draw_coverage(history: Sequence[dict[str, Any]], step: float) -> BarLane:
    shares = [one["label_coverage"] for one in history]
    told = f"Labels are known of {sum(share > 0 for share in shares)} of {len(shares)} batches."
    return BarLane(_bars(shares, step, Axis(0.0, 1.0, COVERAGE_HEIGHT, 0.0)), None, told)


def _draw_row(name: str, step: float, marked: Sequence[bool]) -> Row:
    path = _cells(step, marked)
    return Row(name, (path,), f"{sum(marked)} of {len(marked)} batches.")


def _draw_feature(name: str, step: float, history: Sequence[dict[str, Any]]) -> Row:
    """Cells where the feature drifted, darker the farther it moved."""
    shades = [_shade(one["effects"].get(name)) for one in history]
    paths = tuple(_cells(step, [one == shade for one in shades]) for shade in range(len(SHADES) + 1))
    drifted = sum(shade is not None for shade in shades)
    return Row(name, paths, f"{name} drifted in {drifted} of {len(shades)} batches.")


def _shade(effect: float | None) -> int | None:
    return None if effect is None else bisect_right(SHADES, effect)


def _count(one: dict[str, Any], severity: str) -> int:
    return int(one["alerts"].get(severity, 0))


def _bars(shares: Sequence[float], step: float, axis: Axis) -> str:
    gap = step * 0.12
    drawn = ((step * at + gap, axis.place(share)) for at, share in enumerate(shares) if share > 0.0)
    return "".join(f"M{x:.2f},{axis.start:.0f}V{y:.1f}h{step - 2 * gap:.2f}V{axis.start:.0f}Z" for x, y in drawn)


def _cells(step: float, marked: Sequence[bool]) -> str:
    """Marked cells of a row: with a gap between them, or where batches are many those side by side as one."""
    merged = len(marked) > FEW
    gap = 0.0 if merged else step * 0.08
    rectangles = (
        (step * first + gap, step * (last - first + 1) - 2 * gap) for first, last in _stretches(marked, merged=merged)
    )
    return "".join(f"M{x:.2f},1h{width:.2f}v{ROW_HEIGHT - 2:.0f}H{x:.2f}Z" for x, width in rectangles)


def _stretches(marked: Sequence[bool], *, merged: bool) -> Iterator[tuple[int, int]]:
    """First and last position of what is drawn as one: every marked one, or all that stand side by side."""
    for here, group in groupby(range(len(marked)), key=lambda at: marked[at]):
        positions = list(group) if here else []
        if merged and positions:
            yield positions[0], positions[-1]
        elif not merged:
            yield from ((at, at) for at in positions)


def _runs(history: Sequence[dict[str, Any]], name: str) -> list[list[int]]:
    """Positions of neighbouring batches of which it is known: a line has a gap where it is not."""
    runs: list[list[int]] = []
    for position, one in enumerate(history):
        if one[name] is None:
            continue
        if runs and runs[-1][-1] == position - 1:
            runs[-1].append(position)
        else:
            runs.append([position])
    return runs


def _path(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.2f},{y:.1f}" for x, y in points)


def _place_events(history: Sequence[dict[str, Any]], events: Sequence[dict[str, Any]]) -> Iterator[Event]:
    """Each at the end of the last batch judged by its day; those before the first batch are not on the axis."""
    days = [one["as_of"] for one in history]
    for event in events:
        before = bisect_right(days, event["as_of"])
        if before:
            x = round(100.0 * before / len(days), 2)
            changed = event["verdict"] in CHANGES
            text = f"v{event['version']}" if changed else ""
            yield Event(x, event["verdict"] if changed else "kept", text, "end" if x > 92.0 else "start")


def _place_links(history: Sequence[dict[str, Any]], current: str | None) -> Iterator[Link]:
    width = 100.0 / max(len(history), 1)
    for at, one in enumerate(history):
        roc_auc = "labels not matured" if one["roc_auc"] is None else f"ROC-AUC {one['roc_auc']['value']:.3f}"
        drift = f"{format_share(one['drift_share'])} of features drifted"
        title = f"{one['batch']}: {one['action'].replace('_', ' ')}, {roc_auc}, {drift}, model v{one['model_version']}"
        yield Link(round(width * at, 3), round(width, 3), one["batch"], title, one["batch"] == current)


def _place_dates(history: Sequence[dict[str, Any]]) -> Iterator[tuple[float, str, str]]:
    """At most ``DATES`` batch ids below the lanes, the newest always among them: x, id and text-anchor."""
    count = len(history)
    every = max(-(-count // DATES), 1)
    for at in range(count - 1, -1, -every):
        x = 100.0 * (at + 0.5) / count
        anchor = "end" if x > 92.0 else "start" if x < 8.0 else "middle"
        yield (
            (100.0 if anchor == "end" else 0.0 if anchor == "start" else round(x, 2)),
            str(history[at]["batch"]),
            anchor,
        )
