"""Parallel calls, so that several round trips take the time of one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

_T = TypeVar("_T")

_WORKERS = 6
"""A sign-in starts three calls. Only the local stack serves more than one sign-in at once in a process."""


class Starter(Protocol):
    """Starts calls."""

    def start(self, call: Callable[[], _T], /) -> Future[_T]:
        """Start a call. Its result or exception is in the returned future."""


class Threads:
    """Starts each call in a thread with the caller's context variables. Threads are created on demand."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="aws")

    def start(self, call: Callable[[], _T], /) -> Future[_T]:
        """Start a call in a thread."""
        return self._pool.submit(copy_context().run, call)


@contextmanager
def wait_for_all(*calls: Future[Any]) -> Iterator[None]:
    """Wait for all calls at the end of the `with` block, even if it raises.

    Lambda freezes the process after the response; a call in progress would continue during a later request.
    """
    try:
        yield
    finally:
        wait(calls)
