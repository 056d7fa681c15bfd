"""Lambda's Runtime API on loopback: hands events to a function's process, and takes its answers."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any

TIMEOUT_SECONDS = 10
_NEXT = "/2018-06-01/runtime/invocation/next"
_ARN = "arn:aws:lambda:us-east-1:123456789012:function:gatehouse-test"


class FunctionError(Exception):
    """The function raised; has the error that the caller would receive."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(told["errorType"], told["errorMessage"])
        self.type: str = told["errorType"]
        self.message: str = told["errorMessage"]


@dataclass(frozen=True)
class _Outcome:
    path: str
    body: Any


class RuntimeApi(ThreadingHTTPServer):
    """One function's side of https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.waiting = Event()
        """Set once the function asks for its first event, or has said why it cannot."""
        self.init_error: FunctionError | None = None
        self.events: Queue[bytes | None] = Queue()
        self._outcomes: Queue[_Outcome] = Queue()

    @property
    def address(self) -> str:
        """Return host and port."""
        return f"127.0.0.1:{self.server_port}"

    def invoke(self, event: Any) -> Any:
        """Send an event; return the answer. Raises FunctionError where the function did."""
        self.events.put(json.dumps(event).encode())
        try:
            outcome = self._outcomes.get(timeout=TIMEOUT_SECONDS)
        except Empty:
            raise AssertionError("The function did not answer in time.") from None
        if outcome.path.endswith("/error"):
            raise FunctionError(outcome.body)
        return outcome.body

    def settle(self, path: str, body: bytes) -> None:
        """Take what the function's process reports."""
        if path.endswith("/init/error"):
            self.init_error = FunctionError(json.loads(body))
            self.waiting.set()
        self._outcomes.put(_Outcome(path, json.loads(body)))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body go out in two writes; without this the second waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True
    server: RuntimeApi

    def do_GET(self) -> None:
        assert self.path == _NEXT
        self.server.waiting.set()
        event = self.server.events.get()
        if event is None:
            self.close_connection = True
            return
        self._send(200, event)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._send(202, b"{}")
        self.server.settle(self.path, body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Lambda-Runtime-Aws-Request-Id", str(uuid.uuid4()))
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + TIMEOUT_SECONDS) * 1000)))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", _ARN)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def runtime_api() -> Iterator[RuntimeApi]:
    """Serve for as long as the context lasts."""
    api = RuntimeApi()
    thread = Thread(target=api.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.events.put(None)
        api.shutdown()
        thread.join()
        api.server_close()
