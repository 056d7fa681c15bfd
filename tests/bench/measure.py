"""Medians of small things, and a client of AWS that answers without a network."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse


def median_of(call: Callable[[], object], *, rounds: int, batch: int = 1) -> float:
    """Return the median CPU time of one call, in seconds. Another process's work does not count."""
    samples = []
    call()
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(batch):
            call()
        samples.append((time.process_time() - began) / batch)
    return statistics.median(samples)


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.getvalue()


class Canned:
    """Records what AWS answers to an operation, and then gives that again without asking."""

    def __init__(self, client: Any, operation: str) -> None:
        self._events = client.meta.events
        self._name = operation
        self._recorded: tuple[Any, bytes] | None = None
        self.calls = 0

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Remember the last answer."""
        with self._registered(f"after-call.*.{self._name}", self._remember):
            yield

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Answer from memory: what is left is the client's own work."""
        with self._registered(f"before-send.*.{self._name}", self._answer):
            yield

    @contextmanager
    def _registered(self, event: str, handler: Callable[..., Any]) -> Iterator[None]:
        self._events.register_first(event, handler)
        try:
            yield
        finally:
            self._events.unregister(event, handler)

    def _remember(self, http_response: Any, **_: Any) -> None:
        self._recorded = http_response.headers, http_response.content

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        assert self._recorded is not None
        self.calls += 1
        headers, body = self._recorded
        return AWSResponse(request.url, 200, headers, _Raw(body))
