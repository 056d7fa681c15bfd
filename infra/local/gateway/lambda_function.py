"""Invokes a function within the limits of Lambda: its time-out, and the size of event and answer."""

from __future__ import annotations

import json
from concurrent import futures
from contextvars import copy_context
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any

from infra.local.gateway.events import lambda_context

if TYPE_CHECKING:
    from collections.abc import Callable

    Handler = Callable[[dict[str, Any], Any], Any]

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
"""Bytes of the event and of the answer, as JSON (Lambda quotas, *Invocation payload*)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The deployed limits of a function. Chalice's own defaults differ."""

    timeout_seconds: float = 10
    memory_mb: int = 256


class TimedOutError(Exception):
    """The function did not answer within its time."""


class EventTooLargeError(Exception):
    """Lambda does not take an event of this size."""


class UnusableAnswerError(Exception):
    """The answer is larger than Lambda's limit, or is not JSON."""


class LambdaFunction:
    """A handler with its name and limits. Safe to invoke from many threads at once."""

    def __init__(self, name: str, handler: Handler, limits: Limits) -> None:
        self._name = name
        self._handler = handler
        self.limits = limits

    def invoke(self, event: dict[str, Any], at_most_seconds: float = float("inf")) -> Any:
        """Return the answer, parsed from the JSON that Lambda would pass on.

        Raises TimedOutError after the lesser of the function's own time-out and `at_most_seconds`,
        EventTooLargeError, UnusableAnswerError, and any exception of the handler.
        """
        if len(json.dumps(event, ensure_ascii=False).encode()) > MAX_PAYLOAD_BYTES:
            raise EventTooLargeError(self._name)
        answer = self._run(event, min(self.limits.timeout_seconds, at_most_seconds))
        try:
            payload = json.dumps(answer, ensure_ascii=False).encode()
        except (TypeError, ValueError) as error:
            raise UnusableAnswerError(f"The answer of {self._name} is not JSON.") from error
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise UnusableAnswerError(f"The answer of {self._name} has {len(payload):,} bytes.")
        return json.loads(payload)

    def _run(self, event: dict[str, Any], seconds: float) -> Any:
        """Run the handler in a separate thread.

        Lambda kills a function that has timed out; Python cannot kill a thread. A hanging thread continues,
        and blocks neither other requests nor the end of the process.
        """
        outcome: futures.Future[Any] = futures.Future()
        context = lambda_context(
            self._name, memory_mb=self.limits.memory_mb, timeout_seconds=self.limits.timeout_seconds
        )

        def work() -> None:
            try:
                outcome.set_result(self._handler(event, context))
            except BaseException as error:  # noqa: BLE001 - handed on to the thread that waits
                outcome.set_exception(error)

        Thread(target=copy_context().run, args=(work,), name=self._name, daemon=True).start()
        done, _ = futures.wait([outcome], seconds)
        if not done:
            raise TimedOutError(f"Task timed out after {seconds:.2f} seconds")
        return outcome.result()
