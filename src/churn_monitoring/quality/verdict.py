"""All checks of a batch, and what they add up to."""

from collections.abc import Iterator, Sequence

from churn_monitoring.core.options import QualityOptions
from churn_monitoring.core.records import Finding, Quality, QualityStatus
from churn_monitoring.profiling import TableProfile
from churn_monitoring.quality.columns import (
    check_constant,
    check_missing_share,
    check_range,
    check_unseen_levels,
)
from churn_monitoring.quality.facts import BatchFacts
from churn_monitoring.quality.joins import check_dependencies, check_returning, stay_with_customers
from churn_monitoring.quality.rows import (
    check_duplicate_ids,
    check_repeated_rows,
    check_size,
    check_unparseable,
)


def measure_quality(
    reference: TableProfile,
    batch: TableProfile,
    facts: BatchFacts,
    options: QualityOptions,
    drift_share: float = 0.0,
) -> Quality:
    """Judge whether a batch is fit to be monitored and learned from.

    Args:
        reference: Profile of the reference.
        batch: Profile of the batch on the reference's grids, with the same columns.
        facts: What the profile does not hold.
        options: Limits; below ``min_rows`` only gross faults are judged, and a finding says so.
        drift_share: Share of the features that drift; where most do, columns may fit each other otherwise.

    Returns:
        Every finding: whole rows, then column by column in the order of the schema, then what no longer belongs
        together. The status is ``failed`` if any finding is, else ``warning`` if any is, else ``ok``.

    Examples:
        >>> from churn_monitoring.profiling import CategoryProfile
        >>> options = QualityOptions.model_construct(
        ...     min_rows=200, max_missing_increase=0.05, missing_z=4.0, max_repeated_share=0.05, constant_min_rows=20,
        ...     dependency_max_drift_share=0.3)
        >>> reference = TableProfile(5_000, {}, {"plan": CategoryProfile({"basic": 3_000, "pro": 2_000}, 0)})
        >>> batch = TableProfile(1_000, {}, {"plan": CategoryProfile({"basic": 500, "pro": 300}, 200)})
        >>> quality = measure_quality(reference, batch, BatchFacts(), options)
        >>> quality.status, quality.findings[0].message
        ('failed', "column 'plan' is missing in 20.0% of rows, in the reference in 0.0%")
    """
    settled = stay_with_customers(facts.agreement, facts.usual_agreement, options)
    dependencies = () if settled else facts.dependencies
    findings = tuple(
        finding
        for finding in (
            *_check_rows(batch, facts, options),
            *_check_columns(reference, batch, facts, options),
            *check_dependencies(batch.rows, dependencies, drift_share, options),
            *check_returning(facts.agreement, facts.usual_agreement, options),
        )
        if finding is not None
    )
    return add_findings(Quality("ok"), findings)


def add_findings(quality: Quality, findings: Sequence[Finding]) -> Quality:
    """The quality with further findings, and the status that all of them add up to.

    >>> add_findings(Quality("ok"), [Finding("batch_size", None, "warning", 9.0, 3.0, "9 times more rows")]).status
    'warning'
    """
    everything = (*quality.findings, *findings)
    severities = {quality.status, *(finding.severity for finding in everything)}
    status: QualityStatus = "failed" if "failed" in severities else "warning" if "warning" in severities else "ok"
    return Quality(status, everything)


def _check_rows(batch: TableProfile, facts: BatchFacts, options: QualityOptions) -> Iterator[Finding | None]:
    yield check_size(batch.rows, options)
    yield check_repeated_rows(batch.rows, facts.repeated, options)
    yield check_duplicate_ids(batch.rows, facts.repeated, options)


def _check_columns(
    reference: TableProfile, batch: TableProfile, facts: BatchFacts, options: QualityOptions
) -> Iterator[Finding | None]:
    for name, number in reference.numeric.items():
        current = batch.numeric[name]
        usual = facts.reference_unparseable.get(name, 0.0)
        yield check_unparseable(name, batch.rows, facts.unparseable.get(name, 0), usual, options)
        yield check_missing_share(name, number, current, options)
        yield check_range(name, number, current, options)
        yield check_constant(name, number, current, options)
    for name, category in reference.categorical.items():
        levels = batch.categorical[name]
        yield check_missing_share(name, category, levels, options)
        yield check_constant(name, category, levels, options)
        yield check_unseen_levels(name, category, levels, options)
