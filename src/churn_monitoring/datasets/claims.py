"""Who may put a version in service when two try at once: compare-and-set over a registry that has none.

A version number is unique and increasing, and a version's tags are written in the transaction that makes it. So
registering a version *is* claiming to replace the one it names:

    replaces     the version it was compared with
    claimed_by   host:pid of who registered it
    claim        open, then promoted | lost | refused

Of the open claims to replace one version the lowest number wins. Whoever looks after having registered sees every
lower number, so no two of them can both believe to be the lowest (docs/decisions/11-verified-and-compare-and-set.md).
"""

import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

REPLACES, CLAIMED_BY, CLAIM = "replaces", "claimed_by", "claim"
NOTHING = "nothing"  # what the first champion replaces; a tag's value may not be empty
CLAIM_SECONDS = 3600  # beyond which a claim of another host, or of a hung process, no longer counts
Outcome = Literal["promoted", "lost", "refused"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One version's claim to replace another; ``made_at`` in seconds since 1970 by the registry's clock."""

    version: int
    replaces: str
    holder: str
    made_at: float
    state: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a claim; ``reason`` is why it did not serve, as a sentence without its full stop."""

    outcome: Outcome
    reason: str = ""


def make_claim(replaces: str) -> dict[str, str]:
    """The tags that a version is registered with by this process."""
    return {
        REPLACES: replaces or NOTHING,
        CLAIMED_BY: f"{socket.gethostname()}:{os.getpid()}",
        CLAIM: "open",
    }


def read_claim(version: Any) -> Claim | None:
    """The claim that a version of the registry makes; None where it was registered without one."""
    tags = version.tags
    if REPLACES not in tags or CLAIM not in tags:
        return None
    replaces = "" if tags[REPLACES] == NOTHING else tags[REPLACES]
    return Claim(
        int(version.version), replaces, tags.get(CLAIMED_BY, ""), version.creation_timestamp / 1000, tags[CLAIM]
    )


def find_winner(
    claims: Iterable[Claim], replaces: str, now: float, is_running: Callable[[str], bool] | None = None
) -> Claim | None:
    """The claim that may replace ``replaces``: the lowest version whose claim is open and alive.

    Args:
        claims: of all versions of one model, in any order.
        replaces: the version in service that is to be replaced; empty for none.
        now: seconds since 1970.
        is_running: whether a holder is still at work; by default :func:`is_at_work`.
    """
    at_work = is_running or is_at_work
    alive = [
        claim
        for claim in claims
        if claim.replaces == replaces
        and claim.state == "open"
        and now - claim.made_at <= CLAIM_SECONDS
        and at_work(claim.holder)
    ]
    return min(alive, key=lambda claim: claim.version, default=None)


def is_at_work(holder: str) -> bool:
    """Whether the process ``host:pid`` may still run: False only for one of this host that is gone."""
    host, _, pid = holder.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit() or os.name != "posix":
        return True
    try:
        os.kill(int(pid), 0)  # sends nothing: asks whether it is there
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
