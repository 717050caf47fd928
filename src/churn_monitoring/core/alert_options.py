"""The blocks of the parameters about deliveries that do not come as usual, and about telling people."""

from datetime import time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from churn_monitoring.core.options import Count, Options, Positive
from churn_monitoring.core.records import Severity

Factor = Annotated[float, Field(gt=1.0)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class DeliveryOptions(Options):
    """What is usual of batches and labels, and how far from it is worth a word."""

    expected_days: Positive | None
    overdue_factor: Factor
    size_factor: Factor
    usual_batches: Annotated[int, Field(ge=2)]
    future_days: Count
    labels_overdue_batches: Annotated[int, Field(ge=1)]


class QuietHours(Options):
    """From when to when, by the clock of ``time_zone``, only what is critical is sent; may span midnight."""

    start: time = Field(alias="from")
    end: time = Field(alias="to")
    time_zone: str

    @field_validator("start", "end", mode="before")
    @classmethod
    def _is_written_as_text(cls, value: Any) -> Any:
        if not isinstance(value, str | time):  # YAML reads 20:00 as the number 1200
            raise ValueError('write the time in quotes, such as "20:00"')
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("this time zone is not known here; write it as Europe/Berlin or UTC") from error
        return value


class ChannelOptions(Options):
    """Where messages go: how, from which severity on, and when not. The address is never among the parameters."""

    kind: Literal["apprise", "webhook", "log"]
    severity: Severity
    quiet_hours: QuietHours | None = None


class AlertOptions(Options):
    """When people are told, and through which channels."""

    reminder_days: Annotated[int, Field(ge=1)]
    quiet_batches: Annotated[int, Field(ge=1)]
    timeout_seconds: Positive
    report_url: str | None
    channels: dict[Name, ChannelOptions]
