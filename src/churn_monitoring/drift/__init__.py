"""Has P(X), or the distribution of the scores, changed? One statistic per module, computed on profiles alone.

    compare_<statistic>(reference, batch, *, ...) -> frozen result     a number and nothing else
    measure_features, measure_prediction          -> FeatureDrift      significant and large enough

Missing values are no part of any comparison here: a change of their share is a matter of data quality.
"""

from churn_monitoring.drift.chi_square import ChiSquare, compare_chi_square
from churn_monitoring.drift.distances import measure_distances
from churn_monitoring.drift.feature import measure_features, measure_prediction, share_drifted
from churn_monitoring.drift.jensen_shannon import JensenShannon, compare_jensen_shannon
from churn_monitoring.drift.kolmogorov_smirnov import KolmogorovSmirnov, compare_kolmogorov_smirnov
from churn_monitoring.drift.multiplicity import adjust_benjamini_hochberg
from churn_monitoring.drift.population_stability import PopulationStability, compare_population_stability
from churn_monitoring.drift.total_variation import TotalVariation, compare_total_variation
from churn_monitoring.drift.wasserstein import Wasserstein, compare_wasserstein

__all__ = [
    "ChiSquare",
    "JensenShannon",
    "KolmogorovSmirnov",
    "PopulationStability",
    "TotalVariation",
    "Wasserstein",
    "adjust_benjamini_hochberg",
    "compare_chi_square",
    "compare_jensen_shannon",
    "compare_kolmogorov_smirnov",
    "compare_population_stability",
    "compare_total_variation",
    "compare_wasserstein",
    "measure_distances",
    "measure_features",
    "measure_prediction",
    "share_drifted",
]
