"""Checks of one column, each a pure function that returns a finding or none.

All take the reference's and the batch's profile of the column. In a batch below ``min_rows`` only gross
faults count: all rows missing or out of range, most of them recoded, and that by no accident of a few rows.
"""

import math

import numpy as np

from churn_monitoring.core.options import QualityOptions
from churn_monitoring.core.records import Finding, FindingSeverity
from churn_monitoring.profiling import CategoryProfile, NumericProfile
from churn_monitoring.profiling.numbers import RANGE_MARGINS

LEVELS_NAMED = 3


def check_missing_share(
    name: str,
    reference: NumericProfile | CategoryProfile,
    batch: NumericProfile | CategoryProfile,
    options: QualityOptions,
) -> Finding | None:
    """Find values that have gone missing.

    The share of missing values must be above the reference's by ``max_missing_increase`` (failed) or
    ``missing_warning_increase`` (warning), and by ``missing_z`` standard errors of the difference of two
    proportions, ``z = (p - q) / sqrt(r (1 - r) (1/n + 1/m))`` with the pooled share r. Fewer missing values
    than in the reference are no fault.

    Args:
        name: The column.
        reference: Its profile in the reference.
        batch: Its profile in the batch.
        options: Limits.

    Returns:
        A finding whose value is the batch's missing share, or ``None``.
    """
    rows, reference_rows = batch.count + batch.missing, reference.count + reference.missing
    if not rows or not reference_rows:
        return None
    share, usual = batch.missing / rows, reference.missing / reference_rows
    if rows < options.min_rows:
        gross = batch.count == 0 and reference.count > 0
        if not gross or not _is_no_accident(batch.missing, reference.missing, reference_rows, options):
            return None
    elif _proportion_z(batch.missing, rows, reference.missing, reference_rows) <= options.missing_z:
        return None
    severity: FindingSeverity
    if share - usual > options.max_missing_increase:
        severity, limit = "failed", usual + options.max_missing_increase
    elif share - usual > options.missing_warning_increase:
        severity, limit = "warning", usual + options.missing_warning_increase
    else:
        return None
    message = f"column '{name}' is missing in {share:.1%} of rows, in the reference in {usual:.1%}"
    return Finding("missing_share", name, severity, share, limit, message)


def check_range(name: str, reference: NumericProfile, batch: NumericProfile, options: QualityOptions) -> Finding | None:
    """Find numbers far from any that the reference has: another unit, a sentinel, a broken join.

    Values count as out of range beyond the reference's range widened on each side by ``range_margin`` of
    its width. Profiles count them at the steps of ``RANGE_MARGINS``; a margin between two steps is rounded
    up to the wider, one beyond the last is the last. A constant reference has no width and is not judged:
    the drift statistics see a number leave its constant.

    Args:
        name: The column.
        reference: Its profile in the reference.
        batch: Its profile in the batch.
        options: Limits.

    Returns:
        A failed finding whose value is the share of the batch's numbers out of range, or ``None``.
    """
    points = reference.grid.points
    if not batch.count or points.size < 2:
        return None
    step = min(int(np.searchsorted(RANGE_MARGINS, options.range_margin)), len(RANGE_MARGINS) - 1)
    outside = int(batch.outside[step])
    share = outside / batch.count
    if share <= options.max_out_of_range_share:
        return None
    if batch.count < options.min_rows and not (
        share == 1.0 and _is_no_accident(outside, int(reference.outside[step]), reference.count, options)
    ):
        return None
    message = (
        f"column '{name}': {share:.1%} of the numbers lie far outside the reference's range, "
        f"{points[0]:g} to {points[-1]:g}; the batch has {batch.minimum:g} to {batch.maximum:g}"
    )
    return Finding("out_of_range", name, "failed", share, options.max_out_of_range_share, message)


def check_constant(
    name: str,
    reference: NumericProfile | CategoryProfile,
    batch: NumericProfile | CategoryProfile,
    options: QualityOptions,
) -> Finding | None:
    """Find a column that has one value in all rows, though the reference has several.

    It takes ``constant_min_rows`` values, and a chance below ``constant_probability`` that as many draws
    from the reference all give this value: a flag that is rarely set is constant in most batches.

    Args:
        name: The column.
        reference: Its profile in the reference.
        batch: Its profile in the batch.
        options: Limits.

    Returns:
        A failed finding whose value is that chance, or ``None``.
    """
    if batch.count < options.constant_min_rows or _is_constant(reference) or not _is_constant(batch):
        return None
    value, share = _share_of_constant(reference, batch)
    chance = share**batch.count
    if chance >= options.constant_probability:
        return None
    message = f"column '{name}' has the value '{value}' in all {batch.count} rows that have one"
    return Finding("constant", name, "failed", chance, options.constant_probability, message)


