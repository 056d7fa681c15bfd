"""Calls that run beside each other, so that several round trips take the time of one."""

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
"""A sign-in starts three calls; more than two sign-ins at once in one process are the local stack's alone."""


class Starter(Protocol):
    """Starts calls."""

    def start(self, call: Callable[[], _T], /) -> Future[_T]:
        """Start a call; its result or its exception is in the future."""


class Threads:
    """Starts each call in a thread, with the context variables of the caller. Threads are made at need."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="aws")

    def start(self, call: Callable[[], _T], /) -> Future[_T]:
        """Start a call in a thread."""
        return self._pool.submit(copy_context().run, call)


@contextmanager
def all_done(*calls: Future[Any]) -> Iterator[None]:
    """Wait for calls before going on, also where the body raises.

    Lambda freezes the process once it has answered, and what is still under way ends in a later request.
    """
    try:
        yield
    finally:
        wait(calls)
