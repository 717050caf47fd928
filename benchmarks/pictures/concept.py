"""Pictures of the tests that tell mix, rate and concept apart."""

import re
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import expit, logit

from churn_monitoring.core.parameters import Parameters
from churn_monitoring.core.records import ConceptTest
from churn_monitoring.performance.concept import measure_concept_tests
from churn_monitoring.performance.departures import fit_null_model, measure_departures
from churn_monitoring.performance.gap import measure_gap
from churn_monitoring.performance.metrics import curve_points
from churn_monitoring.performance.parts import cut_parts
from churn_monitoring.performance.scored import LabelledSample, ScoredLabels
from churn_monitoring.performance.verdict import find_test
from churn_monitoring.performance.weights import fit_density_ratio, measure_effective_rows
from churn_monitoring.reporting.canvas import BLUE, GREEN, INK, RED, SOFT
from pictures.frame import ORANGE, mark_limit, name_columns, new_generator, new_panels
from pictures.labels import CENTRE, SPREAD, draw_scored

Sample = tuple[np.ndarray, np.ndarray]
CONTRACTS, SHARES = ("monthly", "one year", "two years"), (0.55, 0.27, 0.18)
REPEATS = 25
SCHEMA = name_columns(("tenure",), ("contract", "region"))
ALONE = name_columns(("absent",))


def draw_label_shift(policy: Parameters) -> Figure:
    generator = new_generator()
    figure, panels = new_panels("More of them leave, at every score", "Other customers, each as before")
    reference = draw_scored(generator, 6_000)
    logits = generator.normal(CENTRE, SPREAD, 2_000)
    more = ((generator.random(2_000) < expit(logits + 0.8)).astype(float), expit(logits))
    other = draw_scored(generator, 2_000, centre=CENTRE + 0.9)
    for axes, batch in zip(panels, (more, other), strict=True):
        _draw_logits(axes, reference, batch)
        test = _test(reference, batch, "intercept", policy)
        raw = 100 * (batch[0].mean() - reference[0].mean())
        told = f"churn rate {raw:+.0f} points\nintercept: p = {test.p_value:.1g}"
        found = test.p_value < policy.concept.rate_p_value and abs(test.effect_size) >= policy.concept.rate_floor
        axes.text(1.5, -3.6, told, ha="right", color=RED if found else GREEN, fontsize=11.5)
    panels[0].set_ylabel("logit of the observed rate")
    panels[0].legend(frameon=False, loc="upper left")
    return figure


def draw_calibration_slope(policy: Parameters) -> Figure:
    generator = new_generator()
    figure, panels = new_panels("Only the rate moved: parallel", "The labels follow the score less: flatter")
    reference = draw_scored(generator, 6_000)
    logits = generator.normal(CENTRE, SPREAD, 2_000)
    more = ((generator.random(2_000) < expit(logits + 0.8)).astype(float), expit(logits))
    for axes, batch in zip(panels, (more, draw_scored(generator, 2_000, slope=0.45)), strict=True):
        _draw_logits(axes, reference, batch)
        test = _test(reference, batch, "calibration_slope", policy)
        found = test.p_value < policy.concept.p_value and abs(test.effect_size) >= policy.concept.slope_floor
        told = f"slope {test.effect_size:+.0%}\np = {test.p_value:.1g}"
        axes.text(1.5, -3.6, told, ha="right", color=RED if found else GREEN, fontsize=11.5)
    panels[0].set_ylabel("logit of the observed rate")
    panels[0].legend(frameon=False, loc="upper left")
    return figure


def _draw_logits(axes: Axes, reference: Sample, batch: Sample) -> None:
    axes.plot([-5, 2], [-5, 2], color=SOFT, linewidth=1, linestyle="--")
    for (labels, scores), colour, name in ((reference, BLUE, "reference"), (batch, ORANGE, "batch")):
        points = curve_points(labels, scores, scores, bins=12)
        observed = (points.observed * points.rows + 0.5) / (points.rows + 1.0)
        axes.plot(logit(points.predicted), logit(observed), color=colour, marker="o", markersize=4.5, label=name)
    axes.set(xlabel="calibrated logit of the score", xlim=(-4.4, 1.6), ylim=(-4.4, 1.9))


