"""One message through one channel: taken, or a reason in which no part of the address is."""

import logging
import socket
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from churn_monitoring.alerting.lifecycle import News, Problem
from churn_monitoring.alerting.messages import Message, Occasion, render_subject, show_payload, write_messages
from churn_monitoring.core.alert_options import AlertOptions, ChannelOptions
from churn_monitoring.datasets.addresses import find_addresses
from churn_monitoring.datasets.channels import send

from ..receivers import Received, serve_mail, serve_web

SECRET = "t0ps3cret"
DAY = date(2026, 3, 16)
PROBLEM = Problem("feature_drift", "warning", "Feature drift in Gebühr.", "2026-03-02", DAY, "2026-03-16", DAY)
OCCASION = Occasion("churn", "3", "2026-03-16", DAY, "alert", "A person should look.", ("Ask why.",), "report.html")
MESSAGE: Message = write_messages(
    [News("opened", PROBLEM)], OCCASION, {"any": ChannelOptions(kind="log", severity="info")}
)[0]


@pytest.fixture
def web() -> Iterator[Received]:
    with serve_web() as received:
        yield received


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_webhook_gets_the_documented_payload_and_the_id_to_tell_a_message_sent_twice(web: Received) -> None:
    assert send(MESSAGE, "webhook", f"http://127.0.0.1:{web.port}/hook/{SECRET}?a=b", 5) is None
    assert web.payloads == [show_payload(MESSAGE) | {"items": web.payloads[0]["items"]}]
    assert web.payloads[0]["items"][0]["message"] == "Feature drift in Gebühr."
    assert web.headers[0]["Idempotency-Key"] == MESSAGE.id


def test_user_and_password_of_an_address_become_a_header(web: Received) -> None:
    assert send(MESSAGE, "webhook", f"http://me:{SECRET}%21@127.0.0.1:{web.port}/", 5) is None
    assert web.headers[0]["Authorization"] == "Basic bWU6dDBwczNjcmV0IQ=="
    assert web.headers[0]["Host"] == f"127.0.0.1:{web.port}"


@pytest.mark.parametrize("status", [302, 404, 500])
def test_any_answer_but_success_is_a_failure_and_a_redirection_too(web: Received, status: int) -> None:
    web.status = status
    reason = send(MESSAGE, "webhook", f"http://127.0.0.1:{web.port}/{SECRET}", 5)
    assert reason == f"it answered with HTTP status {status}"


def test_a_server_that_never_answers_is_left_in_time() -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        reason = send(MESSAGE, "webhook", f"http://127.0.0.1:{mute.getsockname()[1]}/{SECRET}", 0.2)
    assert reason == "it did not answer in time"


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("webhook", None),
        ("webhook", f"http://127.0.0.1:{{port}}/{SECRET}"),
        ("webhook", f"http://{SECRET}.invalid/"),
        ("webhook", f"ftp://127.0.0.1/{SECRET}"),
        ("webhook", f"file:///{SECRET}"),
        ("webhook", f"http://me:{SECRET}@127.0.0.1:notaport/"),
        ("webhook", f"http://127.0.0.1:99999/{SECRET}"),
        ("webhook", f"http://[{SECRET}/"),
        ("webhook", f"http://127.0.0.1/{SECRET} with spaces"),
        ("apprise", None),
        ("apprise", f"json://127.0.0.1:{{port}}/{SECRET}"),
        ("apprise", f"nonsense://{SECRET}"),
        ("apprise", f"slack://{SECRET}"),
        ("apprise", f"mailto://me:{SECRET}@127.0.0.1:{{port}}/?to=a@example.org"),
    ],
)
def test_whatever_is_wrong_is_a_reason_without_the_address(
    kind: str, address: str | None, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    reason = send(MESSAGE, kind, address and address.replace("{port}", str(closed_port())), 2)
    out, err = capfd.readouterr()
    assert reason
    assert SECRET not in reason + out + err
    assert SECRET not in "".join(record.getMessage() for record in caplog.records if record.name != "asyncio")


def test_a_mail_has_the_subject_and_the_text() -> None:
    with serve_mail() as received:
        address = f"mailto://127.0.0.1:{received.port}/?from=churn@example.org&to=team@example.org&mode=insecure"
        assert send(MESSAGE, "apprise", address, 5) is None
    ((subject, text),) = received.mails
    assert subject == render_subject(MESSAGE)
    assert "Feature drift in Gebühr." in text
    assert "Ask why." in text


def test_the_log_gets_one_line_as_urgent_as_the_message(caplog: pytest.LogCaptureFixture) -> None:
    assert send(MESSAGE, "log", None, 1) is None
    ((name, level, text),) = caplog.record_tuples
    assert (name, level) == ("churn_monitoring.datasets.channels", logging.WARNING)
    assert text == ("[churn] batch 2026-03-16: alert, warning: A person should look. (opened warning feature_drift)")


def test_the_environment_overrules_the_credentials_and_other_names_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    channels = {name: ChannelOptions(kind="webhook", severity="info") for name in ("slack", "team_mail", "pager")}
    options = AlertOptions(reminder_days=1, quiet_batches=1, timeout_seconds=1, report_url=None, channels=channels)
    monkeypatch.setenv("CHURN_ALERTS_TEAM_MAIL", "from the environment")
    told = {"slack": "from the file", "team_mail": "from the file", "another": "unused"}
    assert find_addresses(options, told) == {"slack": "from the file", "team_mail": "from the environment"}


def test_no_file_of_the_project_imports_the_sending_library_before_it_is_needed() -> None:
    source = Path(__file__).resolve().parents[2] / "src"
    lines = [line for path in source.rglob("*.py") for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line for line in lines if line.startswith(("import apprise", "from apprise"))] == []
