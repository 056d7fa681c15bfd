"""Calls beside each other: the caller's context, every failure told, nothing left under way."""

from __future__ import annotations

from contextvars import ContextVar
from threading import Event, current_thread

import pytest

from chalicelib.adapters.threads import Threads, wait_for_all

_WAIT_SECONDS = 20
where: ContextVar[str] = ContextVar("where", default="nowhere")


def test_calls_run_beside_each_other_with_the_context_of_their_caller() -> None:
    threads, first, second = Threads(), Event(), Event()
    where.set("here")

    def call(mine: Event, other: Event) -> tuple[str, bool, str]:
        mine.set()
        return where.get(), other.wait(_WAIT_SECONDS), current_thread().name

    one, two = threads.start(lambda: call(first, second)), threads.start(lambda: call(second, first))
    with wait_for_all(one, two):
        pass
    assert one.done()
    assert two.done()
    assert one.result()[:2] == two.result()[:2] == ("here", True)
    assert one.result()[2] != two.result()[2] != current_thread().name


def test_an_exception_of_a_call_is_raised_by_its_result() -> None:
    def fail() -> None:
        raise ValueError("lost")

    call = Threads().start(fail)
    with wait_for_all(call):
        pass
    with pytest.raises(ValueError, match="lost"):
        call.result()


def test_an_exception_beside_a_call_waits_for_the_call() -> None:
    goes_on = Event()
    call = Threads().start(lambda: goes_on.wait(_WAIT_SECONDS))

    def fail() -> None:
        with wait_for_all(call):
            goes_on.set()
            raise ValueError("beside")

    with pytest.raises(ValueError, match="beside"):
        fail()
    assert call.done()
