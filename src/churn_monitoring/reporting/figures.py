"""The figures: the timeline of what monitoring saw and did, and (from ``curves``) the curves of one model."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from churn_monitoring.reporting.canvas import (
    BLUE,
    DASHED,
    GREEN,
    INK,
    LINE,
    RED,
    SOFT,
    clean_axes,
    new_figure,
    title_axes,
)
from churn_monitoring.reporting.curves import draw_calibration_curve, draw_roc_curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_calibration_curve", "draw_roc_curve", "draw_timeline"]

FEW_BATCHES = 10  # up to this many, each gets its own tick
ACTIONS = {  # colour, marker and name of every decision that asks for something
    "alert": ("#d08700", "^", "alert"),
    "fix_data": ("#6b3fa0", "s", "fix data"),
    "retrain": (RED, "D", "retrain"),
}


def draw_timeline(
    history: Sequence[dict[str, Any]], *, performance_threshold: float, drift_share_threshold: float
) -> "Figure":
    """Performance, decisions and drift over time.

    Realized ROC-AUC with its interval above, the decisions between, the share of drifted features below; a
    promotion is a vertical line through all with the version that went into service. 1,200 pixels wide.

    Args:
        history: batches oldest first, each ``{batch, as_of, action, roc_auc, drift_share, model_version,
            event, event_version}``; ``roc_auc`` is ``{value, low, high}`` or ``None``, ``event`` is ``"promoted"``,
            another word or ``None``, ``event_version`` the version in service after it. An empty history gives
            empty panels.
        performance_threshold: ROC-AUC below which performance is low.
        drift_share_threshold: share of drifted features that is an alert.
    """
    figure = new_figure(12.0, 6.6)
    figure.subplots_adjust(left=0.05, right=0.915, top=0.93, bottom=0.065)
    above, between, below = figure.subplots(
        3, 1, sharex=True, gridspec_kw={"height_ratios": [3.5, 0.5, 1.4], "hspace": 0.34}
    )
    where, is_date = _positions(history)
    _draw_performance(above, history, where, performance_threshold)
    _draw_decisions(between, history, where)
    _draw_drift(below, history, where, drift_share_threshold)
    for axes in (above, between, below):
        _draw_promotions(axes, history, where, named=axes is above)
    _finish_time_axis(below, history, where, is_date)
    return figure


def _positions(history: Sequence[dict[str, Any]]) -> tuple[np.ndarray, bool]:
    """Batch ids as days where all are distinct ISO dates in order, else 0, 1, …; and which of the two."""
    try:
        days = [date.fromisoformat(str(item["batch"])) for item in history]
    except ValueError:
        days = []
    if days and all(earlier < later for earlier, later in pairwise(days)):
        return np.array([day.toordinal() - _EPOCH for day in days], dtype=np.float64), True
    return np.arange(len(history), dtype=np.float64), False


_EPOCH = date(1970, 1, 1).toordinal()  # matplotlib counts days from here


def _step(where: np.ndarray) -> float:
    return float(np.median(np.diff(where))) if len(where) > 1 else 1.0


def _draw_performance(axes: "Axes", history: Sequence[dict[str, Any]], where: np.ndarray, threshold: float) -> None:
    missing = {"value": np.nan, "low": np.nan, "high": np.nan}
    known = [item["roc_auc"] or missing for item in history]
    value, low, high = (np.array([item[key] for item in known]) for key in ("value", "low", "high"))
    clean_axes(axes)
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    axes.fill_between(where, low, high, color=BLUE, alpha=0.15, linewidth=0)
    axes.plot(where, value, color=BLUE, linewidth=2, marker="o", markersize=4)
    _draw_threshold(axes, threshold, f"threshold\n{threshold:g}")
    axes.margins(y=0.12)
    title_axes(axes, "Realized ROC-AUC of the model in service, with 95 % interval")


def _draw_drift(axes: "Axes", history: Sequence[dict[str, Any]], where: np.ndarray, threshold: float) -> None:
    shares = np.array([item["drift_share"] or 0.0 for item in history])
    colours = [INK if share > threshold else SOFT for share in shares]
    clean_axes(axes)
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    axes.bar(where, shares, width=0.62 * _step(where), color=colours, alpha=0.65, linewidth=0)
    _draw_threshold(axes, threshold, f"threshold\n{threshold:.0%}")
    axes.set_ylim(0, max(1.35 * threshold, 1.12 * shares.max(initial=0.0)))
    axes.yaxis.set_major_locator(_locator("MaxNLocator", nbins=3))
    axes.yaxis.set_major_formatter(lambda share, _position: f"{share:.0%}")
    title_axes(axes, "Share of features that drifted")


def _draw_threshold(axes: "Axes", threshold: float, text: str) -> None:
    axes.axhline(threshold, color=RED, linewidth=1.3, linestyle=DASHED)
    position = axes.get_yaxis_transform()
    axes.text(1.008, threshold, text, transform=position, color=RED, fontsize=10, va="center")


def _draw_decisions(axes: "Axes", history: Sequence[dict[str, Any]], where: np.ndarray) -> None:
    """One mark per decision that asks for something; a quiet batch is a small dot."""
    clean_axes(axes)
    axes.set(ylim=(-1, 1), yticks=[])
    axes.spines["bottom"].set_visible(False)
    quiet = [at for at, item in zip(where, history, strict=True) if item["action"] not in ACTIONS]
    axes.plot(quiet, np.zeros(len(quiet)), linestyle="", marker="o", markersize=2.6, color="#b9c1cc")
    for action, (colour, marker, name) in ACTIONS.items():
        chosen = [at for at, item in zip(where, history, strict=True) if item["action"] == action]
        axes.plot(chosen, np.zeros(len(chosen)), linestyle="", marker=marker, markersize=9, color=colour, label=name)
    for at, item in zip(where, history, strict=True):
        if item["event"] not in (None, "promoted"):
            axes.annotate(
                str(item["event"]), (at, 0), xytext=(0, -17), textcoords="offset points",
                ha="center", color=SOFT, fontsize=9,
            )  # fmt: skip
    title_axes(axes, "Decision")
    axes.legend(
        loc="center left", bbox_to_anchor=(1.0, 0.62), frameon=False, fontsize=9.5, labelcolor=SOFT,
        markerscale=0.75, handletextpad=0.1, labelspacing=0.25, borderpad=0,
    )  # fmt: skip


def _draw_promotions(axes: "Axes", history: Sequence[dict[str, Any]], where: np.ndarray, *, named: bool) -> None:
    promoted = [
        (at + _step(where) / 2, item["event_version"])
        for at, item in zip(where, history, strict=True)
        if item["event"] == "promoted"
    ]
    for at, version in promoted:
        axes.axvline(at, color=GREEN, linewidth=1.4)
        if named:
            axes.annotate(
                f"v{version} promoted", (at, 1), xycoords=("data", "axes fraction"),
                xytext=(5, -12), textcoords="offset points",
                color=GREEN, fontsize=10.5, fontweight="bold",
            )  # fmt: skip


def _finish_time_axis(axes: "Axes", history: Sequence[dict[str, Any]], where: np.ndarray, is_date: bool) -> None:
    if not len(where):
        axes.set_xticks([])
        return
    axes.set_xlim(where[0] - _step(where), where[-1] + _step(where))
    if is_date and len(where) > FEW_BATCHES:
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(minticks=4, maxticks=13)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    else:
        every = max(-(-len(where) // FEW_BATCHES), 1)
        axes.set_xticks(where[::every], [str(item["batch"]) for item in history[::every]])


def _locator(name: str, **options: Any) -> Any:
    from matplotlib import ticker

    return getattr(ticker, name)(**options)