def _test(reference: Sample, batch: Sample, name: str, policy: Parameters) -> ConceptTest:
    pair = [_bare(side) for side in (reference, batch)]
    found = find_test(measure_concept_tests(pair[0], pair[1], ALONE, policy.concept), name)
    assert found is not None
    return found


def _bare(sample: Sample) -> LabelledSample:
    return LabelledSample(ScoredLabels(*sample), pd.DataFrame(index=range(sample[0].size)))


def draw_gap(policy: Parameters) -> Figure:
    generator = new_generator()
    figure, (axes,) = new_panels("ROC-AUC missing from what the scores promise: 150 batches of 1,000 rows each")
    reference = ScoredLabels(*draw_scored(generator, 6_000))
    kinds: tuple[tuple[str, str, dict[str, float]], ...] = (
        ("nothing wrong", BLUE, {}),
        ("a harder mix", GREEN, {"spread": 0.9}),
        ("concept a third weaker", RED, {"slope": 0.66}),
    )
    for place, (name, colour, change) in enumerate(kinds):
        tests = [
            measure_gap(reference, ScoredLabels(*draw_scored(generator, 1_000, **change)), np.ones(6_000))
            for _ in range(150)
        ]
        effects = np.array([test.effect_size for test in tests])
        found = [t.p_value < policy.concept.p_value and t.effect_size >= policy.concept.auc_gap_floor for t in tests]
        axes.scatter(effects, place + generator.uniform(-0.28, 0.28, 150), s=13, color=colour, alpha=0.6, linewidths=0)
        axes.text(0.148, place, f"{name}\nfound in {np.mean(found):.0%}", color=colour, fontsize=11, va="center")
    mark_limit(axes, policy.concept.auc_gap_floor, f"auc_gap_floor {policy.concept.auc_gap_floor}", across=False)
    axes.set(
        xlim=(-0.08, 0.24),
        ylim=(-0.6, 2.8),
        yticks=[],
        xlabel="expected minus realized ROC-AUC, beyond the reference's",
    )
    return figure


def draw_local(policy: Parameters) -> Figure:
    generator = new_generator()
    reference, batch = _draw_table(generator, 4_000), _draw_table(generator, 1_000, turned="two years")
    found = find_test(measure_concept_tests(reference, batch, SCHEMA, policy.concept), "local")
    logits = np.concatenate([reference.scored.logits, batch.scored.logits])
    in_batch = np.repeat([0.0, 1.0], [4_000, 1_000])
    labels = np.concatenate([reference.scored.labels, batch.scored.labels])
    null = fit_null_model(np.column_stack([np.ones(5_000), logits, logits**2, in_batch]), labels, np.ones(5_000))
    figure, (axes,) = new_panels("Churn rate beyond what the score says, batch less reference, per part")
    names, values, errors = [], [], []
    for cut in cut_parts(reference.rows, batch.rows, SCHEMA, policy.concept.local_bins):
        filled = np.flatnonzero(cut.count()[1])
        means = [side / side.sum(axis=1, keepdims=True) for side in cut.indicate(filled)]
        departures = measure_departures(np.hstack([-means[0], means[1]]), null)
        names += [cut.names[place].split(" = ")[-1] for place in filled]
        values += list(100 * departures.values)
        errors += list(200 * np.sqrt(departures.covariance.diagonal()))
    colours = [RED if name == "two years" else BLUE for name in names]
    for place, (value, error, colour) in enumerate(zip(values, errors, colours, strict=True)):
        axes.errorbar(place, value, error, fmt="o", color=colour, markersize=6)
    axes.axhline(0, color=SOFT, linewidth=0.8)
    mark_limit(axes, 100 * policy.concept.local_floor, "local_floor 10 points")
    if found is not None:
        told = f"local: p = {found.p_value:.0e}\nwhere: {found.where}"
        axes.text(0.02, 0.95, told, transform=axes.transAxes, va="top", color=RED, fontsize=11.5)
    axes.set_xticks(range(len(names)), [_shorten(name) for name in names], fontsize=9)
    axes.set(ylabel="points", ylim=(-25, 75))
    return figure


def _shorten(name: str) -> str:
    """A part's name on two lines, its edges without decimals."""
    return re.sub(r"(\d+)\.\d+", r"\1", name).replace(" ", "\n", 1)


