"""Is the batch itself broken? If so, it is repaired or left out, and nothing is learned from it.

    TableProfile (reference, batch), BatchFacts ─► one check per function ─► Finding ─► Quality ─► name_examples
       reference rows ─ fit_dependencies ─ measure_dependencies ─┐
       accepted batch before ──────────── measure_agreement ─────┴─ BatchFacts

A change of the customers is not a fault: that is what the drift statistics are for.
"""

from churn_monitoring.quality.column_model import Dependencies
from churn_monitoring.quality.dependency import fit_dependencies, measure_dependencies
from churn_monitoring.quality.dependency_storage import dependencies_from_arrays, dependencies_to_arrays
from churn_monitoring.quality.examples import name_examples
from churn_monitoring.quality.facts import (
    BatchFacts,
    DependencyMeasure,
    RepeatedRows,
)
from churn_monitoring.quality.returning import Agreement, measure_agreement
from churn_monitoring.quality.verdict import measure_quality

__all__ = [
    "Agreement",
    "BatchFacts",
    "Dependencies",
    "DependencyMeasure",
    "RepeatedRows",
    "dependencies_from_arrays",
    "dependencies_to_arrays",
    "fit_dependencies",
    "measure_agreement",
    "measure_dependencies",
    "measure_quality",
    "name_examples",
]
