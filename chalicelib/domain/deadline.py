"""The deadline of the request that is being served, for whatever it waits for.

Time-outs limit one attempt, but a function's time is for the whole request: without a common limit, a few
attempts that hang outlast the function, which is then killed before it can log or answer. The function that
serves a request sets its deadline here; adapters ask how much time is left before they begin something slow.

A thread that works for a request runs in a copy of its context: `contextvars.copy_context().run(work)`.
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
    """Limit what is done inside to `seconds` from now on a monotonic `clock`; an earlier deadline stays."""
    outer, inner = _deadline.get(), _Deadline(clock() + seconds, clock)
    is_earlier = outer is None or inner.seconds_left() < outer.seconds_left()
    token = _deadline.set(inner if is_earlier else outer)
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left() -> float | None:
    """Return the seconds until the deadline, negative after it, or None where there is none."""
    deadline = _deadline.get()
    return None if deadline is None else deadline.seconds_left()


def require_time(seconds: float = 0) -> None:
    """Raise Unavailable if less than `seconds` is left; do nothing where there is no deadline."""
    left = seconds_left()
    if left is not None and left <= seconds:
        raise Unavailable("out of time")
