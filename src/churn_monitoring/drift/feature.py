"""The verdict per feature: significant after all the tests made, and large enough to matter.

    TableProfile, TableProfile ─► test and effect size per feature ─► Benjamini-Hochberg ─► FeatureDrift

Neither condition is enough alone. Tests alone call every change drift once the rows are many; distances alone
call sampling noise drift while they are few.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from churn_monitoring.core.options import DriftOptions
from churn_monitoring.core.records import FeatureDrift
from churn_monitoring.drift.chi_square import compare_chi_square
from churn_monitoring.drift.kolmogorov_smirnov import compare_kolmogorov_smirnov
from churn_monitoring.drift.multiplicity import adjust_benjamini_hochberg
from churn_monitoring.drift.total_variation import compare_total_variation
from churn_monitoring.drift.wasserstein import compare_wasserstein
from churn_monitoring.profiling import CategoryProfile, NumericProfile, TableProfile


@dataclass(frozen=True, slots=True)
class _Measured:
    drift: FeatureDrift
    large_enough: bool


def measure_features(
    reference: TableProfile, batch: TableProfile, options: DriftOptions, alpha: float
) -> tuple[FeatureDrift, ...]:
    """Judge for every feature whether its distribution has drifted.

    A number has drifted when its adjusted Kolmogorov-Smirnov p-value is below ``alpha``, the statistic is
    at least ``ks_floor`` and the Wasserstein distance at least ``wasserstein_floor`` reference standard
    deviations; a category when its adjusted chi-square p-value is below ``alpha`` and the total variation
    is at least ``total_variation_floor``. A feature with fewer than ``min_rows`` values on either side is
    not tested and takes no part in the adjustment: its p-values are ``None`` and it has not drifted.

    Args:
        reference: Profile of the reference.
        batch: Profile of the batch on the reference's grids, with the same columns.
        options: Floors, and what is too few rows to tell.
        alpha: False discovery rate across the features.

    Returns:
        One record per feature, in the order of the schema.

    References:
        S. Rabanser, S. Günnemann and Z. C. Lipton, "Failing loudly: an empirical study of methods for
        detecting dataset shift", NeurIPS 2019.

    Examples:
        >>> options = DriftOptions.model_construct(min_rows=200, total_variation_floor=0.1, rare_level_share=0.005)
        >>> reference = TableProfile(5_000, {}, {"plan": CategoryProfile({"basic": 3_000, "pro": 2_000}, 0)})
        >>> batch = TableProfile(1_000, {}, {"plan": CategoryProfile({"basic": 450, "pro": 550}, 0)})
        >>> (plan,) = measure_features(reference, batch, options, alpha=0.05)
        >>> plan.feature, plan.test, round(plan.effect_size, 3), plan.drifted
        ('plan', 'chi_square', 0.15, True)
    """
    measured = list(_measure_each(reference, batch, options))
    tested = [each.drift.p_value for each in measured if each.drift.p_value is not None]
    adjusted = iter(adjust_benjamini_hochberg(tested).tolist())
    return tuple(
        _judge(each, next(adjusted), alpha) if each.drift.p_value is not None else each.drift for each in measured
    )


def measure_prediction(reference: NumericProfile, batch: NumericProfile, options: DriftOptions) -> FeatureDrift:
    """Judge whether the distribution of the scores has drifted.

    It has when the Kolmogorov-Smirnov p-value is below ``prediction_p_value`` and the statistic is at least
    ``prediction_ks_floor``. One test is made, so that the adjusted p-value is the p-value.

    Args:
        reference: Scores of the reference's held-out rows, never of rows the model was trained on: an
            overfitted model's own training scores differ from those of any new row.
        batch: Scores of the batch on the same grid.
        options: Level, floor, and what is too few rows to tell.

    Returns:
        A record of kind ``prediction``; p-values ``None`` with fewer than ``min_rows`` scores on either side.

    Examples:
        >>> import numpy as np
        >>> from churn_monitoring.profiling import build_grid, profile_numbers
        >>> options = DriftOptions.model_construct(min_rows=200, prediction_p_value=0.001, prediction_ks_floor=0.1)
        >>> scores = np.linspace(0.0, 1.0, 2_001)
        >>> grid = build_grid(scores, max_points=65_536)
        >>> reference = profile_numbers(scores, grid)
        >>> measure_prediction(reference, profile_numbers(scores**2, grid), options).drifted
        True
        >>> measure_prediction(reference, profile_numbers(scores[::20], grid), options).p_value is None
        True
    """
    test = compare_kolmogorov_smirnov(reference, batch)
    enough = min(reference.count, batch.count) >= options.min_rows
    p_value = test.p_value if enough else None
    return FeatureDrift(
        feature="prediction",
        kind="prediction",
        test="kolmogorov_smirnov",
        statistic=test.statistic,
        p_value=p_value,
        adjusted_p_value=p_value,
        effect_size=test.statistic,
        drifted=p_value is not None
        and p_value < options.prediction_p_value
        and test.statistic >= options.prediction_ks_floor,
    )


def share_drifted(features: Iterable[FeatureDrift]) -> float:
    """Share of the features that have drifted; those with too few rows to tell count as not drifted.

    Args:
        features: Records of :func:`measure_features`.

    Returns:
        A share in [0, 1], 0 without features.

    Examples:
        >>> share_drifted(())
        0.0
    """
    verdicts = [feature.drifted for feature in features]
    return sum(verdicts) / len(verdicts) if verdicts else 0.0


def _measure_each(reference: TableProfile, batch: TableProfile, options: DriftOptions) -> Iterator[_Measured]:
    for name, number in reference.numeric.items():
        yield _measure_number(name, number, batch.numeric[name], options)
    for name, category in reference.categorical.items():
        yield _measure_category(name, category, batch.categorical[name], options)


def _measure_number(name: str, reference: NumericProfile, batch: NumericProfile, options: DriftOptions) -> _Measured:
    test = compare_kolmogorov_smirnov(reference, batch)
    distance = compare_wasserstein(reference, batch).distance
    enough = min(reference.count, batch.count) >= options.min_rows
    drift = FeatureDrift(
        feature=name,
        kind="numeric",
        test="kolmogorov_smirnov",
        statistic=test.statistic,
        p_value=test.p_value if enough else None,
        adjusted_p_value=None,
        effect_size=distance,
        drifted=False,
    )
    large = test.statistic >= options.ks_floor and distance >= options.wasserstein_floor
    return _Measured(drift, large)


def _measure_category(
    name: str, reference: CategoryProfile, batch: CategoryProfile, options: DriftOptions
) -> _Measured:
    rare = options.rare_level_share
    test = compare_chi_square(reference, batch, rare_level_share=rare)
    distance = compare_total_variation(reference, batch, rare_level_share=rare).distance
    enough = min(reference.count, batch.count) >= options.min_rows
    drift = FeatureDrift(
        feature=name,
        kind="categorical",
        test="chi_square",
        statistic=test.statistic,
        p_value=test.p_value if enough else None,
        adjusted_p_value=None,
        effect_size=distance,
        drifted=False,
    )
    return _Measured(drift, distance >= options.total_variation_floor)


def _judge(measured: _Measured, adjusted_p_value: float, alpha: float) -> FeatureDrift:
    drifted = measured.large_enough and adjusted_p_value < alpha
    return replace(measured.drift, adjusted_p_value=adjusted_p_value, drifted=drifted)
