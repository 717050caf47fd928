"""How numbers and texts are written on the pages."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup


def format_number(value: float | None, digits: int = 3) -> str:
    """Three decimals, or three significant digits where those would say nothing; a dash for ``None``.

    >>> format_number(0.71234), format_number(0.00012), format_number(1200.0), format_number(None)
    ('0.712', '0.00012', '1,200', '–')
    """
    if value is None:
        return "–"
    if value == int(value):
        return f"{int(value):,}" if abs(value) < 1e15 else f"{value:.3g}"
    if 10**-digits <= abs(value) < 1000:
        return f"{value:.{digits}f}"
    return f"{value:.{digits}g}"


def format_plain(value: float | None) -> str:
    """A number of the data, of any size, with about three digits that count.

    >>> format_plain(64.2371), format_plain(3312.0), format_plain(1234567.8), format_plain(-0.5), format_plain(2e12)
    ('64.2', '3,312', '1,234,568', '-0.5', '2e+12')
    """
    if value is None:
        return "–"
    if 100 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def format_signed(value: float, digits: int = 3) -> str:
    """Decimals with the sign."""
    return f"{value:+.{digits}f}"


def format_interval(estimate: dict[str, float] | None) -> str:
    """Both ends of an interval."""
    return "–" if estimate is None else f"{estimate['low']:.3f} to {estimate['high']:.3f}"


def format_p_value(value: float | None) -> str:
    """Four decimals; ``None`` says that there were too few rows."""
    if value is None:
        return "too few rows"
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def format_share(value: float | None) -> str:
    """A share in percent; one that is neither nothing nor all is never written as if it were.

    >>> format_share(0.254), format_share(0.0003), format_share(0.0), format_share(0.9999), format_share(None)
    ('25%', '< 1%', '0%', '> 99%', '–')
    """
    if value is None:
        return "–"
    if 0.0 < value < 0.01:
        return "< 1%"
    return "> 99%" if 0.99 < value < 1.0 else f"{value:.0%}"


def format_count(value: int) -> str:
    """A whole number with separators.

    >>> format_count(1000000)
    '1,000,000'
    """
    return f"{value:,}"


def format_name(text: str) -> str:
    """A key of the report as words.

    >>> format_name("fix_data")
    'fix data'
    """
    return text.replace("_", " ")


def mark_code(text: str) -> "Markup":
    """The escaped text with what stands between backticks set as code."""
    from markupsafe import Markup

    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if position % 2 else part for position, part in enumerate(parts)
    )


FILTERS: dict[str, Any] = {
    "number": format_number,
    "plain": format_plain,
    "signed": format_signed,
    "interval": format_interval,
    "p_value": format_p_value,
    "share": format_share,
    "count": format_count,
    "name": format_name,
    "code": mark_code,
}
