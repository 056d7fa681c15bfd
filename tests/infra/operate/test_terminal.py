"""What a stranger wrote, on the terminal of an operator."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from infra.operate.cli import ErrorReportingGroup
from infra.operate.deployment import NoDeployment
from infra.operate.terminal import escaped, say
from tests.blackbox.local_deployment import LocalDeployment, staged

ROOT = Path(__file__).parents[3]
HOSTILE = {
    "csi": "\x9b31m",
    "escape": "\x1b[2J",
    "bell": "\a",
    "line feed": "\n",
    "delete": "\x7f",
    "right-to-left override": "\u202e",
    "isolate": "\u2066",
    "zero width joiner": "\u200d",
    "soft hyphen": "\xad",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "surrogate": "\ud800",
    "private use": "\ue000",
    "tag": "\U000e0041",
    "unassigned": "\U000e0fff",
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    with staged(tmp_path_factory.mktemp("stage")) as running:
        yield running


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_could_control_a_terminal_is_escaped(text: str) -> None:
    shown = escaped(f"a{text}z")
    assert shown.startswith("a\\")
    assert shown.endswith("z")
    assert shown.isascii()
    assert shown.isprintable()


@pytest.mark.parametrize("text", ["plain, with: signs\\", "Grüße", "Алиса", "山田 花子", "🔑", "é"])
def test_what_people_write_is_left_alone(text: str) -> None:
    assert escaped(text) == text


def test_one_module_prints() -> None:
    places = (ROOT / "infra" / "operate").rglob("*.py")
    printing = [
        path.name for path in places if re.search(r"click\.(echo|secho|confirm)|\bprint\(", path.read_text())
    ]
    assert printing == ["terminal.py"]


def test_a_user_agent_reaches_no_terminal_as_it_was_sent(stage: LocalDeployment) -> None:
    app = stage.visitor()
    form = {"grant_type": "password", "username": app.username, "password": app.password}
    agent = b"app \xc2\x9b2J \xe2\x80\xae x".decode("latin-1")
    assert app.token(form, headers={"User-Agent": agent}).status_code == 200
    said = stage.operate("sessions", "explain", app.username)
    assert said.exit_code == 0
    assert not set(said.stdout) & {"\x9b", "\u202e", "\x80"}
    assert "(app " in said.stdout
    assert "\\x9b2J" in said.stdout


def test_an_error_reaches_no_terminal_as_it_was_worded() -> None:
    @click.group(cls=ErrorReportingGroup)
    def group() -> None:
        """Fail."""

    @group.command()
    def fail() -> None:
        raise NoDeployment("no \x1b[2J stack")

    result = CliRunner().invoke(group, ["fail"])
    assert (result.exit_code, result.stderr) == (1, "Error: no \\x1b[2J stack\n")


def test_output_that_cannot_be_written_is_said_with_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("infra.operate.terminal.click.echo", full)
    with pytest.raises(click.ClickException) as refused:
        say("Created a@example.com.")
    assert "the command has done this: Created a@example.com." in refused.value.message


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_no_encoding_of_a_terminal_stops_a_command(stage: LocalDeployment, encoding: str) -> None:
    """The command runs in a process of its own: the encoding of a stream is decided at its start."""
    name = f"Алиса{ord(encoding[0])}"
    command = ["-m", "infra", "users", "create", "--email", f"{encoding}@почта.com", "--username", name]
    done = operate(stage, *command, "--password-stdin", encoding=encoding)
    assert (done.returncode, done.stderr.count(b"Traceback")) == (0, 0), done.stderr
    shown = operate(stage, "-m", "infra", "users", "show", name, encoding=encoding)
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert f"email        {encoding}@xn--80a1acny.com\n".encode() in shown.stdout


def operate(stage: LocalDeployment, *words: str, encoding: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command with another Python's output in an encoding."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": encoding,
        "PYTHONUTF8": "1",
        "GATEHOUSE_STACK_FILE": str(stage.folder / ".local" / "stack.json"),
    }
    return subprocess.run(  # noqa: S603 - our own words
        [sys.executable, *words],
        cwd=stage.folder,
        env=environment,
        input=b"correct horse battery staple",
        capture_output=True,
        check=False,
        timeout=60,
    )
