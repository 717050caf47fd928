"""Pictures of performance, realized and expected, and of labels that are not all there."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import expit

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.performance.estimation import estimate_performance
from churn_monitoring.performance.labels import explain_unusable
from churn_monitoring.performance.metrics import measure_performance
from churn_monitoring.performance.operating_point import choose_threshold
from churn_monitoring.performance.ranking import measure_roc_auc
from churn_monitoring.performance.scored import ReferenceScores
from churn_monitoring.reporting.canvas import BLUE, GREEN, INK, RED, SOFT
from pictures.frame import ORANGE, mark_limit, new_generator, new_panels

CENTRE, SPREAD = -1.55, 1.2  # of the logit of P(churn): about a quarter leave, and a right score has ROC-AUC 0.78


def draw_scored(
    generator: np.random.Generator, rows: int, *, centre: float = CENTRE, spread: float = SPREAD, slope: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and scores that are right where ``slope`` is 1; below it the labels follow them less than they say."""
    logits = generator.normal(centre, spread, rows)
    churned = expit(slope * logits + (1.0 - slope) * CENTRE)
    return (generator.random(rows) < churned).astype(float), expit(logits)


def draw_roc_auc(policy: Parameters) -> Figure:
    generator, threshold = new_generator(), policy.performance_threshold
    figure, (left, right) = new_panels("60 quiet batches of 500 rows", "Called low at a true 0.78", widths=(1.6, 1.0))
    for place in range(60):
        found = measure_roc_auc(*draw_scored(generator, 500), _two_sided(policy))
        colour = RED if found.high < threshold else ORANGE if found.value < threshold else BLUE
        left.vlines(place, found.value, found.high, color=colour, linewidth=1.6, alpha=0.7)
        left.scatter(place, found.value, s=14, color=colour, zorder=3)
    left.axhline(threshold, color=SOFT, linewidth=1, linestyle="--")
    left.text(60, 0.665, "orange: only the point is below 0.75", color=ORANGE, ha="right", fontsize=10.5)
    left.set(xlabel="batch", ylabel="ROC-AUC, upper end", ylim=(0.65, 0.9))
    sizes = (200, 500, 1_000)
    rates = np.array([_call_low(generator, rows, policy) for rows in sizes])
    for shift, column, colour, name in ((-0.2, 0, ORANGE, "point"), (0.2, 1, GREEN, "upper end")):
        bars = right.bar(np.arange(3) + shift, 100 * rates[:, column], 0.38, color=colour, label=name)
        right.bar_label(bars, fmt="%.1f", fontsize=9.5, color=INK)
    right.set_xticks(range(3), [f"{rows:,}" for rows in sizes])
    right.set(xlabel="rows of the batch", ylabel="% of 1,000 batches", ylim=(0, 32))
    right.legend(frameon=False)
    return figure


def _two_sided(policy: Parameters) -> float:
    """Confidence of the two-sided interval whose upper end is that of the one-sided ``low_confidence``."""
    return float(2.0 * policy.performance.low_confidence - 1.0)


def _call_low(generator: np.random.Generator, rows: int, policy: Parameters) -> tuple[float, float]:
    found = [measure_roc_auc(*draw_scored(generator, rows), _two_sided(policy)) for _ in range(1_000)]
    below = [(one.value < policy.performance_threshold, one.high < policy.performance_threshold) for one in found]
    point, upper = np.mean(below, axis=0)
    return float(point), float(upper)


