"""Is the batch itself broken? If so, it is repaired or left out, and nothing is learned from it.

    TableProfile (reference, batch), BatchFacts ─► one check per function ─► Finding ─► Quality

A change of the customers is not a fault: that is what the drift statistics are for.
"""

from churn_monitoring.quality.facts import BatchFacts, RepeatedRows, count_repeated_rows
from churn_monitoring.quality.verdict import measure_quality

__all__ = ["BatchFacts", "RepeatedRows", "count_repeated_rows", "measure_quality"]
