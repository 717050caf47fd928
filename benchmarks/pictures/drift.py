"""Pictures of the statistics that compare features and scores, no labels needed."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.drift import (
    adjust_benjamini_hochberg,
    compare_chi_square,
    compare_kolmogorov_smirnov,
    compare_population_stability,
    compare_total_variation,
    compare_wasserstein,
)
from churn_monitoring.drift.feature import measure_features, measure_prediction
from churn_monitoring.drift.season import explain_by_season, split_periods
from churn_monitoring.performance.domain import measure_domain
from churn_monitoring.profiling import CategoryProfile, fit_reference_profile, profile_rows
from churn_monitoring.reporting.canvas import BLUE, GREEN, INK, RED, SOFT
from pictures.frame import ORANGE, mark_limit, name_columns, new_generator, new_panels, profile_pair

REFERENCE_ROWS, BATCH_ROWS = 5_000, 1_000
DRAWS = 800  # quiet batches behind each rate
LEVELS = ("monthly", "one year", "two years")


def draw_kolmogorov_smirnov(_policy: Parameters) -> Figure:
    generator = new_generator()
    reference = generator.gamma(4.0, 16.0, REFERENCE_ROWS)
    figure, panels = new_panels("The same prices: D is chance", "Prices raised by 15 %: D is not")
    for axes, factor in zip(panels, (1.0, 1.15), strict=True):
        batch = factor * generator.gamma(4.0, 16.0, BATCH_ROWS)
        result = compare_kolmogorov_smirnov(*profile_pair(reference, batch))
        for values, colour, name in ((reference, BLUE, "reference, F"), (batch, ORANGE, "batch, G")):
            axes.plot(np.sort(values), np.arange(1, values.size + 1) / values.size, color=colour, label=name)
        grid = np.sort(reference)
        below = [np.searchsorted(np.sort(side), grid, side="right") / side.size for side in (reference, batch)]
        widest = int(np.argmax(np.abs(below[0] - below[1])))
        axes.vlines(grid[widest], below[0][widest], below[1][widest], color=RED, linewidth=3)
        axes.text(160, 0.42, f"D = {result.statistic:.3f}\np = {result.p_value:.2g}", color=RED, fontsize=12)
        axes.set(xlim=(0, 210), xlabel="monthly charges")
    panels[0].set_ylabel("share of rows at or below")
    panels[1].legend(loc="lower right", frameon=False)
    return figure


def draw_chi_square(_policy: Parameters) -> Figure:
    generator = new_generator()
    shares = np.array([0.55, 0.21, 0.24])
    reference = CategoryProfile(dict(zip(LEVELS, (2750, 1050, 1200), strict=True)), 0)
    moved = CategoryProfile(dict(zip(LEVELS, (640, 180, 180), strict=True)), 0)
    figure, (left, right) = new_panels("A batch of 1,000 rows", "Nothing wrong: share at p < 0.05")
    place = np.arange(len(LEVELS))
    left.bar(place - 0.2, shares, 0.38, color=BLUE, label="reference")
    left.bar(place + 0.2, [moved.counts[level] / 1_000 for level in LEVELS], 0.38, color=ORANGE, label="batch")
    left.set_xticks(place, LEVELS)
    left.legend(frameon=False)
    result, distance = compare_chi_square(reference, moved), compare_total_variation(reference, moved).distance
    told = f"χ² = {result.statistic:.1f}\np = {result.p_value:.1g}\nTV = {distance:.2f}"
    left.text(1.6, 0.37, told, color=RED, fontsize=12, va="center")
    left.set(ylabel="share of rows", ylim=(0, 0.72))
    sizes = (200, 1_000, 2_500, 5_000)
    one, two = np.array([_reject_alike(generator, shares, rows) for rows in sizes]).T
    right.plot(range(len(sizes)), one, color=RED, marker="o", label="one-sample: reference taken for the truth")
    right.plot(range(len(sizes)), two, color=GREEN, marker="o", label="two-sample: ours")
    right.set_xticks(range(len(sizes)), [f"{rows:,}" for rows in sizes])
    right.set(xlabel="rows of the batch (reference 5,000)", ylim=(0, 0.25))
    right.legend(frameon=False, loc="upper left")
    return figure


def _reject_alike(generator: np.random.Generator, shares: np.ndarray, rows: int) -> tuple[float, float]:
    """Share of quiet batches that the one-sample and the two-sample test reject at 5 %."""
    from scipy.stats import chisquare

    rejected = np.zeros(2)
    for _ in range(DRAWS):
        counts = [generator.multinomial(size, shares) for size in (REFERENCE_ROWS, rows)]
        reference, batch = (CategoryProfile(dict(zip(LEVELS, map(int, side), strict=True)), 0) for side in counts)
        alone = chisquare(counts[1], counts[0] * rows / REFERENCE_ROWS).pvalue
        rejected += alone < 0.05, compare_chi_square(reference, batch).p_value < 0.05
    return float(rejected[0] / DRAWS), float(rejected[1] / DRAWS)


def draw_effect_floors(policy: Parameters) -> Figure:
    generator = new_generator()
    figure, (left, right) = new_panels("The p-value follows the rows", "The effect does not")
    sizes = np.array([200, 500, 1_000, 5_000, 20_000, 200_000])
    for shift, colour, name in ((0.02, BLUE, "moved by 0.02 sd"), (0.3, RED, "moved by 0.3 sd")):
        results = [profile_pair(generator.normal(size=2 * rows), shift + generator.normal(size=rows)) for rows in sizes]
        p_values = [compare_kolmogorov_smirnov(*pair).p_value for pair in results]
        left.plot(sizes, np.maximum(p_values, 1e-30), color=colour, marker="o", label=name)
        right.plot(
            sizes, [compare_wasserstein(*pair).distance for pair in results], color=colour, marker="o", label=name
        )
        right.plot(sizes, [compare_kolmogorov_smirnov(*pair).statistic for pair in results], color=colour, ls=":")
    mark_limit(left, policy.drift_threshold, f"drift_threshold {policy.drift_threshold}")
    mark_limit(right, policy.drift.wasserstein_floor, "")
    right.text(
        260_000, 0.093, f"both floors {policy.drift.wasserstein_floor}", ha="right", va="top", color=SOFT, fontsize=9.5
    )
    left.set(xscale="log", yscale="log", xlabel="rows of the batch", ylim=(1e-31, 50), ylabel="p-value of KS")
    right.legend(frameon=False, loc="upper right", ncol=2, fontsize=9.5)
    right.set(xscale="log", xlabel="rows of the batch", ylim=(0, 0.4), ylabel="Wasserstein; dotted: KS")
    return figure


def draw_benjamini_hochberg(policy: Parameters) -> Figure:
    generator = new_generator()
    quiet, changed = np.sort(generator.uniform(size=19)), generator.uniform(size=19)
    changed[:3] = 1e-6, 2e-4, 4e-3
    changed = np.sort(changed)
    figure, panels = new_panels("19 features, nothing wrong", "19 features, three of them moved")
    rank = np.arange(1, 20)
    for axes, p_values in zip(panels, (quiet, changed), strict=True):
        found = adjust_benjamini_hochberg(p_values) < policy.drift_threshold
        axes.plot(rank, policy.drift_threshold * rank / 19, color=SOFT, linestyle="--")
        axes.scatter(rank, p_values, c=np.where(found, RED, BLUE), s=38, zorder=3)
        bare = int((p_values < policy.drift_threshold).sum())
        axes.text(7.5, 3e-6, f"bare p < 0.05: {bare}\nadjusted p < 0.05: {int(found.sum())}", fontsize=12, color=INK)
        axes.set(yscale="log", ylim=(3e-7, 2), xlabel="rank of the p-value", xticks=[1, 5, 10, 15, 19])
    panels[0].set_ylabel("p-value")
    panels[1].text(19, 0.012, "0.05 · rank / 19", ha="right", color=SOFT, fontsize=10)
    return figure


def draw_population_stability(policy: Parameters) -> Figure:
    generator = new_generator()
    figure, (axes,) = new_panels("PSI when nothing has changed: 300 batches of each size, reference 5,000 rows")
    bins, reference = policy.drift.psi_bins, generator.normal(size=REFERENCE_ROWS)
    for place, rows in enumerate((200, 500, 1_000, 5_000)):
        pairs = [profile_pair(reference, generator.normal(size=rows)) for _ in range(300)]
        results = [compare_population_stability(*pair, bins=bins) for pair in pairs]
        values = np.array([result.value for result in results])
        axes.scatter(place + generator.uniform(-0.22, 0.22, 300), values, s=7, color=BLUE, alpha=0.45, linewidths=0)
        axes.hlines(results[0].expected_without_drift, place - 0.32, place + 0.32, color=RED, linewidth=2.5)
    axes.text(0.36, results[0].expected_without_drift + 0.048, "(cells - 1)(1/n + 1/m)", color=RED, fontsize=10.5)
    mark_limit(axes, 0.1, 'customary "moderate change"')
    axes.set_xticks(range(4), ["200", "500", "1,000", "5,000"])
    axes.set(xlabel="rows of the batch", ylabel="PSI", ylim=(0, 0.16))
    return figure


def draw_season(policy: Parameters) -> Figure:
    generator, options = new_generator(), policy.drift
    days = pd.Series(pd.Timestamp("2025-12-29") - pd.to_timedelta(generator.integers(0, 364, 12_000), unit="D"))
    usage = generator.normal(size=12_000) + 0.7 * _swing(days)
    rows = pd.DataFrame({"data_usage": usage})
    reference = fit_reference_profile(rows, name_columns(("data_usage",), date="date"), 65_536)
    figure, (axes,) = new_panels("Each four weeks of the reference against the whole of it")
    distances, names = [], []
    for name, positions in split_periods(days):
        (one,) = measure_features(reference, profile_rows(rows.iloc[positions], reference), options, 0.05)
        distances.append(one.effect_size)
        names.append(name[5:7])
    for batch, colour in ((0.7, GREEN), (2.0, RED)):
        drawn = pd.DataFrame({"data_usage": generator.normal(size=BATCH_ROWS) + batch})
        profile = profile_rows(drawn, reference)
        found = measure_features(reference, profile, options, policy.drift_threshold)
        (one,) = explain_by_season(found, reference, profile, rows, days, options, policy.drift_threshold)
        verdict = f"a season: usual in\n{one.usual_in}" if one.usual_in else "drift: no four weeks\nwere like it"
        axes.scatter([14.2], [one.effect_size], color=colour, s=70, marker="D", zorder=3)
        axes.text(14.7, one.effect_size, verdict, color=colour, fontsize=10.5, va="center")
    axes.bar(range(len(distances)), distances[::-1], color=BLUE, width=0.7)
    axes.set_xticks([*range(len(names)), 14.2], [*names[::-1], "batches"])
    mark_limit(axes, options.wasserstein_floor, "floor")
    axes.set(ylabel="Wasserstein distance", xlim=(-0.7, 19.5), xlabel="month in which the four weeks begin")
    axes.xaxis.set_label_coords(0.33, -0.12)
    return figure


def _swing(days: pd.Series) -> np.ndarray:
    """1 at the turn of the year, -1 in the middle of it."""
    return np.asarray(np.cos(2 * np.pi * days.dt.dayofyear.to_numpy(float) / 365))


def draw_prediction_drift(policy: Parameters) -> Figure:
    from sklearn.ensemble import RandomForestClassifier

    generator = new_generator()
    rows = generator.normal(size=(9_000, 6))
    labels = (generator.random(9_000) < 1 / (1 + np.exp(1.2 - rows[:, 0] - 0.7 * rows[:, 1]))).astype(int)
    forest = RandomForestClassifier(100, random_state=0, n_jobs=1).fit(rows[:3_000], labels[:3_000])
    scores = forest.predict_proba(rows)[:, 1]
    fitted, held_out, batch = scores[:3_000], scores[3_000:8_000], scores[8_000:]
    figure, panels = new_panels("Against its own training rows: always drift", "Against held-out rows: none")
    for axes, reference, name in zip(panels, (fitted, held_out), ("training", "held-out"), strict=True):
        result = measure_prediction(*profile_pair(reference, batch), policy.drift)
        bins = np.linspace(0, 1, 26).tolist()
        axes.hist(reference, bins, density=True, color=BLUE, alpha=0.35, label=f"{name} rows")
        axes.hist(batch, bins, density=True, histtype="step", color=ORANGE, linewidth=2, label="quiet batch")
        told = f"D = {result.statistic:.2f}\np = {result.p_value:.1g}"
        axes.text(0.45, 0.5, told, transform=axes.transAxes, color=RED if result.drifted else GREEN, fontsize=12)
        axes.legend(frameon=False)
        axes.set(xlabel="score", yticks=[])
    return figure


def draw_domain_classifier(_policy: Parameters) -> Figure:
    generator = new_generator()
    schema = name_columns(("tenure", "charges"))
    reference = _draw_dependent(generator, 0.8, 2_000)
    figure, panels = new_panels("Another batch of the same customers", "Each column as before, joined anew")
    for axes, correlation in zip(panels, (0.8, -0.2), strict=True):
        batch = _draw_dependent(generator, correlation, BATCH_ROWS)
        found = measure_domain(reference, batch, schema, 2_000, seed=1)
        for side, colour, name in ((reference[:1_000], BLUE, "reference"), (batch, ORANGE, "batch")):
            axes.scatter(side["tenure"], side["charges"], s=5, color=colour, alpha=0.5, linewidths=0, label=name)
        if found is not None:
            told = f"ROC-AUC {found.roc_auc.value:.2f}\n({found.roc_auc.low:.2f} to {found.roc_auc.high:.2f})"
            axes.text(0.02, 0.97, told, transform=axes.transAxes, va="top", fontsize=11.5, color=INK)
        axes.set(xlabel="tenure (standardized)", xlim=(-4, 4), ylim=(-4, 4.8))
    panels[0].set_ylabel("charges (standardized)")
    panels[1].legend(frameon=False, loc="lower right", markerscale=3)
    return figure


def _draw_dependent(generator: np.random.Generator, correlation: float, rows: int) -> pd.DataFrame:
    values = generator.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], rows)
    return pd.DataFrame(values, columns=["tenure", "charges"])


PICTURES: dict[str, Callable[[Parameters], Figure]] = {
    "kolmogorov-smirnov": draw_kolmogorov_smirnov,
    "chi-square": draw_chi_square,
    "effect-floors": draw_effect_floors,
    "benjamini-hochberg": draw_benjamini_hochberg,
    "population-stability": draw_population_stability,
    "season": draw_season,
    "prediction-drift": draw_prediction_drift,
    "domain-classifier": draw_domain_classifier,
}
