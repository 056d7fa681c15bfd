"""The deadline of a request, where there is one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from chalicelib.domain.deadline import require_time, seconds_left, time_limit
from chalicelib.domain.errors import Unavailable
from tests.fakes import FakeClock


def test_without_a_deadline_there_is_all_the_time() -> None:
    assert seconds_left() is None
    require_time(10**9)


def test_time_runs_out(clock: FakeClock) -> None:
    with time_limit(8, clock):
        assert seconds_left() == 8
        clock.advance(5)
        assert seconds_left() == 3
        require_time(2.9)
        with pytest.raises(Unavailable, match="out of time"):
            require_time(3)
        clock.advance(4)
        assert seconds_left() == -1
        with pytest.raises(Unavailable):
            require_time()
    assert seconds_left() is None


@pytest.mark.parametrize(("outer", "inner", "left"), [(8, 3, 3), (3, 8, 3)])
def test_of_two_deadlines_the_earlier_one_counts(
    clock: FakeClock, outer: float, inner: float, left: float
) -> None:
    with time_limit(outer, clock):
        with time_limit(inner, clock):
            assert seconds_left() == left
        assert seconds_left() == outer


def test_the_deadline_goes_with_an_exception(clock: FakeClock) -> None:
    with pytest.raises(ZeroDivisionError), time_limit(1, clock):
        raise ZeroDivisionError
    assert seconds_left() is None


def test_a_thread_has_it_in_a_copy_of_the_context(clock: FakeClock) -> None:
    with ThreadPoolExecutor(1) as pool, time_limit(8, clock):
        assert pool.submit(seconds_left).result() is None
        assert pool.submit(copy_context().run, seconds_left).result() == 8
