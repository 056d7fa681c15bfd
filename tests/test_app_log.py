"""Chalice's `app.log` is the same log: its lines are held to the same rules, and its level is a setting."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import app
from chalicelib.aws_adapters import AwsAdapters
from chalicelib.observability import Event, record, scope, set_log_level
from chalicelib.settings import Settings
from tests.test_observability import HASH, JWT, REFRESH, written
from tests.written import Written

__all__ = ["written"]
ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("secret", [JWT, REFRESH, HASH, f"Bearer {JWT}"])
def test_a_line_of_the_apps_own_log_passes_the_same_redaction(written: Written, secret: str) -> None:
    with scope(request_id="r", route="GET /own"):
        app.log.info("got %s", secret)
        app.log.info(f'{{"token": ["{secret}"], "{secret}": 1}}')
        app.log.warning("odd", extra={"token": secret, "all": {"of": (secret, object(), 7)}})
        app.log.info("x" * 999)
    assert len(written.lines) == 4
    assert all((line["request_id"], line["route"]) == ("r", "GET /own") for line in written.lines)
    assert not any(mark in written.text for mark in ("eyJ", "ghr_", "$2b$", "Bearer"))
    assert written.lines[2]["all"]["of"][2] == 7
    assert written.lines[3]["message"] == "x" * 256


def test_an_exception_in_the_apps_own_log_is_told_by_type_and_place(written: Written) -> None:
    def fail() -> None:
        error = ValueError("hunter2")
        error.add_note("hunter3")
        raise error

    try:
        fail()
    except ValueError:
        app.log.exception("it failed", stack_info=True)
        app.log.error("Caught exception for path %s", "/own", exc_info=True)
    for line in written.lines:
        assert (line["level"], line["error"]) == ("ERROR", "ValueError")
        assert line["where"].count("test_app_log.py:") == 2
    assert "hunter" not in written.text


@pytest.fixture
def level() -> Iterator[None]:
    log = logging.getLogger("gatehouse")
    before = log.level
    yield
    log.setLevel(before)


@pytest.mark.usefixtures("level")
def test_the_setting_is_the_level_of_the_log(written: Written) -> None:
    for name, messages in (("DEBUG", 2), ("INFO", 1)):
        written.forget()
        AwsAdapters(Settings.from_environment({"LOG_LEVEL": name}))
        app.log.debug("detail")
        record(Event.REFUSED)
        assert len(written.lines) == messages
    with pytest.raises(ValueError, match="Unknown level"):
        set_log_level("bogus")


@pytest.mark.parametrize("variable", ["LOG_LEVEL", "POWERTOOLS_LOG_LEVEL"])
def test_a_level_that_is_none_breaks_no_import_and_silences_nothing(variable: str) -> None:
    code = "import app; from chalicelib.observability import Event, record; record(Event.REFUSED)"
    for level in ("bogus", "WARNING"):
        done = subprocess.run(  # noqa: S603 - our own words
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, variable: level},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        assert '"message":"refused"' in done.stdout
