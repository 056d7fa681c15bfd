"""What every command of `python -m infra` has in common, and the smaller ones."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import chdir, closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from infra.__main__ import main
from infra.local.stack.server import listen
from tests.blackbox.local_deployment import LocalDeployment, staged


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    with staged(tmp_path_factory.mktemp("stage")) as running:
        yield running


def commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command with the words that call it."""
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = dict(commands(main))
LEAVES = [words for words, command in ALL.items() if not isinstance(command, click.Group)]


@pytest.mark.parametrize("words", [(), *ALL], ids=" ".join)
def test_help_says_what_a_command_and_each_option_does(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*words, "--help"])
    assert result.exit_code == 0
    assert re.search(r"^  [A-Z].+", result.output, re.MULTILINE)
    for option in ALL[words].params if words else []:
        if isinstance(option, click.Option):
            assert option.help, option.name
            assert option.help.endswith((".", "]", "…")), option.help


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_an_unknown_option_is_a_usage_error(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*words, "--no-such-option"])
    assert result.exit_code == 2
    assert "No such option" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["users", "show", "a@example.com"],
        ["sessions", "explain", "a@example.com"],
        ["keys", "status"],
        ["breach", "--dry-run"],
        ["smoke"],
    ],
    ids=" ".join,
)
def test_without_a_stack_it_says_how_to_start_one(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: No local stack is running here: start one with `make run`.\n"


def test_a_command_leaves_the_environment_of_its_process_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    CliRunner().invoke(main, ["keys", "status"])
    assert dict(os.environ) == before


def test_a_stack_that_has_gone_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with staged(tmp_path) as gone:
        file = tmp_path / ".local" / "stack.json"
        left_behind = file.read_text()
        assert gone.operate("keys", "status").exit_code == 0
    file.write_text(left_behind)
    monkeypatch.chdir(tmp_path)
    for arguments in (["users", "show", "a@example.com"], ["keys", "rotate"], ["breach", "--yes"]):
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 1
        assert isinstance(result.exception, SystemExit)
        assert result.stderr.count("\n") == 1


def test_sessions_are_explained_in_words(stage: LocalDeployment) -> None:
    app = stage.visitor()
    said = stage.operate("sessions", "explain", app.username)
    app.sign_in()
    whom = f"{app.username} (id {app.me().json()['id']})"
    assert said.output == f"Sessions of {whom}:\nNothing is known of any session.\n"
    assert " is signed in, last used " in stage.operate("sessions", "explain", app.username).output
    app.send("DELETE", "/me/sessions", headers={"Authorization": f"Bearer {app.access_token}"})
    app.sign_in()
    app.send("POST", "/oauth/revoke", data={"token": app.refresh_token})
    said = stage.operate("sessions", "explain", app.username)
    assert said.exit_code == 0
    assert said.output.startswith(f"Sessions of {whom}:\n")
    assert "its user signed out on every device" in said.output
    assert "the app revoked its token" in said.output
    assert len(said.output.splitlines()) == 3


def test_sessions_are_ended(stage: LocalDeployment) -> None:
    app = stage.signed_in()
    other = stage.signed_in(app.username)
    bystander = stage.signed_in()
    whom = f"{app.username} (id {app.me().json()['id']})"
    said = stage.operate("sessions", "end", app.username.upper())
    assert said.stdout == f"2 sessions of {whom} ended.\n"
    assert {app.me().status_code, other.me().status_code} == {401}
    assert bystander.me().status_code == 200
    assert stage.operate("sessions", "end", app.username).stdout.startswith("0 sessions ")
    assert "an administrator ended it" in stage.operate("sessions", "explain", app.username).output
    stage.operate("users", "disable", app.username)
    explained = stage.operate("sessions", "explain", app.username).output
    assert explained.startswith(f"Sessions of {whom}:\nThe account is disabled and cannot sign in.\n")


@pytest.mark.parametrize("command", ["explain", "end"])
def test_sessions_of_nobody(stage: LocalDeployment, command: str) -> None:
    result = stage.operate("sessions", command, "nobody@example.com")
    assert (result.exit_code, result.stderr) == (1, "Error: There is no such user.\n")


def test_keys_are_shown_and_rotated(stage: LocalDeployment) -> None:
    app = stage.signed_in()
    before = stage.operate("keys", "status").output.splitlines()
    rotated = stage.operate("keys", "rotate")
    assert rotated.exit_code == 0
    assert re.match(r"Rotated: version [0-9a-f-]{36} signs now; ", rotated.stdout)
    after = stage.operate("keys", "status").output.splitlines()
    assert len(after) == len(before) + 1
    labels = {line.split()[0]: line for line in after[1:]}
    version = rotated.stdout.split()[2]
    assert labels[version].endswith("AWSCURRENT")
    assert sum(line.endswith("AWSPREVIOUS") for line in after) == 1
    assert not any("AWSPENDING" in line for line in after)
    assert app.me().status_code == 200
    assert stage.signed_in().me().status_code == 200


@pytest.mark.parametrize(
    "arguments", [["users", "show", "a@example.com"], ["keys", "status"], ["smoke"]], ids=" ".join
)
def test_a_local_stack_that_is_gone_is_told_with_what_to_do(arguments: list[str], tmp_path: Path) -> None:
    """A stack that was killed leaves its file behind."""
    with closing(listen(0)) as listener:
        port = listener.getsockname()[1]
    stack = {
        "api_url": "http://127.0.0.1:1",
        "aws_endpoint_url": f"http://127.0.0.1:{port}",
        "region": "us-east-1",
        "users_table": "gatehouse-local",
        "signing_secret_id": "gatehouse-local",
    }
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "stack.json").write_text(json.dumps(stack))
    with chdir(tmp_path):
        result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert result.output == f"Error: No local stack answers at 127.0.0.1:{port}: start one with `make run`.\n"
