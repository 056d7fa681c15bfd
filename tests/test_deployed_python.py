"""Which Python `make test-deployed` uses."""

from __future__ import annotations

import sys

import pytest

from infra.deploy.packaging import runtime
from infra.deploy.packaging.runtime import RUNTIME, VERSION
from tests import deployed_python


@pytest.mark.parametrize(
    ("running", "found", "out", "err"),
    [
        ((3, 11, 1), "/bin/python3.13", "/bin/python3.13\n", ""),
        ((3, 11, 1), None, "", f"Left out: there is no Python {VERSION}. To get one: "),
        ((*RUNTIME, 1), None, "", f"Left out: this is Python {VERSION}, so the other tests ran on it."),
    ],
)
def test_the_deployed_python_is_printed_or_the_reason_why_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    running: tuple[int, ...],
    found: str | None,
    out: str,
    err: str,
) -> None:
    monkeypatch.setattr(sys, "version_info", running)
    monkeypatch.setattr(runtime, "find_interpreter", lambda: found)
    deployed_python.main()
    printed = capsys.readouterr()
    assert (printed.out, printed.err.startswith(err)) == (out, True)
