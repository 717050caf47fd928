"""Distances for the charts of the tracking server: shown beside the verdicts, never deciding."""

from churn_monitoring.core.options import DriftOptions
from churn_monitoring.drift.jensen_shannon import compare_jensen_shannon
from churn_monitoring.drift.population_stability import compare_population_stability
from churn_monitoring.drift.total_variation import compare_total_variation
from churn_monitoring.drift.wasserstein import compare_wasserstein
from churn_monitoring.profiling import CategoryProfile, NumericProfile, TableProfile


def measure_distances(
    reference: TableProfile, batch: TableProfile, options: DriftOptions
) -> dict[str, dict[str, float]]:
    """Measure every feature's distance from the reference in the customary ways.

    Args:
        reference: Profile of the reference.
        batch: Profile of the batch on the reference's grids, with the same columns.
        options: ``psi_bins`` and ``rare_level_share``.

    Returns:
        Per feature, in the order of the schema: ``psi``, ``jensen_shannon``, and ``wasserstein`` for a
        number or ``total_variation`` for a category. All are finite, and 0 where there is nothing to
        compare.

    Examples:
        >>> options = DriftOptions.model_construct(psi_bins=10, rare_level_share=0.005)
        >>> reference = TableProfile(5_000, {}, {"plan": CategoryProfile({"basic": 3_000, "pro": 2_000}, 0)})
        >>> batch = TableProfile(1_000, {}, {"plan": CategoryProfile({"basic": 450, "pro": 550}, 0)})
        >>> plan = measure_distances(reference, batch, options)["plan"]
        >>> {name: round(value, 3) for name, value in plan.items()}
        {'psi': 0.091, 'jensen_shannon': 0.128, 'total_variation': 0.15}
    """
    distances: dict[str, dict[str, float]] = {}
    for name, number in reference.numeric.items():
        shared = _measure_shared(number, batch.numeric[name], options)
        moved = compare_wasserstein(number, batch.numeric[name])
        distances[name] = {**shared, "wasserstein": moved.distance}
    for name, category in reference.categorical.items():
        shared = _measure_shared(category, batch.categorical[name], options)
        changed = compare_total_variation(category, batch.categorical[name], rare_level_share=options.rare_level_share)
        distances[name] = {**shared, "total_variation": changed.distance}
    return distances


def _measure_shared(
    reference: NumericProfile | CategoryProfile,
    batch: NumericProfile | CategoryProfile,
    options: DriftOptions,
) -> dict[str, float]:
    bins, rare = options.psi_bins, options.rare_level_share
    stability = compare_population_stability(reference, batch, bins=bins, rare_level_share=rare)
    divergence = compare_jensen_shannon(reference, batch, bins=bins, rare_level_share=rare)
    return {"psi": stability.value, "jensen_shannon": divergence.distance}
