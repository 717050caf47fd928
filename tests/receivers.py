"""A web server and a mail server on this machine that keep what they are sent."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Received:
    """What came: payloads and headers, subject and text of each mail; ``status`` is what the web server answers."""

    port: int = 0
    payloads: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    mails: list[tuple[str, str]] = field(default_factory=list)
    status: int = 200


@contextmanager
def serve_web(port: int = 0) -> Iterator[Received]:
    """A web server on the port, or on a free one."""
    received = Received()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if received.status == 200:
                received.payloads.append(json.loads(body))
                received.headers.append(dict(self.headers))
            self.send_response(received.status)
            if received.status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", port), Receiver) as server:
        received.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield received
        server.shutdown()
        thread.join()


@contextmanager
def serve_mail() -> Iterator[Received]:
    """A mail server on a free port."""
    received = Received()

    class Receiver:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
            mail = message_from_bytes(envelope.content)
            text = next(part for part in mail.walk() if part.get_content_maintype() == "text")
            body = text.get_payload(decode=True).decode()  # type: ignore[union-attr]
            received.mails.append((str(make_header(decode_header(mail["Subject"]))), body))
            return "250 OK"

    with serve_web() as free:
        port = free.port
    controller = Controller(Receiver(), hostname="127.0.0.1", port=port)
    controller.start()
    received.port = port
    try:
        yield received
    finally:
        controller.stop()
