"""Curves of one model on rows it has not seen, for its run in the tracking server."""

from typing import TYPE_CHECKING

import numpy as np

from churn_monitoring.performance.metrics import curve_points
from churn_monitoring.performance.ranking import measure_roc_auc
from churn_monitoring.reporting.canvas import (
    BLUE,
    DASHED,
    INK,
    LINE,
    SOFT,
    clean_axes,
    new_figure,
    title_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CONFIDENCE = 0.95
_Z = 1.959964  # two-sided, of CONFIDENCE


def draw_roc_curve(labels: np.ndarray, scores: np.ndarray, *, title: str = "ROC curve") -> "Figure":
    """The share of leavers reached against the share of stayers contacted, and the diagonal of guessing.

    Args:
        labels: float64[n] of 1.0 and 0.0.
        scores: float64[n] from 0 to 1; only their order counts.
        title: above the figure.

    Raises:
        ValueError: one of the classes is missing.
    """
    points, roc_auc = curve_points(labels, scores, scores), measure_roc_auc(labels, scores, CONFIDENCE)
    figure, axes = _new_square(title)
    axes.fill_between(points.false_positive_rate, points.true_positive_rate, color=BLUE, alpha=0.10, linewidth=0)
    axes.plot(points.false_positive_rate, points.true_positive_rate, color=BLUE, linewidth=2.2)
    text = f"ROC-AUC {roc_auc.value:.3f}\n{roc_auc.low:.3f} to {roc_auc.high:.3f}"
    axes.text(0.97, 0.06, text, ha="right", fontsize=13, color=INK)
    axes.set_xlabel("Share of those who stay that is contacted")
    axes.set_ylabel("Share of those who leave that is reached")
    return figure


def draw_calibration_curve(labels: np.ndarray, probabilities: np.ndarray, *, title: str = "Calibration") -> "Figure":
    """Observed churn rate against predicted probability; on the diagonal the probabilities can be believed.

    A dot is a bin of about a tenth of the rows, its area proportional to them, its whisker a 95 % interval.

    Args:
        labels: float64[n] of 1.0 and 0.0.
        probabilities: float64[n], calibrated.
        title: above the figure.

    Raises:
        ValueError: one of the classes is missing.
    """
    points = curve_points(labels, probabilities, probabilities)
    figure, axes = _new_square(title)
    low, high = _wilson_interval(points.observed, points.rows)
    axes.vlines(points.predicted, low, high, color=BLUE, alpha=0.45, linewidth=2)
    axes.plot(points.predicted, points.observed, color=BLUE, linewidth=1.4, alpha=0.6)
    areas = 90 * points.rows / points.rows.max()
    axes.scatter(points.predicted, points.observed, s=areas, color=BLUE, zorder=3, clip_on=False)
    axes.set_xlabel("Predicted probability of leaving")
    axes.set_ylabel("Observed share that left")
    return figure


def _new_square(title: str) -> "tuple[Figure, Axes]":
    figure = new_figure(7.0, 7.0)
    figure.subplots_adjust(left=0.12, right=0.96, top=0.92, bottom=0.1)
    axes = figure.subplots()
    clean_axes(axes)
    title_axes(axes, title)
    axes.grid(color=LINE, linewidth=0.8)
    axes.set(xlim=(0, 1), ylim=(0, 1.005), aspect="equal")
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=DASHED)
    return figure, axes


def _wilson_interval(share: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of a share (Wilson 1927), which stays within 0 and 1 and is right for small bins."""
    count = np.maximum(np.asarray(rows, dtype=np.float64), 1.0)
    centre = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = _Z / (1 + _Z**2 / count) * np.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    return centre - half, centre + half
