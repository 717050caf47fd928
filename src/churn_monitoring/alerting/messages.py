"""From news to messages: at most one per channel and batch, whatever number of problems it bundles.

news ── write_messages (one per channel that wants any of it) ──> Message ── render_text ──> what people read
                                                                     └──── show_payload ──> what programs read
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from churn_monitoring.alerting.lifecycle import RANK, News
from churn_monitoring.core.alert_options import ChannelOptions, QuietHours
from churn_monitoring.core.records import Action, Severity

PAYLOAD_VERSION = "1"
SHOWN = 12  # problems of one kind that are told one by one
HEADINGS = {"opened": "New", "worsened": "Worse", "reminder": "Still there", "resolved": "Resolved"}


@dataclass(frozen=True, slots=True)
class Item:
    """One problem in a message; days are ISO dates, ``first_*`` say where it was first seen."""

    kind: str
    key: str
    severity: Severity
    message: str
    first_batch: str
    first_day: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a message is about, the same for every channel.

    ``batch`` is empty where no batch is concerned; ``report`` is where to read more.
    """

    model: str
    version: str
    batch: str
    day: date
    action: Action
    verdict: str
    next_steps: tuple[str, ...]
    report: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one channel.

    ``id`` is the same whenever the same news is written of the same batch for the same channel, so that who receives
    one twice can tell. ``urgent`` means that quiet hours do not hold it back.
    """

    id: str
    channel: str
    urgent: bool
    model: str
    version: str
    batch: str
    day: str
    action: Action
    verdict: str
    next_steps: tuple[str, ...]
    report: str | None
    items: tuple[Item, ...]


def write_messages(
    news: Sequence[News], occasion: Occasion, channels: Mapping[str, ChannelOptions]
) -> tuple[Message, ...]:
    """One message for each channel that any of the news is for, in the order of the channels."""
    routed = {name: _route(news, options.severity) for name, options in channels.items()}
    return tuple(_write(name, own, occasion) for name, own in routed.items() if own)


def is_held(message: Message, quiet: QuietHours | None, now: datetime) -> bool:
    """Whether quiet hours hold a message back at ``now`` (with a time zone).

    >>> from datetime import UTC, datetime
    >>> night = QuietHours.model_validate({"from": "20:00", "to": "07:00", "time_zone": "Europe/Berlin"})
    >>> calm = Message("1", "slack", False, "churn", "1", "b", "2026-03-02", "alert", "", (), None, ())
    >>> is_held(calm, night, datetime(2026, 3, 2, 19, 30, tzinfo=UTC))  # half past eight in Berlin
    True
    >>> is_held(calm, night, datetime(2026, 3, 2, 6, 30, tzinfo=UTC)), is_held(calm, None, datetime.now(tz=UTC))
    (False, False)
    """
    if quiet is None or message.urgent:
        return False
    clock = now.astimezone(ZoneInfo(quiet.time_zone)).time()
    if quiet.start <= quiet.end:
        return quiet.start <= clock < quiet.end
    return clock >= quiet.start or clock < quiet.end


def render_subject(message: Message) -> str:
    """One line: which model, how bad, and what the message is about."""
    about = f"batch {message.batch}" if message.batch else message.day
    if all(item.kind == "resolved" for item in message.items):
        return f"[{message.model}] {about}: resolved"
    worst = max((item.severity for item in message.items if item.kind != "resolved"), key=RANK.__getitem__)
    return f"[{message.model}] {about}: {message.action}, {worst}"


def render_text(message: Message) -> str:
    """The whole message as plain text: verdict, what to do, what is new, and where to read more."""
    parts = [message.verdict]
    if message.next_steps:
        parts.append("\n".join(["What to do:", *(f"- {step}" for step in message.next_steps)]))
    for kind, heading in HEADINGS.items():
        own = [item for item in message.items if item.kind == kind]
        if own:
            more = [f"- and {len(own) - SHOWN} more"] if len(own) > SHOWN else []
            parts.append("\n".join([f"{heading}:", *(f"- {_tell(item)}" for item in own[:SHOWN]), *more]))
    if message.report:
        parts.append(f"Report: {message.report}")
    return "\n\n".join(parts)


def show_payload(message: Message) -> dict[str, Any]:
    """The message as the JSON document that a webhook gets (docs/alerts.md)."""
    text = {"subject": render_subject(message), "text": render_text(message)}
    return {"schema_version": PAYLOAD_VERSION, **pack_message(message), **text}


def pack_message(message: Message) -> dict[str, Any]:
    """The message as plain JSON values."""
    plain = asdict(message)
    return {**plain, "next_steps": list(message.next_steps), "items": list(plain["items"])}


def unpack_message(plain: Mapping[str, Any]) -> Message:
    """The message that :func:`pack_message` wrote."""
    items = tuple(Item(**item) for item in plain["items"])
    return Message(**{**plain, "next_steps": tuple(plain["next_steps"]), "items": items})


def _route(news: Sequence[News], least: Severity) -> list[News]:
    """The news for a channel from a severity on; what worsened up to that severity opens there."""
    own = [one for one in news if RANK[one.problem.severity] >= RANK[least]]
    return [replace(one, kind="opened") if one.before and RANK[one.before] < RANK[least] else one for one in own]


def _write(channel: str, news: Sequence[News], occasion: Occasion) -> Message:
    items = tuple(
        Item(
            kind=one.kind,
            key=one.problem.key,
            severity=one.problem.severity,
            message=one.problem.message,
            first_batch=one.problem.first_batch,
            first_day=one.problem.first_day.isoformat(),
        )
        for one in sorted(news, key=lambda one: (-RANK[one.problem.severity], one.problem.key))
    )
    told = [f"{item.kind} {item.key}" for item in items]
    seed = "\n".join([occasion.model, occasion.batch, occasion.day.isoformat(), channel, *sorted(told)])
    over = all(item.kind == "resolved" for item in items)
    return Message(
        id=sha256(seed.encode()).hexdigest()[:16],
        channel=channel,
        urgent=any(item.severity == "critical" and item.kind != "resolved" for item in items),
        model=occasion.model,
        version=occasion.version,
        batch=occasion.batch,
        day=occasion.day.isoformat(),
        action=occasion.action,
        verdict=occasion.verdict,
        next_steps=() if over else occasion.next_steps,
        report=occasion.report,
        items=items,
    )


def _tell(item: Item) -> str:
    text = item.message if item.message.endswith(".") else f"{item.message}."  # findings are told without a full stop
    if item.kind == "resolved":
        return f"{text} It was first seen on {item.first_day} and is not seen any more."
    since = f" (since batch {item.first_batch})" if item.kind != "opened" and item.first_batch else ""
    return f"{item.severity}: {text}{since}"
