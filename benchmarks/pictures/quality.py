"""Pictures of the checks that ask whether a batch itself is broken."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.profiling import CategoryProfile, fit_reference_profile, profile_categories
from churn_monitoring.quality import fit_dependencies, measure_agreement, measure_dependencies
from churn_monitoring.quality.columns import check_missing_share, check_unseen_levels
from churn_monitoring.quality.joins import check_dependencies
from churn_monitoring.reporting.canvas import BLUE, GREEN, INK, RED, SOFT
from churn_monitoring.simulation import simulate
from churn_monitoring.tables import coerce_rows
from pictures.frame import mark_limit, new_generator, new_panels, read_values

REFERENCE_ROWS = 6_000
WEEKS: dict[str, dict[str, Any]] = {  # what is wrong in each week of the simulated business
    "nothing wrong": {},
    "other customers": {"kind": "covariate_shift", "strength": 0.5},
    "category permuted": {"kind": "permuted_category", "column": "contract"},
    "30 % misjoined": {"kind": "joined_columns", "columns": ["total_charges"], "strength": 0.3},
    "all misjoined": {"kind": "joined_columns", "columns": ["total_charges"]},
}


@cache
def simulate_faults() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Coerced rows of the training table, and of one batch per entry of :data:`WEEKS`."""
    values: dict[str, Any] = read_values()
    changes = [
        {**change, "from_week": week, "to_week": week} for week, change in enumerate(WEEKS.values(), start=1) if change
    ]
    values["simulation"] |= {"weeks": len(WEEKS), "scenario": "faults", "scenarios": {"faults": changes}}
    values["simulation"] |= {"customers": REFERENCE_ROWS, "returning_share": 0.0}
    policy = Parameters.model_validate(values)
    simulated = simulate(policy.table, policy.simulation, None)
    tables = [coerce_rows(rows, policy.table).rows for rows in (simulated.customers, *simulated.batches.values())]
    return tables[0], dict(zip(WEEKS, tables[1:], strict=True))


def draw_missing_share(policy: Parameters) -> Figure:
    figure, (left, right) = new_panels("Missing in 5 % of the reference", "Unseen levels, nothing wrong")
    sizes, shares = np.unique(np.geomspace(200, 20_000, 90).astype(int)), np.linspace(0.04, 0.14, 80)
    reference = CategoryProfile({"a": 5_700}, 300)
    severity = {None: 0, "warning": 1, "failed": 2}
    found = np.empty((shares.size, sizes.size))
    for row, share in enumerate(shares):
        for column, size in enumerate(sizes):
            missing = round(share * size)
            finding = check_missing_share(
                "x", reference, CategoryProfile({"a": size - missing}, missing), policy.quality
            )
            found[row, column] = severity[finding.severity if finding else None]
    colours = ListedColormap(["#eef2f7", "#f3d9a4", "#e3a39d"])
    left.pcolormesh(sizes, 100 * shares, found, cmap=colours, vmin=0, vmax=2, shading="nearest", rasterized=True)
    for text, height in (("failed", 12.0), ("warning", 8.5), ("no finding", 5.4)):
        left.text(2_500, height, text, fontsize=12, color=INK, ha="center", va="center")
    left.set(xscale="log", xlabel="rows of the batch", ylabel="missing, % of rows")
    _draw_unseen(right, policy)
    return figure


def _draw_unseen(axes: Axes, policy: Parameters) -> None:
    generator = new_generator()
    for place, levels in enumerate((10, 300, 3_000)):
        weights = 1.0 / np.arange(1, levels + 1)
        names = np.array([f"level {number}" for number in range(levels)])
        drawn = [generator.choice(names, rows, p=weights / weights.sum()) for rows in (REFERENCE_ROWS, *[1_000] * 40)]
        reference, *batches = (profile_categories(pd.Series(values)) for values in drawn)
        singles = sum(1 for rows in reference.counts.values() if rows == 1)
        unseen = [sum(rows for level, rows in one.counts.items() if level not in reference.counts) for one in batches]
        alerts = sum(check_unseen_levels("x", reference, one, policy.quality) is not None for one in batches)
        axes.scatter(place + generator.uniform(-0.15, 0.15, 40), np.array(unseen) / 10, s=12, color=BLUE, alpha=0.6)
        limit = 100 * (singles / REFERENCE_ROWS + policy.quality.new_category_share)
        axes.hlines(limit, place - 0.3, place + 0.3, color=RED, linewidth=2)
        axes.text(
            place, limit + (0.5 if levels < 1_000 else 2.4), f"{alerts} of 40", ha="center", color=INK, fontsize=10
        )
    axes.text(
        -0.4,
        8.0,
        "line: the share of reference\nrows whose level occurs\nonce, and half a point;\nand z > 4",
        color=RED,
        fontsize=10,
    )
    axes.set_xticks(range(3), ["10", "300", "3,000"])
    axes.set(xlabel="levels of the column", ylabel="unseen, % of rows", ylim=(0, 17), xlim=(-0.5, 2.5))


