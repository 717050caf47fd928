"""Pictures of the probe, and of how the promise per year becomes the level of each test."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import expit
from sklearn.pipeline import Pipeline

from churn_monitoring.core.levels import ALERT_KINDS, CONCEPT_TESTS, share_out
from churn_monitoring.core.parameters import Parameters
from churn_monitoring.learning.cross_fit import cross_fit_scores
from churn_monitoring.learning.prepare import build_candidate, fit_candidate, score_rows
from churn_monitoring.performance.ranking import compare_paired_roc_auc
from churn_monitoring.reporting.canvas import BLUE, GREEN, INK, RED, SOFT
from pictures.frame import mark_limit, name_columns, new_generator, new_panels

SCHEMA = name_columns(("age", "usage", "calls"))


def draw_probe(policy: Parameters) -> Figure:
    generator = new_generator()
    figure, (axes,) = new_panels("A challenger that learned from 2,000 changed rows, against the champion on them")
    past, past_labels = _draw_customers(generator, 4_000, 0.0)
    champion = fit_candidate(_build(policy), past, past_labels, None)
    kinds = (
        ("nothing changed", 0.0, 0),
        ("older customers, all within\nwhat the champion knows", 0.8, 0),
        ("a region it has never seen", 0.0, 300),
    )
    for place, (name, shift, newcomers) in enumerate(kinds):
        rows, labels = _draw_customers(generator, 2_000, shift, newcomers)
        together = pd.concat([past, rows], ignore_index=True)
        truth = np.concatenate([past_labels, labels])
        scores = cross_fit_scores(
            lambda: _build(policy), together, truth, None, np.arange(truth.size), policy.probe.folds, 1
        )
        paired = compare_paired_roc_auc(
            labels, score_rows(champion, rows), scores[past_labels.size :], policy.performance.confidence
        )
        gain = paired.difference
        found = gain.value >= policy.min_improvement and gain.value > 2.33 * paired.standard_error
        colour = RED if found else BLUE
        axes.errorbar(
            gain.value,
            place,
            xerr=[[gain.value - gain.low], [gain.high - gain.value]],
            fmt="o",
            color=colour,
            markersize=8,
        )
        axes.text(0.105, place, f"{name}", va="center", fontsize=11, color=colour)
    axes.axvline(0, color=SOFT, linewidth=0.8)
    mark_limit(axes, policy.min_improvement, f"min_improvement {policy.min_improvement}", across=False)
    axes.set(xlim=(-0.02, 0.17), ylim=(-0.6, 2.8), yticks=[], xlabel="ROC-AUC gained, 95 % interval")
    return figure


def _build(policy: Parameters) -> Pipeline:
    params = {"n_estimators": 60, "min_samples_leaf": 10}
    return build_candidate("random_forest", SCHEMA, params, policy.seed)


def _draw_customers(
    generator: np.random.Generator, rows: int, shift: float, newcomers: int = 0
) -> tuple[pd.DataFrame, np.ndarray]:
    """Customers whose churn rises with age; among newcomers, of an age never seen, it falls with usage instead."""
    age = np.where(np.arange(rows) < newcomers, generator.normal(5.0, 0.4, rows), generator.normal(shift, 1.0, rows))
    usage, calls = generator.normal(size=rows), generator.normal(size=rows)
    logits = np.where(age > 3.8, -1.0 - 2.0 * usage, -1.2 + age + 0.8 * usage + 0.3 * calls)
    labels = (generator.random(rows) < expit(logits)).astype(float)
    return pd.DataFrame({"age": age, "usage": usage, "calls": calls}), labels


def draw_levels(policy: Parameters) -> Figure:
    figure, (left, right) = new_panels("Levels by the promise", "Expected a year, at most")
    promised = np.geomspace(0.1, 10.0, 60)
    for name, label, colour in (
        ("drop", "drop, low", GREEN),
        ("prediction", "scores, rate", SOFT),
        ("concept", "concept, one look", RED),
        ("concept_repeated", "concept, each of two looks", "#e08a84"),
        ("probe", "probe", BLUE),
    ):
        left.plot(
            promised, [getattr(share_out(_promise(policy, much)), name) for much in promised], color=colour, label=label
        )
    left.axvline(1, color=SOFT, linewidth=1, linestyle="--")
    left.set(
        xscale="log",
        yscale="log",
        xlabel="times the default promise",
        ylabel="level of the test",
        ylim=(1e-5, 20),
        yticks=[1e-5, 1e-4, 1e-3, 1e-2, 0.1],
    )
    left.legend(frameon=False, fontsize=8.5, loc="upper left")
    _draw_spending(right, policy)
    return figure


def _draw_spending(right: Axes, policy: Parameters) -> None:
    levels, batches = share_out(policy), policy.false_alarms_per_year.batches_per_year
    spent = {
        "features": levels.feature,
        "scores": levels.prediction,
        "churn rate": levels.rate,
        "drop": levels.drop,
        "low": levels.low,
        "concept, one look": CONCEPT_TESTS * levels.concept,
        "two looks": (CONCEPT_TESTS * levels.concept_repeated) ** 2,
        "probe": levels.probe,
    }
    values = np.array([batches * level for level in spent.values()])
    colours = [GREEN] * ALERT_KINDS + [RED] * 3
    bars = right.barh(range(len(values)), values, color=colours, height=0.6)
    right.bar_label(bars, fmt="%.3f", fontsize=9.5, color=INK, padding=3)
    right.set_yticks(range(len(spent)), list(spent))
    right.invert_yaxis()
    alerts, retrainings = values[:ALERT_KINDS].sum(), values[ALERT_KINDS:].sum()
    right.text(
        0.215,
        6,
        f"sum of alerts {alerts:.2f}\nof retrainings {retrainings:.2f}",
        ha="right",
        fontsize=10.5,
        color=INK,
        va="center",
    )
    right.set(xlim=(0, 0.23))


def _promise(policy: Parameters, times: float) -> Parameters:
    promise = policy.false_alarms_per_year
    changed = promise.model_copy(update={"alerts": times * promise.alerts, "retrainings": times * promise.retrainings})
    return policy.model_copy(update={"false_alarms_per_year": changed})


PICTURES: dict[str, Callable[[Parameters], Figure]] = {"probe": draw_probe, "levels": draw_levels}
