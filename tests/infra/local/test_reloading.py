"""Edits reload the functions; what is wrong with them is one line, and the former ones go on serving."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Timer
from typing import IO

import requests

from infra.local.stack.demo import PASSWORD
from infra.local.stack.reloading import Watcher, description
from infra.operate.api_client import ApiClient
from tests.infra.local.test_process import ROOT, environment

ROUTE = """
from chalice.app import Response
@blueprint.route("/version")
def version() -> Response:
    return Response({"version": %s})
"""


@contextmanager
def running(project: Path, **variables: str) -> Iterator[tuple[subprocess.Popen[str], IO[str], str]]:
    """Run the stack of a copy; yield the process, its output after the greeting, and its address."""
    given = {**environment(project / ".local", "0"), **variables, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "infra.local"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=project, env=given, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        timer = Timer(60, process.kill)
        timer.start()
        try:
            assert process.stdout is not None
            greeting = process.stdout.readline()
            assert greeting.startswith("Gatehouse runs at "), greeting
            yield process, process.stdout, greeting.split()[3].rstrip(".")
        finally:
            timer.cancel()
            process.kill()


def line_that_begins(output: IO[str], *beginnings: str) -> str:
    for line in output:
        if line.startswith(beginnings):
            return line
    raise AssertionError(beginnings)


def test_edits_reload_and_a_restart_keeps_what_was_stored(tmp_path: Path) -> None:
    """One process for all of it, since a start takes seconds."""
    for name in ("chalicelib", "infra", ".chalice"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "app.py", tmp_path)
    module = tmp_path / "chalicelib" / "api" / "routes" / "health.py"
    source = module.read_text(encoding="utf-8")
    place = "chalicelib/api/routes/health.py"
    with (
        running(tmp_path, KEEP="1") as (process, output, url),
        closing(ApiClient(url, "demo@example.com", PASSWORD)) as app,
    ):
        app.sign_in()
        module.write_text(source + ROUTE % "1", encoding="utf-8")
        assert line_that_begins(output, "Reloaded", "Not") == f"Reloaded: {place}\n"
        assert requests.get(f"{url}/version", timeout=10).json() == {"version": 1}
        assert app.me().status_code == 200, "table and key are the same"
        module.write_text(source + ROUTE % "(", encoding="utf-8")
        said = line_that_begins(output, "Reloaded", "Not")
        assert said.startswith(f"Not reloaded: the former code still runs. {place}:")
        assert requests.get(f"{url}/version", timeout=10).json() == {"version": 1}
        module.write_text(source + ROUTE % "1/0", encoding="utf-8")
        assert line_that_begins(output, "Reloaded", "Not").startswith("Reloaded")
        assert requests.get(f"{url}/version", timeout=10).status_code == 500
        assert line_that_begins(output, "ZeroDivisionError") == "ZeroDivisionError: division by zero\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    log = (tmp_path / ".local" / "gatehouse.log").read_text(encoding="utf-8")
    crashes = [line for line in map(json.loads, log.splitlines()) if line.get("message") == "crash"]
    assert [one["route"] for one in crashes] == ["GET /version"], "a reloaded logger knows its request"
    kept = tmp_path / ".local" / "kept.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    with (
        running(tmp_path, KEEP="1", PORT=url.rpartition(":")[2]) as (_, _, again),
        closing(ApiClient(again, "demo@example.com", PASSWORD)) as later,
    ):
        later.access_token = app.access_token
        assert later.me().status_code == 200, "the token of before the restart"
        assert later.refresh(app.refresh_token).status_code == 200


def test_a_watcher_reports_what_changed_and_nothing_else(tmp_path: Path) -> None:
    source = tmp_path / "chalicelib" / "a.py"
    source.parent.mkdir()
    source.write_text("a = 1")
    heard: list[set[Path]] = []
    watcher = Watcher(heard.append, tmp_path, 0.01)
    watcher.start()
    try:
        (tmp_path / "chalicelib" / "notes.txt").write_text("x")
        source.write_text("a = 12")
        until = time.monotonic() + 10
        while not heard and time.monotonic() < until:
            os.sched_yield()
    finally:
        watcher.stop()
    assert heard == [{source}]


def test_the_description_of_an_import_error_names_the_place() -> None:
    error = SyntaxError("invalid syntax", (str(ROOT / "chalicelib" / "functions" / "a.py"), 3, 1, "("))
    assert description(error) == "chalicelib/functions/a.py:3: invalid syntax"
    assert description(ValueError("no")) == "ValueError: no"
