"""`python -m infra.local` as a process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Timer

import pytest

from infra.local.environment import stack_file
from infra.local.stack.demo import commands
from infra.local.stack.one_at_a_time import AlreadyRunningError, take_place
from infra.local.stack.server import listen

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-m", "infra.local"]


def environment(folder: Path, port: str) -> dict[str, str]:
    ours = {"PORT": port, "BCRYPT_COST": "4", "GATEHOUSE_STACK_FILE": str(folder / "stack.json")}
    return {**os.environ, **ours}


@contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a stack, and yield once it has printed that it runs."""
    variables = environment(folder, "0")
    with subprocess.Popen(COMMAND, cwd=ROOT, env=variables, text=True, stdout=subprocess.PIPE) as process:  # noqa: S603
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("Gatehouse runs at http://127.0.0.1:")
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_a_signal(tmp_path: Path, how: signal.Signals) -> None:
    file = tmp_path / "stack.json"
    with running(tmp_path) as process:
        described = json.loads(file.read_text())
        assert described["pid"] == process.pid
        assert set(described) == {
            "api_url",
            "aws_endpoint_url",
            "region",
            "users_table",
            "signing_secret_id",
            "pid",
        }
        process.send_signal(how)
        # A terminal and `make` may both send a signal.
        process.send_signal(how)
        assert process.wait(timeout=10) == 0
    assert not file.exists()
    assert list(tmp_path.iterdir()) == [tmp_path / "gatehouse.log"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the printed commands use curl")
def test_the_printed_commands_work_in_a_shell(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        api_url = json.loads((tmp_path / "stack.json").read_text())["api_url"]
        token, me, stranger = (
            subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True).stdout  # noqa: S603, S607
            for line in commands(api_url)
        )
        process.send_signal(signal.SIGTERM)
        printed = process.stdout.read() if process.stdout else ""
    assert json.loads(token)["token_type"] == "Bearer"
    assert json.loads(me)["email"] == "demo@example.com"
    assert stranger.startswith("HTTP/1.1 401 ")
    assert all(line in printed for line in commands(api_url))
    assert '{"' not in printed, "the functions log to the log file"
    assert "session_started" in (tmp_path / "gatehouse.log").read_text()


@pytest.mark.parametrize(
    ("port", "sentence"),
    [
        ("many", "PORT must be a port number, 0 to 65535, not 'many'."),
        ("99999", "PORT must be a port number"),
    ],
)
def test_an_invalid_port_is_one_line(tmp_path: Path, port: str, sentence: str) -> None:
    assert refused(tmp_path, port).startswith(sentence)


def test_a_second_one_in_a_checkout_is_refused_whatever_its_port(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        before = (tmp_path / "stack.json").read_text()
        url = json.loads(before)["api_url"]
        log = (tmp_path / "gatehouse.log").read_text()
        for port in ("0", url.rpartition(":")[2], "65535"):
            said = refused(tmp_path, port)
            assert said == f"A local stack runs in this checkout already, at {url}: stop it first.\n"
        assert (tmp_path / "stack.json").read_text() == before
        assert (tmp_path / "gatehouse.log").read_text() == log
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert not (tmp_path / "stack.json").exists()


def test_what_a_killed_stack_left_behind_stops_nobody(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        process.kill()
        process.wait(timeout=10)
        stale = (tmp_path / "stack.json").read_text()
    # As if another program had its process id by now.
    (tmp_path / "stack.json").write_text(stale.replace(f": {process.pid}", f": {os.getpid()}"))
    with running(tmp_path) as process:
        assert json.loads((tmp_path / "stack.json").read_text())["pid"] == process.pid


def test_one_that_is_starting_has_its_place_and_tells_its_address_as_soon_as_it_has_one(
    tmp_path: Path,
) -> None:
    file, log = tmp_path / "stack.json", tmp_path / "gatehouse.log"
    file.write_text('{"api_url": "http://127.0.0.1:1"}')
    with log.open("a") as first, log.open("a") as second:
        take_place(first, file)
        assert not file.exists(), "what was left behind says nothing about this one"
        writing = Timer(0.2, file.write_text, ['{"api_url": "http://127.0.0.1:2"}'])
        writing.start()
        with pytest.raises(AlreadyRunningError, match=r"at http://127\.0\.0\.1:2: stop it first"):
            take_place(second, file)
        writing.join()
    with log.open("a") as third:
        take_place(third, file)


def test_a_port_in_use_is_one_line_and_leaves_the_log_alone(tmp_path: Path) -> None:
    with closing(listen(0)) as listener:
        port = listener.getsockname()[1]
        log = tmp_path / ".local" / "gatehouse.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("lines of the running stack\n")
        assert refused(tmp_path, str(port)).startswith(f"Port {port} is in use")
        assert log.read_text() == "lines of the running stack\n"


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"BCRYPT_COST": "99"}, "BCRYPT_COST must be between 4 and 16, not 99."),
        ({"LOG_LEVEL": "WARNING"}, "LOG_LEVEL must be DEBUG or INFO, not 'WARNING'."),
        ({"AWS_PORT": "x"}, "AWS_PORT must be a port number, 0 to 65535, not 'x'."),
    ],
)
def test_an_invalid_setting_is_one_line(tmp_path: Path, setting: dict[str, str], sentence: str) -> None:
    assert refused(tmp_path, "0", setting) == sentence + "\n"


def test_a_missing_package_is_one_line_with_a_remedy(tmp_path: Path) -> None:
    """Python without site-packages is like an incomplete installation."""
    said = refused(tmp_path, "0", command=[sys.executable, "-S", "-m", "infra.local"])
    assert said.startswith("The installation is not complete (No module named '")
    assert said.endswith("): run `make clean`, then repeat the command.\n")


def test_the_description_file_of_another_stack_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    with stack_file(file, {"api_url": "a"}):
        file.write_text('{"pid": 1}')
    assert file.read_text() == '{"pid": 1}'


def refused(
    folder: Path, port: str, settings: dict[str, str] | None = None, command: list[str] = COMMAND
) -> str:
    """Return the line on standard error of a stack that does not start."""
    done = subprocess.run(  # noqa: S603
        command,
        cwd=ROOT,
        env=environment(folder, port) | (settings or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr
