"""Pictures of the operating point, and of scores made true again after the churn rate moved."""

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure
from scipy.special import expit, logit

from churn_monitoring.core.options import OperatingPointOptions
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.performance.calibration import PlattCalibration
from churn_monitoring.performance.operating_point import choose_threshold
from churn_monitoring.performance.recalibration import Recalibration, measure_recalibration
from churn_monitoring.reporting.canvas import BLUE, GREEN, INK, RED, SOFT
from pictures.frame import ORANGE, new_generator, new_panels
from pictures.labels import draw_scored

SHIFT = 0.9


def draw_operating_point(policy: Parameters) -> Figure:
    labels, scores = draw_scored(new_generator(), 20_000)
    figure, (left, right) = new_panels("Four rules, one ranking", "What an offer at each threshold is worth")
    thresholds = np.linspace(0.01, 0.8, 160)
    flagged = np.array([scores >= at for at in thresholds])
    left.plot(thresholds, flagged @ labels / labels.sum(), color=GREEN, label="recall")
    left.plot(thresholds, flagged.mean(axis=1), color=INK, label="share contacted")
    options = policy.operating_point
    chosen = {rule: _choose(labels, scores, options, rule) for rule in ("recall", "value", "f1", "capacity")}
    for height, (rule, colour) in enumerate(zip(chosen, (GREEN, ORANGE, RED, BLUE), strict=True)):
        left.axvline(chosen[rule], color=colour, linewidth=1.4, linestyle="--")
        left.annotate(rule, (chosen[rule] + 0.008, 0.97 - 0.09 * height), color=colour, fontsize=10.5)
    left.set(xlabel="threshold on the probability", ylim=(0, 1.02))
    left.legend(frameon=False, loc="center right")
    worth = labels * options.uptake * options.saved_value - options.offer_cost
    right.plot(thresholds, flagged @ worth / labels.size, color=ORANGE)
    right.axvline(chosen["value"], color=ORANGE, linewidth=1.4, linestyle="--")
    right.axhline(0.0, color=SOFT, linewidth=1)
    right.annotate("cost / (uptake x saved)", (chosen["value"] + 0.01, 0.3), color=ORANGE, fontsize=10.5)
    right.set(xlabel="threshold on the probability", ylabel="gained per customer")
    return figure


def _choose(labels: np.ndarray, scores: np.ndarray, options: OperatingPointOptions, rule: str) -> float:
    return choose_threshold(labels, scores, options.model_copy(update={"rule": rule}))


def draw_recalibration(policy: Parameters) -> Figure:
    generator = new_generator()
    figure, (left, right) = new_panels(f"The rate moved: {SHIFT:+} on the logit", "Brier score of rows left out")
    labels, scores = draw_shifted(generator, 40_000, SHIFT)
    found = _measure(generator, labels, scores, policy)
    edges = np.quantile(scores, np.linspace(0, 1, 13)[1:-1])
    part = np.digitize(scores, edges)
    left.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle="--")
    for probabilities, colour, name in ((scores, RED, "before"), (found.calibration.apply(scores), GREEN, "after")):
        means = np.array([(probabilities[part == one].mean(), labels[part == one].mean()) for one in range(12)])
        left.plot(*means.T, color=colour, marker="o", label=name)
    left.set(xlabel="probability told", ylabel="share that left", xlim=(0, 1), ylim=(0, 1))
    left.legend(frameon=False, loc="lower right")
    shifts = np.linspace(-1.2, 1.2, 13)
    for rows, colour in ((300, ORANGE), (1_000, BLUE), (3_000, INK)):
        shares = [_share_taken(generator, rows, shift, policy) for shift in shifts]
        right.plot(shifts, 100 * np.array(shares), color=colour, marker="o", label=f"{rows:,} rows")
    right.set(xlabel="true shift on the logit", ylabel="% recalibrated", ylim=(-2, 102))
    right.legend(frameon=False, loc="lower right")
    return figure


def draw_shifted(generator: np.random.Generator, rows: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores that would be right ``shift`` further on the logit."""
    _, scores = draw_scored(generator, rows)
    return (generator.random(rows) < expit(logit(scores) + shift)).astype(float), scores


def _measure(
    generator: np.random.Generator, labels: np.ndarray, scores: np.ndarray, policy: Parameters
) -> Recalibration:
    fold = generator.integers(policy.recalibration.folds, size=labels.size)
    return measure_recalibration(labels, scores, PlattCalibration(0.0, 1.0), fold)


def _share_taken(generator: np.random.Generator, rows: int, shift: float, policy: Parameters) -> float:
    taken = [
        _measure(generator, *draw_shifted(generator, rows, shift), policy).p_value < policy.recalibration.p_value
        for _ in range(100)
    ]
    return float(np.mean(taken))


PICTURES: dict[str, Callable[[Parameters], Figure]] = {
    "operating-point": draw_operating_point,
    "recalibration": draw_recalibration,
}
