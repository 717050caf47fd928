"""The look that all figures share.

The object interface of matplotlib, never ``pyplot``: no global state, no window, nothing to close.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, LINE = "#1a2130", "#5d6675", "#e1e5eb"
BLUE, GREEN, RED = "#2563a8", "#1f7a4d", "#b3261e"
DASHED = (0, (5, 4))


def new_figure(width: float, height: float) -> "Figure":
    """An empty white figure of that many hundred pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def clean_axes(axes: "Axes") -> None:
    """Only what carries information stays."""
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.tick_params(length=0, pad=7, colors=SOFT, labelsize=10.5)
    axes.set_axisbelow(True)
    axes.xaxis.label.set(color=SOFT, size=11)
    axes.yaxis.label.set(color=SOFT, size=11)


def title_axes(axes: "Axes", text: str) -> None:
    """A bold title, flush with the left edge."""
    axes.set_title(text, loc="left", fontsize=12.5, color=INK, fontweight="bold", pad=10)
