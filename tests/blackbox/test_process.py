"""The stack as a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Timer

import pytest

from infra.local.stack.demo import commands
from infra.local.stack.server import listen
from infra.operate.api_client import ApiClient

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30


@contextmanager
def running(command: list[str], folder: Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Start a process in a group of its own, and leave nothing of that group behind."""
    with subprocess.Popen(  # noqa: S603 - our own commands
        command,
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **variables},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def heard(process: subprocess.Popen[str], beginning: str) -> str:
    """Return a line that begins so, as soon as a process has said it."""
    assert process.stdout is not None
    said = []
    with patience(process):
        for line in process.stdout:
            if line.startswith(beginning):
                return line
            said.append(line)
    raise AssertionError("".join(said))


@contextmanager
def patience(process: subprocess.Popen[str]) -> Iterator[None]:
    """End a process that keeps a test waiting for too long."""
    timer = Timer(PATIENCE_SECONDS, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def free_port() -> int:
    with closing(listen(0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(shutil.which("curl") is None, reason="the greeting is for people who have curl")
def test_a_whole_run(tmp_path: Path) -> None:
    """Start on a port, do what the greeting says, stop, and be gone within three seconds."""
    port, file = free_port(), tmp_path / "stack.json"
    command = [sys.executable, "-m", "infra.local"]
    variables = {"PORT": str(port), "BCRYPT_COST": "4", "GATEHOUSE_STACK_FILE": str(file)}
    with running(command, ROOT, **variables) as process:
        heard(process, "Gatehouse runs at ")
        stack = json.loads(file.read_text())
        assert stack["api_url"] == f"http://127.0.0.1:{port}"
        outputs = [
            subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout  # noqa: S603, S607
            for line in commands(stack["api_url"])
        ]
        assert json.loads(outputs[0])["token_type"] == "Bearer"
        assert json.loads(outputs[1])["email"] == "demo@example.com"
        assert outputs[2].startswith("HTTP/1.1 401 ")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
        assert time.monotonic() - began < 3
        assert not group_lives(process.pid)
        printed = process.stdout.read() if process.stdout else ""
    assert all(line in printed for line in commands(stack["api_url"]))
    assert not file.exists()
    with closing(listen(port)):
        pass  # free again


def test_a_request_under_way_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """An idle connection and a half-sent request are no reason to stay."""
    file = tmp_path / "stack.json"
    command = [sys.executable, "-m", "infra.local"]
    with running(command, ROOT, PORT="0", BCRYPT_COST="4", GATEHOUSE_STACK_FILE=str(file)) as process:
        heard(process, "Gatehouse runs at ")
        url = json.loads(file.read_text())["api_url"]
        with closing(ApiClient(url, "demo@example.com", "open the gate, please")) as app:
            assert app.sign_in().status_code == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=3) == 0