def check_unseen_levels(
    name: str, reference: CategoryProfile, batch: CategoryProfile, options: QualityOptions
) -> Finding | None:
    """Find levels that the reference never saw: a few are a new category, most of a column a new coding.

    A warning (``new_category``) takes more than ``new_category_rows`` rows, a share of ``new_category_share`` above
    what the reference leads one to expect, and ``missing_z`` standard errors of the difference; a fault
    (``recoded_category``) a share of ``recoded_share`` above it. Expected is Good and Turing's estimate of the unseen
    mass, the share of the reference's rows whose level occurs once: a column of many rare levels always shows some new
    ones.

    Args:
        name: The column.
        reference: Its profile in the reference.
        batch: Its profile in the batch.
        options: Limits.

    Returns:
        A finding whose value is the share of the batch's rows with an unseen level, or ``None``.

    References:
        I. J. Good, "The population frequencies of species and the estimation of population parameters",
        Biometrika 40 (1953) 237-264.
    """
    unseen = {level: rows for level, rows in batch.counts.items() if level not in reference.counts}
    if not unseen or not reference.count:
        return None
    rows = sum(unseen.values())
    share = rows / batch.count
    singles = sum(1 for occurrences in reference.counts.values() if occurrences == 1)
    expected = singles / reference.count
    message = _describe_unseen(name, unseen, share)
    if share > options.recoded_share + expected and _is_no_accident(rows, singles, reference.count, options):
        limit = options.recoded_share + expected
        return Finding("recoded_category", name, "failed", share, limit, message)
    limit = options.new_category_share + expected
    enough = batch.count >= options.min_rows and rows > options.new_category_rows
    certain = _proportion_z(rows, batch.count, singles, reference.count) > options.missing_z
    if enough and share > limit and certain:
        return Finding("new_category", name, "warning", share, limit, message)
    return None


def _describe_unseen(name: str, unseen: dict[str, int], share: float) -> str:
    commonest = sorted(unseen, key=lambda level: (-unseen[level], level))[:LEVELS_NAMED]
    named = ", ".join(f"'{level}'" for level in commonest)
    more = f" and {len(unseen) - LEVELS_NAMED} more" if len(unseen) > LEVELS_NAMED else ""
    return f"column '{name}' has values the reference never had in {share:.1%} of rows: {named}{more}"


def _proportion_z(first: int, first_rows: int, second: int, second_rows: int) -> float:
    pooled = (first + second) / (first_rows + second_rows)
    error = math.sqrt(pooled * (1 - pooled) * (1 / first_rows + 1 / second_rows))
    return (first / first_rows - second / second_rows) / error if error else 0.0


def _is_no_accident(rows: int, reference_hits: int, reference_rows: int, options: QualityOptions) -> bool:
    """Whether ``rows`` independent hits in a row are less likely than ``constant_probability``.

    The chance of one is the reference's share with half a hit added, which is not 0 for what it never showed.
    """
    chance = (reference_hits + 0.5) / (reference_rows + 1)
    return bool(chance**rows < options.constant_probability)


def _is_constant(profile: NumericProfile | CategoryProfile) -> bool:
    if isinstance(profile, CategoryProfile):
        return len(profile.counts) <= 1
    return profile.minimum == profile.maximum


def _share_of_constant(
    reference: NumericProfile | CategoryProfile, batch: NumericProfile | CategoryProfile
) -> tuple[str, float]:
    """The one value of a constant batch, and its share of the reference."""
    if isinstance(reference, CategoryProfile) and isinstance(batch, CategoryProfile):
        level = next(iter(batch.counts))
        return level, reference.counts.get(level, 0) / reference.count
    if isinstance(reference, NumericProfile) and isinstance(batch, NumericProfile):
        found = np.flatnonzero(reference.grid.points == batch.minimum)
        rows = int((reference.at_or_below - reference.below)[found].sum())
        return f"{batch.minimum:g}", rows / reference.count
    raise TypeError(f"cannot compare {type(reference).__name__} with {type(batch).__name__}")
