"""Checks of what belongs together: columns with each other, values with their customers."""

import math
from collections.abc import Iterator, Mapping

from churn_monitoring.core.options import QualityOptions
from churn_monitoring.core.records import Finding
from churn_monitoring.quality.facts import DependencyMeasure
from churn_monitoring.quality.returning import Agreement


def check_dependencies(
    rows: int, measures: tuple[DependencyMeasure, ...], drift_share: float, options: QualityOptions
) -> Iterator[Finding]:
    """Find columns that no longer fit the others: joined from other rows, or with permuted values.

    The surprise must be beyond ``dependency_z`` standard errors, and beyond ``dependency_nats`` or
    ``dependency_lost`` times what the others explain, whichever is less: values of other rows cost about twice
    what was explained, be it much or little. Where more than ``dependency_max_drift_share`` of the features
    drift, the customers are others and may hang together in another way. Never in a small batch.

    Args:
        rows: Rows of the batch.
        measures: One per column that the others explain.
        drift_share: Share of the features that drift in their margins.
        options: Limits.

    Yields:
        Failed findings whose value is the surprise in nats per row, the most surprising column first: a column
        that is broken makes those that it explains look broken as well, but mostly less.
    """
    if rows < options.min_rows or drift_share > options.dependency_max_drift_share:
        return
    for measure in sorted(measures, key=lambda measure: -measure.nats):
        limit = min(options.dependency_nats, options.dependency_lost * measure.explained)
        if measure.nats <= limit or measure.z <= options.dependency_z:
            continue
        message = (
            f"column '{measure.column}' no longer fits the other columns: they explained {measure.r2:.0%} of it, now "
            "its values are as if from other rows, or renamed"
        )
        yield Finding("dependency", measure.column, "failed", measure.nats, limit, message)


def stay_with_customers(
    agreement: Mapping[str, Agreement], usual: Mapping[str, Agreement], options: QualityOptions
) -> bool:
    """Whether every column's values are seen to belong to their customers as well as ever.

    Then columns that no longer fit each other have changed for everybody, such as a price, and are not joined from
    other rows. It takes ``returning_min_rows`` customers who were in the batch before, and of every column an agreement
    of ``returning_usual`` or within half of ``returning_fall`` of its usual one.

    Args:
        agreement: With the accepted batch before.
        usual: Of that batch with the one before it.
        options: Limits.
    """
    if not agreement:
        return False
    for name, now in agreement.items():
        expected = options.returning_usual
        if name in usual:
            expected = min(expected, usual[name].value - options.returning_fall / 2.0)
        if now.customers < options.returning_min_rows or now.value < expected:
            return False
    return True


def check_returning(
    agreement: Mapping[str, Agreement], usual: Mapping[str, Agreement], options: QualityOptions
) -> Iterator[Finding]:
    """Find columns whose values no longer stay with their customers.

    Only columns that usually agree by ``returning_usual``, among at least ``returning_min_rows`` customers now
    and then. The fall must be beyond ``returning_fall``, and beyond ``returning_z`` standard errors.

    Args:
        agreement: With the accepted batch before.
        usual: Of that batch with the one before it; a column without it is not judged.
        options: Limits.

    Yields:
        Failed findings whose value is the agreement now.
    """
    for name, now in agreement.items():
        before = usual.get(name)
        if before is None or min(now.customers, before.customers) < options.returning_min_rows:
            continue
        fall = before.value - now.value
        certain = fall > options.returning_z * math.hypot(now.error, before.error)
        if before.value >= options.returning_usual and fall > options.returning_fall and certain:
            message = (
                f"column '{name}' has other values for the {now.customers} customers who were in the batch before: "
                f"agreement {now.value:.2f}, usually {before.value:.2f}"
            )
            limit = before.value - options.returning_fall
            yield Finding("returning", name, "failed", now.value, limit, message)
