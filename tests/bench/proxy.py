"""A proxy between a function and AWS that records what the function sends, and when."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

DELAY_SECONDS = 0.04
"""How long an answer is held back, so that calls which are made together overlap for certain."""
_NOT_FORWARDED = {"host", "connection", "content-length", "transfer-encoding", "date", "server"}


@dataclass(frozen=True)
class Call:
    """One HTTP request. `began` and `ended` are seconds of a monotonic clock."""

    service: str
    operation: str
    request: dict[str, Any]
    answer: dict[str, Any]
    bytes_sent: int
    bytes_received: int
    began: float
    ended: float


@dataclass
class Recorder:
    """The calls since the last `clear`. Each answer is held back for `delay` seconds."""

    url: str
    delay: float
    calls: list[Call] = field(default_factory=list)

    def clear(self) -> None:
        """Forget the calls."""
        self.calls.clear()

    def in_sequence(self, service: str) -> int:
        """Return how many calls to a service follow one another: those that overlap count once."""
        count, end = 0, 0.0
        for call in sorted((one for one in self.calls if one.service == service), key=lambda one: one.ended):
            if call.began >= end:
                count, end = count + 1, call.ended
        return count


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, target: str, recorder: Recorder) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target, self.recorder = urlsplit(target), recorder
        # moto serves one request at a time; so does this proxy, in the order of arrival.
        self.lock = Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: a client that has timed out has closed its connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        began = time.monotonic()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, headers, answer = self._forward(body)
        # Not while the lock is held: calls that arrive together are held back together.
        time.sleep(self.server.recorder.delay)
        target = self.headers["X-Amz-Target"]
        call = Call(
            "dynamodb" if target.startswith("DynamoDB") else target.partition(".")[0],
            target.rpartition(".")[2],
            json.loads(body),
            json.loads(answer or b"{}"),
            len(body),
            len(answer),
            began,
            time.monotonic(),
        )
        self.server.recorder.calls.append(call)
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _NOT_FORWARDED:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        target = self.server.target
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_FORWARDED}
        with self.server.lock:
            connection = http.client.HTTPConnection(target.hostname or "", target.port)
            try:
                connection.request("POST", self.path, body, headers)
                response = connection.getresponse()
                return response.status, response.getheaders(), response.read()
            finally:
                connection.close()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def recording(target: str, delay: float = DELAY_SECONDS) -> Iterator[Recorder]:
    """Forward requests to the AWS at `target`, and record them, while the context lasts."""
    recorder = Recorder("", delay)
    server = _Server(target, recorder)
    recorder.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