def _draw_table(generator: np.random.Generator, rows: int, turned: str | None = None) -> LabelledSample:
    contract, tenure = generator.choice(CONTRACTS, rows, p=SHARES), generator.exponential(30.0, rows)
    logits = -2.2 + 1.9 * (contract == CONTRACTS[0]) - 0.03 * (tenure - 30.0) + generator.normal(0.0, 1.0, rows)
    labels = (generator.random(rows) < expit(logits)).astype(float)
    labels = np.where(contract == turned, 1.0 - labels, labels)
    region = pd.array(generator.choice(list("NESW"), rows), dtype="str")
    table = pd.DataFrame({"tenure": tenure, "contract": pd.array(contract, dtype="str"), "region": region})
    return LabelledSample(ScoredLabels(labels, expit(logits)), table)


def draw_importance_weights(policy: Parameters) -> Figure:
    generator = new_generator()
    reference, batch = _draw_misfit(generator, 4_000), _draw_misfit(generator, 1_000, shift=1.0)
    weights = fit_density_ratio(reference.rows, batch.rows, name_columns(("x",)), bins=20)
    figure, (left, right) = new_panels("The reference with the batch's mix", f"{REPEATS} batches without drift")
    bins = np.linspace(-3.5, 4.5, 41).tolist()
    left.hist(reference.rows["x"], bins, density=True, color=BLUE, alpha=0.3, label="reference")
    left.hist(batch.rows["x"], bins, density=True, histtype="step", color=ORANGE, linewidth=2, label="batch")
    left.hist(
        reference.rows["x"],
        bins,
        density=True,
        weights=weights,
        histtype="step",
        color=GREEN,
        linewidth=2,
        label="reference, weighted",
    )
    left.text(-3.4, 0.33, f"4,000 rows count\nas {measure_effective_rows(weights):,.0f}", color=GREEN, fontsize=10.5)
    left.legend(frameon=False, fontsize=9)
    left.set(xlabel="a feature that shifted by one sd", yticks=[], ylim=(0, 0.58))
    for place, test, plain, weighted in _repeat_misfit(generator, policy):
        for side, values, colour in ((-0.16, plain, RED), (0.16, weighted, GREEN)):
            right.scatter(
                place + side + generator.uniform(-0.08, 0.08, REPEATS),
                np.maximum(values, 1e-12),
                s=11,
                color=colour,
                alpha=0.6,
                linewidths=0,
            )
        right.text(place, 3e-14, test, ha="center", fontsize=9.5, color=INK)
    mark_limit(right, policy.concept.p_value, "")
    right.set(yscale="log", ylim=(1e-14, 3), xticks=[], ylabel="p-value")
    right.text(2.25, 1e-8, "red: plain\ngreen: weighted", ha="right", color=INK, fontsize=10)
    return figure


def _repeat_misfit(
    generator: np.random.Generator, policy: Parameters
) -> Iterator[tuple[int, str, np.ndarray, np.ndarray]]:
    plain, weighted = [], []
    for _ in range(REPEATS):
        pair = _draw_misfit(generator, 4_000), _draw_misfit(generator, 1_000, shift=1.0)
        weights = fit_density_ratio(pair[0].rows, pair[1].rows, name_columns(("x",)), bins=20)
        plain.append([test.p_value for test in measure_concept_tests(*pair, ALONE, policy.concept)])
        weighted.append([test.p_value for test in measure_concept_tests(*pair, ALONE, policy.concept, weights=weights)])
    for place, name in enumerate(("intercept", "slope", "gap")):
        yield place, name, np.array(plain)[:, place], np.array(weighted)[:, place]


def _draw_misfit(generator: np.random.Generator, rows: int, shift: float = 0.0) -> LabelledSample:
    """A champion that mistakes noise for signal: calibrated on the whole, not for every customer."""
    x, noise = generator.normal(shift, 1.0, rows), generator.normal(0.0, 1.0, rows)
    labels = (generator.random(rows) < expit(-1.2 + 1.6 * x)).astype(float)
    scores = expit(-1.0 + 0.75 * (np.where(x > 0.0, 0.4, 1.4) * x + noise))
    return LabelledSample(ScoredLabels(labels, scores), pd.DataFrame({"x": x}))


PICTURES: dict[str, Callable[[Parameters], Figure]] = {
    "label-shift": draw_label_shift,
    "calibration-slope": draw_calibration_slope,
    "roc-auc-gap": draw_gap,
    "local-concept-drift": draw_local,
    "importance-weights": draw_importance_weights,
}
