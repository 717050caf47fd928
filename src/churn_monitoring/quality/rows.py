"""Checks of whole rows, and of text in numeric columns; each returns a finding or none."""

from churn_monitoring.core.options import QualityOptions
from churn_monitoring.core.records import Finding, FindingSeverity
from churn_monitoring.quality.facts import RepeatedRows


def check_size(rows: int, options: QualityOptions) -> Finding | None:
    """Say that a batch is empty (failed), or so small that only gross faults are judged (info).

    Args:
        rows: Rows of the batch.
        options: Limits.

    Returns:
        A finding whose value is the number of rows, or ``None``.
    """
    if rows == 0:
        return Finding("empty_batch", None, "failed", 0.0, 1.0, "the batch has no rows")
    if rows >= options.min_rows:
        return None
    message = f"the batch has {rows} rows; below {options.min_rows} only gross faults are judged"
    return Finding("small_batch", None, "info", float(rows), float(options.min_rows), message)


def check_repeated_rows(rows: int, repeated: RepeatedRows, options: QualityOptions) -> Finding | None:
    """Find rows delivered twice.

    Args:
        rows: Rows of the batch.
        repeated: How many of them repeat, and how many do in the reference.
        options: Limits.

    Returns:
        A failed finding whose value is the share of repeated rows, or ``None``; never in a small batch.
    """
    limit = repeated.reference_share + options.max_repeated_share
    if rows < options.min_rows or not rows or repeated.rows / rows <= limit:
        return None
    share = repeated.rows / rows
    message = f"{share:.1%} of rows repeat an earlier one, in the reference {repeated.reference_share:.1%}"
    return Finding("repeated_rows", None, "failed", share, limit, message)


def check_duplicate_ids(rows: int, repeated: RepeatedRows, options: QualityOptions) -> Finding | None:
    """Find customers that are in the batch more than once.

    Args:
        rows: Rows of the batch.
        repeated: How many of them have an id seen before.
        options: Limits.

    Returns:
        A finding whose value is the share of such rows: failed above ``max_repeated_share`` (info in a small
        batch), info below it, ``None`` without any.
    """
    if not repeated.ids or not rows:
        return None
    share = repeated.ids / rows
    broken = rows >= options.min_rows and share > options.max_repeated_share
    severity: FindingSeverity = "failed" if broken else "info"
    message = f"{repeated.ids} rows ({share:.1%}) have the id of an earlier row"
    return Finding("duplicate_id", None, severity, share, options.max_repeated_share, message)


def check_unparseable(
    name: str, rows: int, unparseable: int, reference_share: float, options: QualityOptions
) -> Finding | None:
    """Find text in a numeric column: another decimal sign, a currency, a column joined in the wrong place.

    Args:
        name: The column.
        rows: Rows of the batch.
        unparseable: How many of them have text that is no number.
        reference_share: Share of such rows in the reference.
        options: Limits.

    Returns:
        A failed finding whose value is the share of such rows, or ``None``. In a small batch most rows must
        be, ``recoded_share``: of prices with decimal commas, some are whole.
    """
    limit = reference_share + (options.max_unparseable_share if rows >= options.min_rows else options.recoded_share)
    if not rows or unparseable / rows <= limit:
        return None
    share = unparseable / rows
    message = f"column '{name}' has text that is no number in {share:.1%} of rows"
    return Finding("unparseable", name, "failed", share, limit, message)
