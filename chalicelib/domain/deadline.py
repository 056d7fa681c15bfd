"""The deadline of the current request.

Time-outs limit one attempt, but Lambda limits the whole invocation: without a common deadline, several slow
attempts exceed it, and Lambda kills the function before it can log or respond. The handler of a request sets
its deadline here; adapters check the time left before they begin a slow call.

A thread that works for a request must run in a copy of its context: `contextvars.copy_context().run(work)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from chalicelib.domain.errors import Unavailable


@dataclass(frozen=True, slots=True)
class _Deadline:
    at: float
    clock: Callable[[], float]

    def seconds_left(self) -> float:
        return self.at - self.clock()


_deadline: ContextVar[_Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def time_limit(seconds: float, clock: Callable[[], float]) -> Iterator[None]:
    """Set a deadline `seconds` from now on a monotonic `clock`; an earlier deadline stays in force."""
    outer, inner = _deadline.get(), _Deadline(clock() + seconds, clock)
    is_earlier = outer is None or inner.seconds_left() < outer.seconds_left()
    token = _deadline.set(inner if is_earlier else outer)
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left() -> float | None:
    """Return the seconds until the deadline, negative after it, or None without a deadline."""
    deadline = _deadline.get()
    return None if deadline is None else deadline.seconds_left()


def require_time(seconds: float = 0) -> None:
    """Raise Unavailable unless more than `seconds` are left; do nothing without a deadline."""
    left = seconds_left()
    if left is not None and left <= seconds:
        raise Unavailable("out of time")
