"""What is written to whom: one message per channel, routed by severity, held by quiet hours, told apart by its id."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from churn_monitoring.alerting.lifecycle import News, Problem
from churn_monitoring.alerting.messages import (
    SHOWN,
    Message,
    Occasion,
    is_held,
    pack_message,
    render_subject,
    render_text,
    show_payload,
    unpack_message,
    write_messages,
)
from churn_monitoring.core.alert_options import ChannelOptions, QuietHours

DAY = date(2026, 3, 16)
OCCASION = Occasion(
    "churn", "3", "2026-03-16", DAY, "alert", "A person should look.", ("Ask why.",), "r/2026-03-16.html"
)
ALL = {name: ChannelOptions(kind="log", severity=name) for name in ("info", "warning", "critical")}


def news(kind: Any, severity: Any = "warning", key: str = "feature_drift", before: Any = None) -> News:
    problem = Problem(key, severity, f"{key} was found.", "2026-03-02", date(2026, 3, 2), "2026-03-16", DAY)
    return News(kind, problem, before)


def write(*told: News) -> dict[str, Message]:
    return {message.channel: message for message in write_messages(told, OCCASION, ALL)}


def test_whatever_number_of_problems_there_is_one_message_per_channel() -> None:
    written = write(*(news("opened", key=f"data_quality:missing_share:{n:02}") for n in range(30)))
    assert set(written) == {"info", "warning"}
    message = written["warning"]
    assert len(message.items) == 30
    assert render_text(message).count("was found") == SHOWN
    assert "- and 18 more" in render_text(message)


def test_information_goes_only_where_it_is_asked_for_and_without_news_nothing_is_written() -> None:
    assert set(write(news("opened", "info"))) == {"info"}
    assert write() == {}


def test_what_worsens_up_to_the_severity_of_a_channel_opens_there() -> None:
    written = write(news("worsened", "critical", before="warning"))
    assert {name: message.items[0].kind for name, message in written.items()} == {
        "info": "worsened",
        "warning": "worsened",
        "critical": "opened",
    }


def test_a_resolution_goes_to_whom_the_opening_went() -> None:
    assert set(write(news("resolved", "critical"))) == {"info", "warning", "critical"}
    assert set(write(news("resolved", "warning"))) == {"info", "warning"}


def test_the_text_has_verdict_what_to_do_what_is_new_and_where_to_read_on() -> None:
    opened, reminded = news("opened", "critical", "concept_drift"), news("reminder")
    message = write(opened, reminded, news("resolved", key="label_shift"))["info"]
    assert render_subject(message) == "[churn] batch 2026-03-16: alert, critical"
    assert render_text(message) == (
        "A person should look.\n\n"
        "What to do:\n- Ask why.\n\n"
        "New:\n- critical: concept_drift was found.\n\n"
        "Still there:\n- warning: feature_drift was found. (since batch 2026-03-02)\n\n"
        "Resolved:\n- label_shift was found. It was first seen on 2026-03-02 and is not seen any more.\n\n"
        "Report: r/2026-03-16.html"
    )


def test_a_finding_that_ends_without_a_full_stop_gets_one() -> None:
    problem = Problem("data_quality:same_file", "critical", "the file is another's", "b", DAY, "b", DAY)
    for kind in ("opened", "resolved"):
        (message, *_) = write_messages([News(kind, problem)], OCCASION, ALL)  # type: ignore[arg-type]
        assert "the file is another's." in render_text(message)


def test_good_news_alone_asks_for_nothing() -> None:
    message = write(news("resolved", "critical"))["critical"]
    assert render_subject(message) == "[churn] batch 2026-03-16: resolved"
    assert "What to do" not in render_text(message)
    assert not message.urgent


def test_the_same_news_has_the_same_id_and_any_other_another() -> None:
    first, second = (write(news("opened"), news("opened", key="drift_share")) for _ in range(2))
    turned = write(news("opened", key="drift_share"), news("opened"))
    assert first == second == turned
    others = [write(news("reminder")), write(news("opened")), write(news("opened", key="probe"))]
    ids = {message.id for written in [first, *others] for message in written.values()}
    assert len(ids) == 4 * 2


def test_a_message_survives_json_and_the_payload_says_the_same_in_words() -> None:
    message = write(news("opened", "critical"))["critical"]
    assert unpack_message(json.loads(json.dumps(pack_message(message)))) == message
    payload = json.loads(json.dumps(show_payload(message)))
    assert payload["text"] == render_text(message)
    assert payload["items"][0]["key"] == "feature_drift"
    assert set(payload) == {
        "schema_version", "id", "channel", "urgent", "model", "version", "batch", "day", "action", "verdict",
        "next_steps", "report", "items", "subject", "text",
    }  # fmt: skip


NIGHT = QuietHours.model_validate({"from": "20:00", "to": "07:00", "time_zone": "Europe/Berlin"})
NOON = QuietHours.model_validate({"from": "12:00", "to": "13:00", "time_zone": "UTC"})


@pytest.mark.parametrize(
    ("quiet", "hour", "held"),
    [
        *((NIGHT, hour, True) for hour in (19, 23, 5)),
        *((NIGHT, hour, False) for hour in (6, 18)),
        *((NOON, hour, hour == 12) for hour in (11, 12, 13)),
        (None, 23, False),
    ],
)
def test_quiet_hours_hold_warnings_by_the_clock_of_their_time_zone_and_never_what_is_critical(
    quiet: QuietHours | None, hour: int, *, held: bool
) -> None:
    now = datetime(2026, 3, 2, hour, tzinfo=UTC)  # Berlin is one hour ahead
    warning, critical = write(news("opened"))["warning"], write(news("opened", "critical"))["critical"]
    assert is_held(warning, quiet, now) == held
    assert not is_held(critical, quiet, now)
    assert is_held(replace(critical, urgent=False), quiet, now) == held


@pytest.mark.parametrize(
    ("changed", "told"), [({"from": 1200}, "in quotes"), ({"time_zone": "Berlin"}, "Europe/Berlin")]
)
def test_a_time_that_yaml_has_read_as_a_number_and_an_unknown_zone_are_told(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        QuietHours.model_validate({"from": "20:00", "to": "07:00", "time_zone": "UTC"} | changed)
