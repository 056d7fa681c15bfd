"""The range query for breached passwords, against a service of the test's own on loopback."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from chalicelib.adapters import breached_passwords
from chalicelib.adapters.breached_passwords import BreachedPasswordRange
from chalicelib.domain.accounts.passwords import Password
from chalicelib.domain.deadline import time_limit
from tests.fakes import FakeClock

PASSWORD = Password.presented("a kettle sings at noon")
DIGEST = hashlib.sha1(b"a kettle sings at noon", usedforsecurity=False).hexdigest().upper()
OTHER = "0" * 35


@dataclass
class Service:
    """Answers every range with one text."""

    body: bytes = b""
    status: int = 200
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(service: Service) -> Iterator[Service]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service.asked.append((self.path, self.headers.get("Add-Padding")))
            self.send_response(service.status)
            self.send_header("Content-Length", str(len(service.body)))
            self.end_headers()
            self.wfile.write(service.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_port}/range"
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def asked(body: bytes, status: int = 200) -> bool:
    with serving(Service(body, status)) as service:
        return BreachedPasswordRange(service.url).contains(PASSWORD)


def test_a_password_in_the_range_is_breached_and_only_five_digits_are_sent() -> None:
    body = f"{OTHER}:7\r\n{DIGEST[5:]}:12\r\n".encode()
    with serving(Service(body)) as service:
        assert BreachedPasswordRange(service.url).contains(PASSWORD)
        assert BreachedPasswordRange(service.url + "/").contains(PASSWORD)
    assert service.asked == [(f"/range/{DIGEST[:5]}", "true")] * 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        f"{OTHER}:7".encode(),
        f"{DIGEST[5:]}:0".encode(),
        f"{DIGEST[5:]}".encode(),
        b"\xff\x00",
        DIGEST.encode(),
    ],
    ids=["empty", "others", "padding", "no count", "garbage", "whole digest"],
)
def test_anything_else_is_not_breached(body: bytes) -> None:
    assert not asked(body)


@pytest.mark.parametrize("status", [301, 404, 429, 500, 503])
def test_an_error_of_the_service_blocks_no_password(status: int) -> None:
    assert not asked(f"{DIGEST[5:]}:12".encode(), status)


def test_an_unreachable_service_blocks_no_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert not BreachedPasswordRange(f"http://127.0.0.1:{port}").contains(PASSWORD)


def test_a_service_that_hangs_is_abandoned_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breached_passwords, "TIMEOUT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert not BreachedPasswordRange(f"http://127.0.0.1:{port}").contains(PASSWORD)


@pytest.mark.parametrize(("seconds", "asks"), [(8, True), (4, False), (-1, False)])
def test_a_request_that_has_little_time_left_does_without(
    seconds: float, clock: FakeClock, *, asks: bool
) -> None:
    body = f"{DIGEST[5:]}:7\r\n".encode()
    with serving(Service(body)) as service, time_limit(seconds, clock):
        assert BreachedPasswordRange(service.url).contains(PASSWORD) is asks
        assert bool(service.asked) is asks