def draw_dependency(policy: Parameters) -> Figure:
    reference, batches = simulate_faults()
    dependencies = fit_dependencies(reference, policy.table, policy.quality, seed=policy.seed)
    figure, (axes,) = new_panels("Surprise per row of every column that the others explain, beyond the reference's")
    for place, rows in enumerate(batches.values()):
        measures = measure_dependencies(dependencies, rows)
        broken = {one.column for one in check_dependencies(len(rows), measures, 0.0, policy.quality)}
        for one in measures:
            axes.scatter(place, one.nats, s=34, color=RED if one.column in broken else GREEN, alpha=0.6, linewidths=0)
        worst = max(measures, key=lambda one: one.nats)
        if broken:
            axes.text(
                place + 0.09, worst.nats, f"{worst.column}\nz = {worst.z:.0f}", fontsize=9.5, color=INK, va="center"
            )
    mark_limit(axes, policy.quality.dependency_nats, f"dependency_nats {policy.quality.dependency_nats}")
    axes.set_xticks(range(len(batches)), list(batches))
    axes.set(ylabel="nats per row", xlim=(-0.5, len(batches) - 0.1))
    axes.set_yscale("symlog", linthresh=0.25)
    axes.set_yticks([0, 0.1, 0.25, 0.5, 1, 2, 4], ["0", "0.1", "0.25", "0.5", "1", "2", "4"])
    axes.set_ylim(-0.1, 6)
    return figure


def draw_returning(policy: Parameters) -> Figure:
    generator = new_generator()
    reference, batches = simulate_faults()
    earlier = batches["nothing wrong"].reset_index(drop=True)
    grown = earlier.assign(
        total_charges=earlier["total_charges"] + earlier["monthly_charges"],
        tenure_months=earlier["tenure_months"] + 1,
        region=earlier["region"].mask(generator.random(len(earlier)) < 0.03, earlier["region"].iloc[0]),
    )
    others = grown.assign(region=grown["region"].sample(frac=1.0, random_state=1).to_numpy())
    profile = fit_reference_profile(reference, policy.table, 65_536)
    columns = ("tenure_months", "total_charges", "contract", "payment_method", "region")
    figure, (axes,) = new_panels("Do values stay with their customers? 1,000 of them, one month later")
    for shift, rows, colour, name in ((-0.12, grown, GREEN, "same customers"), (0.12, others, RED, "region permuted")):
        found = measure_agreement(earlier, rows, policy.table, profile)
        values = np.array([found[column].value for column in columns])
        errors = np.array([found[column].error for column in columns])
        places = np.arange(len(columns)) + shift
        axes.errorbar(places, values, 2 * errors, fmt="o", color=colour, markersize=7, capsize=0, label=name)
    mark_limit(axes, policy.quality.returning_usual - policy.quality.returning_fall, "a fall of 0.50 from 0.80")
    axes.set_xticks(range(len(columns)), columns)
    axes.set(ylabel="agreement: rank correlation, or kappa", ylim=(-0.15, 1.1))
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(0.02, 0.25))
    axes.axhline(0, color=SOFT, linewidth=0.8)
    axes.text(0.0, 0.02, "as good as drawn anew", color=SOFT, fontsize=9.5)
    return figure


PICTURES: dict[str, Callable[[Parameters], Figure]] = {
    "missing-and-unseen": draw_missing_share,
    "dependency": draw_dependency,
    "returning-customers": draw_returning,
}
