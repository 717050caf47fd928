"""What became of a verdict in the registry: a package that was earned may still not serve.

A receipt is ``{"version_before", "version_after", "refused"}``; ``refused`` is why nothing moved (the registered
version did not come back as it was saved, or another was put in service meanwhile), and empty otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """What a person wants to hear of an attempt to change what is in service."""

    kind: Literal["retraining", "recalibration"]
    as_of: date
    verdict: str
    reasons: tuple[str, ...]
    version_before: str
    version_after: str
    report_path: str

    @property
    def promoted(self) -> bool:
        """Whether a challenger is now in service."""
        return self.verdict == "promoted"


def settle_verdict(
    verdict: str, reasons: Sequence[str], receipt: Mapping[str, str]
) -> tuple[str, tuple[str, ...], dict[str, str]]:
    """Verdict, reasons and versions to report: a refused package means that the champion was kept, and why.

    >>> refused = {"version_before": "4", "version_after": "4", "refused": "version 5 cannot be loaded"}
    >>> settle_verdict("promoted", ["It gains."], refused)[:2]
    ('kept', ('Not put in service: version 5 cannot be loaded.', 'It gains.'))
    """
    versions = {name: receipt[name] for name in ("version_before", "version_after")}
    refused = receipt.get("refused", "")
    if not refused:
        return verdict, tuple(reasons), versions
    return "kept", (f"Not put in service: {refused}.", *reasons), versions
