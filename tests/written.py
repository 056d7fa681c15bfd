"""What the services writes while a test runs: log lines and metrics, as they stand on the standard output."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib import observability


class Written:
    """Everything written so far."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._text = ""

    @property
    def text(self) -> str:
        """All of it, the standard error included."""
        said = self._capsys.readouterr()
        self._text += said.out + said.err
        return self._text

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Its lines, each of which is an object in JSON."""
        text = self.text
        assert text == "" or text.endswith("\n")
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def forget(self) -> None:
        """Begin anew."""
        self._capsys.readouterr()
        self._text = ""


class _StandardOutput:
    """The standard output of the moment, which pytest replaces between a test's set-up and the test."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


@contextmanager
def writing(capsys: pytest.CaptureFixture[str]) -> Iterator[Written]:
    """Let the logger write where everything else is captured, instead of where it once began."""
    handler = observability.get_logger().registered_handler
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(_StandardOutput())
    try:
        yield Written(capsys)
    finally:
        handler.setStream(before)