def draw_performance_metrics(policy: Parameters) -> Figure:
    labels, scores = draw_scored(new_generator(), 3_000)
    figure, (left, right) = new_panels("At every threshold, 3,000 rows", "The same ranking, fewer churners")
    thresholds = np.linspace(0.02, 0.8, 120)
    chosen = choose_threshold(labels, scores, policy.operating_point)
    found = [measure_performance(labels, scores, scores, float(at), policy.performance) for at in thresholds]
    for name, colour in (("precision", BLUE), ("recall", GREEN), ("f1", RED), ("accuracy", SOFT)):
        left.plot(thresholds, [getattr(one, name) for one in found], color=colour, label=name.replace("f1", "F1"))
    mark_limit(left, chosen, "operating threshold:\nthe best F1", across=False)
    left.set(xlabel="threshold on the probability", ylim=(-0.24, 1.02), yticks=np.linspace(0, 1, 6))
    left.legend(frameon=False, loc="lower right", ncol=2)
    keep = np.array([1.0, 0.5, 0.25, 0.1])
    generator, values = new_generator(), []
    for share in keep:
        chosen_rows = (labels == 0) | (generator.random(labels.size) < share)
        values.append(
            measure_performance(
                labels[chosen_rows], scores[chosen_rows], scores[chosen_rows], chosen, policy.performance
            )
        )
    rates = [100 * one.positives / one.rows for one in values if one]
    for name, colour in (("average_precision", ORANGE), ("precision", BLUE), ("f1", RED)):
        right.plot(
            rates,
            [getattr(one, name) for one in values if one],
            color=colour,
            marker="o",
            label=name.replace("_", " ").replace("f1", "F1"),
        )
    right.plot(rates, [one.roc_auc.value for one in values if one], color=INK, marker="o", label="ROC-AUC")
    right.set(xlabel="churners, % of rows", ylim=(0, 1.02))
    right.legend(frameon=False, loc="lower right", fontsize=9.5)
    return figure


def draw_estimated_performance(policy: Parameters) -> Figure:
    generator = new_generator()
    figure, (left, right) = new_panels("Other customers: it follows", "Another concept: it is blind")
    labels, scores = draw_scored(generator, 5_000)
    reference = ReferenceScores(labels, scores, scores)
    for axes in (left, right):
        axes.plot([0.5, 1], [0.5, 1], color=SOFT, linewidth=1, linestyle="--")
        axes.set(xlim=(0.5, 0.95), ylim=(0.5, 0.95), xlabel="estimated ROC-AUC")
    for _ in range(40):
        spread = float(generator.uniform(0.5, 2.4))
        _scatter_estimate(left, draw_scored(generator, 1_000, spread=spread), reference, policy, BLUE)
        slope = float(generator.uniform(0.0, 1.0))
        _scatter_estimate(right, draw_scored(generator, 1_000, slope=slope), reference, policy, RED)
    left.set_ylabel("realized ROC-AUC")
    return figure


def _scatter_estimate(
    axes: Axes, batch: tuple[np.ndarray, np.ndarray], reference: ReferenceScores, policy: Parameters, colour: str
) -> None:
    labels, scores = batch
    estimated = estimate_performance(scores, reference, 0.3, policy.performance, seed=1)
    realized = measure_roc_auc(labels, scores, policy.performance.confidence).value
    if estimated is not None:
        axes.hlines(realized, estimated.roc_auc.low, estimated.roc_auc.high, color=colour, linewidth=0.8, alpha=0.3)
        axes.scatter(estimated.roc_auc.value, realized, s=16, color=colour, zorder=3)


def draw_label_completeness(policy: Parameters) -> Figure:
    generator = new_generator()
    figure, panels = new_panels("Labels missing at random", "Churners recorded late")
    labels, scores = draw_scored(generator, 1_000)
    at_random = generator.random(1_000) > 0.12
    late = ~((labels == 1) & (generator.random(1_000) < 0.5))
    for axes, known in zip(panels, (at_random, late), strict=True):
        bins = np.linspace(0, 1, 21).tolist()
        axes.hist(scores[known], bins, density=True, color=BLUE, alpha=0.35, label=f"label known ({known.sum()})")
        axes.hist(
            scores[~known],
            bins,
            density=True,
            histtype="step",
            color=ORANGE,
            linewidth=2,
            label=f"not yet ({(~known).sum()})",
        )
        refused = explain_unusable(known, scores, policy.labels)
        told = f"churn rate {labels.mean():.0%},\nof known labels {labels[known].mean():.0%}"
        verdict = "refused" if refused else "accepted"
        axes.text(
            0.97,
            0.5,
            f"{told}\n{verdict}",
            transform=axes.transAxes,
            ha="right",
            color=RED if refused else GREEN,
            fontsize=11.5,
        )
        axes.legend(frameon=False)
        axes.set(xlabel="score", yticks=[])
    return figure


PICTURES: dict[str, Callable[[Parameters], Figure]] = {
    "roc-auc": draw_roc_auc,
    "performance-metrics": draw_performance_metrics,
    "estimated-performance": draw_estimated_performance,
    "label-completeness": draw_label_completeness,
}
