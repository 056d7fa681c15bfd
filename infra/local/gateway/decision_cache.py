"""The authorizer cache of API Gateway."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 10_000

Decision = TypeVar("Decision")


class DecisionCache(Generic[Decision]):
    """Caches decisions by token, for `seconds` each; 0 disables it. Thread-safe.

    `clock` returns monotonic seconds. Beyond `limit` entries the oldest is deleted.
    """

    def __init__(self, seconds: int, clock: Callable[[], float], limit: int = LIMIT) -> None:
        self._seconds = seconds
        self._clock = clock
        self._limit = limit
        self._lock = Lock()
        self._entries: OrderedDict[str, tuple[float, Decision]] = OrderedDict()
        self._flushes = 0

    def get(self, token: str) -> Decision | None:
        """Return the unexpired decision for a token, or None."""
        with self._lock:
            expiry, decision = self._entries.get(token, (self._clock(), None))
            return decision if self._clock() < expiry else None

    def ticket(self) -> int:
        """Return a ticket for `put`. Take it before invoking the authorizer."""
        with self._lock:
            return self._flushes

    def put(self, token: str, decision: Decision, ticket: int) -> None:
        """Store a decision, unless the cache was flushed since the ticket: the decision may be outdated."""
        with self._lock:
            if not self._seconds or ticket != self._flushes:
                return
            self._entries[token] = (self._clock() + self._seconds, decision)
            self._entries.move_to_end(token)
            while len(self._entries) > self._limit:
                self._entries.popitem(last=False)

    def flush(self) -> None:
        """Delete every decision, and reject those that are being made."""
        with self._lock:
            self._entries.clear()
            self._flushes += 1
