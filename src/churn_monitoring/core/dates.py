"""Names that are dates."""

from datetime import date


def parse_date(text: str) -> date | None:
    """The day a batch id or file name stands for, or None.

    >>> parse_date("2026-01-05"), parse_date("january"), parse_date("20260105")
    (datetime.date(2026, 1, 5), None, None)
    """
    try:
        return date.fromisoformat(text) if len(text) == len("2026-01-05") else None
    except ValueError:
        return None
