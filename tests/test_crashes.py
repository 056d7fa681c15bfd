"""The place of a crash: the developer's own line first, and the whole of it to who listens."""

from __future__ import annotations

import pytest

from chalicelib import crashes, observability
from tests.written import Written, writing

LIBRARY, SERVICE = "/var/task/boto3/client.py", "/var/task/chalicelib/api/http.py"
OWN = "/var/task/chalicelib/functions/notes/store.py"


def test_the_innermost_own_frame_comes_first_however_deep_the_rest_is() -> None:
    frames = [(SERVICE, 1), (OWN, 2), (OWN, 3), *((LIBRARY, line) for line in range(10, 20))]
    assert crashes.where(frames).startswith("functions/notes/store.py:3 > client.py:14 > client.py:15")


def test_without_an_own_frame_the_order_is_that_of_the_calls() -> None:
    assert crashes.where([(SERVICE, 1), (LIBRARY, 2)]) == "http.py:1 > client.py:2"
    assert crashes.where([(OWN, 2)]) == "functions/notes/store.py:2"
    assert crashes.where([("C:\\x\\chalicelib\\functions\\a.py", 2)]) == "functions/a.py:2"


def test_a_crash_is_passed_on_while_somebody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[BaseException] = []
    error = ValueError("hunter2")
    with writing(capsys) as written:
        with crashes.listening(heard.append):
            observability.record_crash(error)
        observability.record_crash(error)
        assert_silent(written)
    assert heard == [error]


def assert_silent(written: Written) -> None:
    assert "hunter2" not in written.text
