"""Sending one message through one channel; every failure is a short reason, never an exception and never an address.

An address holds secrets. It is a parameter of :func:`send` and goes nowhere else: reasons are made of status codes and
kinds of errors alone, and what the sending library logs is kept silent.
"""

import base64
import json
import logging
import socket
import warnings
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from churn_monitoring.alerting.messages import Message, render_subject, render_text, show_payload

log = logging.getLogger(__name__)
LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "critical": logging.CRITICAL}


def send(message: Message, kind: str, address: str | None, timeout: float) -> str | None:
    """Send a message; None if it was taken, else why not, as a clause without a full stop.

    Args:
        message: to send.
        kind: ``log``, ``webhook`` (``address`` is an http or https URL) or ``apprise`` (one of its URLs).
        address: None where none was found.
        timeout: seconds for connecting, and for the answer.
    """
    if kind == "log":
        _write_log(message)
        return None
    if not address:
        return "it has no address in conf/local/credentials.yml or the environment"
    return _post(message, address, timeout) if kind == "webhook" else _send_by_apprise(message, address, timeout)


def _write_log(message: Message) -> None:
    """One line per message; the problems in it on one line each would be several events."""
    told = "; ".join(f"{item.kind} {item.severity} {item.key}" for item in message.items)
    level = max((LEVELS[item.severity] for item in message.items if item.kind != "resolved"), default=logging.INFO)
    log.log(level, "%s: %s (%s)", render_subject(message), message.verdict, told)


class _NoRedirect(HTTPRedirectHandler):
    """A redirected POST arrives as a GET without its message, and is answered with success all the same."""

    def redirect_request(self, *_args: Any, **_named: Any) -> None:
        """Refuse, so that the redirection counts as the failure it is."""
        return


def _post(message: Message, address: str, timeout: float) -> str | None:
    body = json.dumps(show_payload(message), ensure_ascii=False).encode()
    try:
        request = _address(urlsplit(address), body, message.id)
        with build_opener(_NoRedirect).open(request, timeout=timeout):
            return None
    except HTTPError as error:
        error.close()
        return f"it answered with HTTP status {error.code}"
    except URLError as error:
        return _explain(error.reason)
    except (OSError, HTTPException, ValueError) as error:
        return _explain(error)


def _address(parts: SplitResult, body: bytes, message_id: str) -> Request:
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("no http or https address")
    headers = {"Content-Type": "application/json", "Idempotency-Key": message_id}
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    host = parts.netloc.rpartition("@")[2]
    return Request(urlunsplit(parts._replace(netloc=host, fragment="")), body, headers, method="POST")


def _explain(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "it did not answer in time"
    if isinstance(reason, ConnectionError):
        return "the connection was refused or broken off"
    if isinstance(reason, socket.gaierror):
        return "its host is not known"
    if isinstance(reason, ValueError | HTTPException):
        return "its address is not valid, or what answers there does not speak HTTP"
    return "it cannot be reached"


def _send_by_apprise(message: Message, address: str, timeout: float) -> str | None:
    """Send through the library, which is imported here since it takes a sixth of a second and is rarely needed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the modules that it imports, about themselves
        from apprise import Apprise, AppriseAsset

        logging.getLogger("apprise").disabled = True  # it logs addresses
        service = Apprise.instantiate(address, asset=AppriseAsset(async_mode=False, secure_logging=True))
        if service is None:
            return "its address is not one that apprise knows"
        service.socket_connect_timeout = service.socket_read_timeout = timeout
        sender = Apprise()
        sender.add(service)
        taken = sender.notify(title=render_subject(message), body=render_text(message))
    return None if taken else "it did not take the message"
