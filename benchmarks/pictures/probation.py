"""Picture of a new champion on its first batches, against what its promotion showed."""

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure
from scipy.special import ndtri

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import Estimate, Probation
from churn_monitoring.performance.ranking import measure_roc_auc
from churn_monitoring.promotion.probation import measure_shortfall, should_roll_back
from churn_monitoring.reporting.canvas import BLUE, RED, SOFT
from pictures.frame import mark_limit, new_generator, new_panels

ROWS, RATE = 600, 0.25
PROMISED = 0.80


def draw_probation(policy: Parameters) -> Figure:
    generator = new_generator()
    figure, panels = new_panels("It is as good as promised", "It is worse by 0.08", widths=(1.0, 1.0))
    promised = measure_roc_auc(*_draw_scored(generator, 2 * ROWS, PROMISED), policy.performance.confidence)
    for axes, truth in zip(panels, (PROMISED, PROMISED - 0.08), strict=True):
        labels, scores = _draw_scored(generator, policy.probation.batches * ROWS, truth)
        for count in range(1, policy.probation.batches + 1):
            found = measure_roc_auc(labels[: count * ROWS], scores[: count * ROWS], policy.performance.confidence)
            colour = RED if _is_sure(promised, found, count, policy) else BLUE
            reach = [[found.value - found.low], [found.high - found.value]]
            axes.errorbar(count, found.value, yerr=reach, fmt="o", color=colour, markersize=8)
        axes.axhspan(promised.low, promised.high, color=SOFT, alpha=0.15, linewidth=0)
        axes.axhline(promised.value, color=SOFT, linewidth=1)
        mark_limit(axes, promised.value - policy.probation.floor, f"{policy.probation.floor} below the promise")
        axes.set(xlim=(0.5, 4.5), ylim=(0.66, 0.86), xticks=range(1, 5), xlabel="batches of 600 rows, pooled")
    panels[0].set(ylabel="ROC-AUC, 95 % interval")
    return figure


def _is_sure(promised: Estimate, found: Estimate, count: int, policy: Parameters) -> bool:
    names, p_value = tuple(map(str, range(count))), measure_shortfall(promised, found, policy.performance.confidence)
    told = Probation("3", "2", names, count * ROWS, "realized", promised, found, p_value, promised)
    return should_roll_back(told, policy.probation)


def _draw_scored(generator: np.random.Generator, rows: int, roc_auc: float) -> tuple[np.ndarray, np.ndarray]:
    labels = (generator.random(rows) < RATE).astype(float)
    return labels, generator.normal(size=rows) + np.sqrt(2) * ndtri(roc_auc) * labels


PICTURES: dict[str, Callable[[Parameters], Figure]] = {"probation": draw_probation}
