"""Has the label of one segment turned, while all others stayed? Asked of every part of every feature.

    NullModel + parts ─ per feature: mean residuals of the batch less the reference's ─ one chi-square
                      └ Bonferroni over features ─ ConceptTest(local), and where

A segment of a sixth of the customers can turn completely without moving slope or ranking of all much.
"""

import numpy as np

from churn_monitoring.core.options import ConceptOptions
from churn_monitoring.core.records import ConceptTest
from churn_monitoring.performance.departures import NullModel, combine_departures, measure_departures
from churn_monitoring.performance.parts import FeatureParts

# Expected rows of the rarer class that a part needs on either side: with fewer, one label is a finding.
LEAST_EXPECTED = 5.0


def measure_local(null: NullModel, parts: tuple[FeatureParts, ...], options: ConceptOptions) -> ConceptTest | None:
    """The feature whose parts changed most at equal scores.

    In each part the mean residual of the batch less that of the reference: what the champion gets wrong there
    on both sides is no change. The chi-square is that of :func:`combine_departures`, which accounts for the
    nuisance coefficients of ``null`` (the batch's indicator among them) and for skewed sums of few labels.

    Args:
        null: of the label given score and batch, reference rows first.
        parts: of the same rows.
        options: least share of the batch that a part has.

    Returns:
        The chi-square of that feature, its p-value times the number of features tested, the difference in the
        part with the largest normal score, and that part's name. None where no feature has a part to test.
    """
    found = [one for one in (_measure_feature(null, cut, options) for cut in parts) if one is not None]
    if not found:
        return None
    strongest = min(found, key=lambda test: test.p_value)
    adjusted = min(1.0, strongest.p_value * len(found))
    return ConceptTest("local", strongest.statistic, adjusted, strongest.effect_size, strongest.where)


def _measure_feature(null: NullModel, cut: FeatureParts, options: ConceptOptions) -> ConceptTest | None:
    large = np.flatnonzero(cut.count()[1] >= options.local_min_share * max(cut.batch.size, 1))
    reference, batch = cut.indicate(large)
    rows = cut.reference.size
    reference *= null.weights[:rows]
    telling = _are_telling(reference, null.probabilities[:rows]) & _are_telling(batch, null.probabilities[rows:])
    if not telling.any():
        return None
    means = [side[telling] / side[telling].sum(axis=1, keepdims=True) for side in (reference, batch)]
    departures = measure_departures(np.hstack([-means[0], means[1]]), null)
    statistic, p_value = combine_departures(departures)
    most = int(np.argmax(np.abs(departures.normal_scores)))
    return ConceptTest("local", statistic, p_value, float(departures.values[most]), cut.names[large[telling][most]])


def _are_telling(weights: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Which rows of ``weights`` expect both classes often enough, counted as effectively equal rows."""
    totals, expected = weights.sum(axis=1), weights @ probabilities
    squares = np.einsum("ij,ij->i", weights, weights)
    rarer = np.minimum(expected, totals - expected)
    # rate of the rarer class times effective rows: rarer / totals * totals² / squares.
    return np.asarray((squares > 0.0) & (rarer * totals >= LEAST_EXPECTED * squares))
