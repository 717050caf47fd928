"""What all pictures start from: the shipped parameters, a generator, and panels in the look of the reports."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from churn_monitoring.core.options import TableSchema
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.profiling import NumericProfile, build_grid, profile_numbers
from churn_monitoring.reporting.canvas import LINE, SOFT, clean_axes, new_figure, title_axes

ROOT = Path(__file__).resolve().parents[2]
SEED = 20260105
WIDTH, HEIGHT = 9.0, 3.6
ORANGE = "#d08700"


def read_values() -> dict[str, Any]:
    """The parameters as shipped, plain values; what the globals name is named anything."""
    text = (ROOT / "conf/base/parameters.yml").read_text(encoding="utf-8")
    values: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{globals:(\w+)\}", r"\1", text))
    return values


def read_policy() -> Parameters:
    """The same, validated."""
    return Parameters.model_validate(read_values())


def new_generator() -> np.random.Generator:
    """The same randomness for every picture, so that each can be drawn alone."""
    return np.random.default_rng(SEED)


def new_panels(*titles: str, widths: tuple[float, ...] | None = None) -> tuple[Figure, list[Axes]]:
    """A figure with one panel per title, beside each other."""
    figure = new_figure(WIDTH, HEIGHT)
    panels = np.atleast_1d(figure.subplots(1, len(titles), width_ratios=widths))
    for axes, title in zip(panels, titles, strict=True):
        clean_axes(axes)
        title_axes(axes, title)
        axes.grid(color=LINE, linewidth=0.8)
    return figure, list(panels)


def mark_limit(axes: Axes, value: float, text: str, *, across: bool = True) -> None:
    """A dashed line at a limit, named at its right (or upper) end."""
    line, at = (axes.axhline, (1.0, value)) if across else (axes.axvline, (value, 1.0))
    line(value, color=SOFT, linewidth=1, linestyle=(0, (5, 4)))
    transform = axes.get_yaxis_transform() if across else axes.get_xaxis_transform()
    offset, ha, va = ((-4, 4), "right", "bottom") if across else ((4, -4), "left", "top")
    axes.annotate(
        text, at, xycoords=transform, xytext=offset, textcoords="offset points", ha=ha, va=va, fontsize=9.5, color=SOFT
    )


def profile_pair(reference: np.ndarray, batch: np.ndarray) -> tuple[NumericProfile, NumericProfile]:
    """Both columns on the reference's own grid."""
    grid = build_grid(reference, 65_536)
    return profile_numbers(reference, grid), profile_numbers(batch, grid)


def name_columns(numeric: tuple[str, ...], categorical: tuple[str, ...] = (), date: str | None = None) -> TableSchema:
    """The schema of a made-up table."""
    return TableSchema(
        id="id", target="left", positive="yes", date=date, numeric=numeric, categorical=categorical, ignored=()
    )
