"""API Gateway's cache of what an authorizer decided."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 10_000

Decision = TypeVar("Decision")


class DecisionCache(Generic[Decision]):
    """Decisions by token, for `seconds` each; 0 keeps none. Safe to use from many threads at once.

    `clock` returns seconds that never run backwards.
    """

    def __init__(self, seconds: int, clock: Callable[[], float], limit: int = LIMIT) -> None:
        self._seconds = seconds
        self._clock = clock
        self._limit = limit
        self._lock = Lock()
        self._entries: OrderedDict[str, tuple[float, Decision]] = OrderedDict()
        self._flushes = 0

    def get(self, token: str) -> Decision | None:
        """Return the decision that still holds for a token, or None."""
        with self._lock:
            expiry, decision = self._entries.get(token, (self._clock(), None))
            return decision if self._clock() < expiry else None

    def ticket(self) -> int:
        """Return what `put` wants to know: how things stood when the authorizer was asked."""
        with self._lock:
            return self._flushes

    def put(self, token: str, decision: Decision, ticket: int) -> None:
        """Keep a decision, unless the cache was emptied since: it may rest on what the flush was to end."""
        with self._lock:
            if not self._seconds or ticket != self._flushes:
                return
            self._entries[token] = (self._clock() + self._seconds, decision)
            self._entries.move_to_end(token)
            while len(self._entries) > self._limit:
                self._entries.popitem(last=False)

    def flush(self) -> None:
        """Forget every decision."""
        with self._lock:
            self._entries.clear()
            self._flushes += 1
