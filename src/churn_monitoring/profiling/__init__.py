"""Mergeable summaries of a table on the reference's own grid: read once, in chunks, in constant memory.

    rows ── fit_reference_profile ──► TableProfile (grids fixed)      rows ── profile_rows ──► TableProfile
                                                                      chunk profiles ── merge_profiles ─┘

A profile is all that the drift statistics and the quality checks ever see of a table.
"""

from churn_monitoring.profiling.categories import CategoryProfile, profile_categories
from churn_monitoring.profiling.grid import NumericGrid, build_grid
from churn_monitoring.profiling.merge import merge_profiles
from churn_monitoring.profiling.numbers import NumericProfile, profile_numbers
from churn_monitoring.profiling.shape import CategoryShape, NumberShape, shape_feature
from churn_monitoring.profiling.storage import profile_from_arrays, profile_to_arrays
from churn_monitoring.profiling.table import TableProfile, fit_reference_profile, profile_rows

__all__ = [
    "CategoryProfile",
    "CategoryShape",
    "NumberShape",
    "NumericGrid",
    "NumericProfile",
    "TableProfile",
    "build_grid",
    "fit_reference_profile",
    "merge_profiles",
    "profile_categories",
    "profile_from_arrays",
    "profile_numbers",
    "profile_rows",
    "profile_to_arrays",
    "shape_feature",
]
