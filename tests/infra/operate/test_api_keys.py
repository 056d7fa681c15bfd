"""`python -m infra api-keys …` and `users create-service`."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from chalicelib.domain.api_keys.api_key import ApiKeySecret
from tests.blackbox.local_deployment import LocalDeployment, staged


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    with staged(tmp_path_factory.mktemp("stage"), MAX_API_KEYS=4) as running:
        yield running


@pytest.fixture(scope="module")
def robot(stage: LocalDeployment) -> str:
    result = stage.operate("users", "create-service", "--name", "robot", "--permission", "users:read")
    assert result.exit_code == 0, result.output
    assert "Created the service account robot with id" in result.output
    return "robot"


def status(stage: LocalDeployment, key_id: str, secret: str) -> int:
    return requests.get(f"{stage.url}/me", auth=(key_id, secret), timeout=20).status_code


def created(stage: LocalDeployment, *arguments: str) -> dict[str, Any]:
    result = stage.operate("api-keys", "create", *arguments, "--json")
    assert result.exit_code == 0, result.output
    # The stack in this process, which sends the mail, writes its log to the same place.
    return dict(json.loads(result.stdout.splitlines()[-1]))


def revoke_all(stage: LocalDeployment, user: str) -> None:
    for one in json.loads(stage.operate("api-keys", "list", user, "--json").stdout):
        assert stage.operate("api-keys", "revoke", one["id"]).exit_code == 0


@pytest.fixture(autouse=True)
def none_left(stage: LocalDeployment, robot: str) -> Iterator[None]:
    yield
    revoke_all(stage, robot)


def test_a_service_account_has_no_address_and_nobody_signs_in_to_it(
    stage: LocalDeployment, robot: str
) -> None:
    shown = stage.operate("users", "show", robot).output
    assert "email        - (service account)" in shown
    for name in (robot, ""):
        form = {"grant_type": "password", "username": name, "password": "x"}
        answer = requests.post(f"{stage.url}/oauth/token", data=form, timeout=20)
        assert answer.json()["error"] == ("invalid_grant" if name else "invalid_request")
    assert stage.operate("users", "create-service", "--name", robot).exit_code == 1
    assert stage.operate("sessions", "explain", robot).exit_code == 0


def test_the_secret_is_printed_once_and_the_key_works(stage: LocalDeployment, robot: str) -> None:
    result = stage.operate("api-keys", "create", robot, "--name", "CI", "--expires-in", "90d")
    assert result.exit_code == 0, result.output
    fields = dict(line.split(None, 1) for line in result.stdout.splitlines()[:4])
    assert set(fields) == {"id", "secret", "scope", "expires"}
    assert result.output.count(fields["secret"]) == 1
    assert "the secret above is not shown again" in result.output
    answer = requests.get(f"{stage.url}/me", auth=(fields["id"], fields["secret"]), timeout=20)
    assert (answer.status_code, answer.json()["email"]) == (200, None)
    assert answer.json()["scope"] == "users:read"
    listed = stage.operate("api-keys", "list", robot).output
    assert fields["id"] in listed
    assert fields["secret"] not in listed


def test_scope_is_what_is_named(stage: LocalDeployment, robot: str) -> None:
    assert created(stage, robot, "--name", "a", "--scope", "")["scope"] == ""
    assert created(stage, robot, "--name", "b", "--scope", "users:read")["scope"] == "users:read"
    refused = stage.operate("api-keys", "create", robot, "--name", "c", "--scope", "users:write")
    assert refused.exit_code == 1
    assert "exceeds what may be granted" in refused.output


def test_a_file_is_new_and_for_its_owner_only(stage: LocalDeployment, robot: str) -> None:
    for _ in range(2):
        result = stage.operate("api-keys", "create", robot, "--name", "x", "--to-file", "key.json")
    assert result.exit_code == 1
    assert "cannot be created" in result.output
    file = stage.folder / "key.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    held = json.loads(file.read_text())
    assert set(held) == {"client_id", "client_secret"}
    assert held["client_secret"] not in result.output
    assert status(stage, held["client_id"], held["client_secret"]) == 200
    file.unlink()
    # A refused creation leaves no empty file.
    refused = stage.operate("api-keys", "create", robot, "--name", "", "--to-file", "key.json")
    assert refused.exit_code == 1
    assert not file.exists()


def test_secrets_manager_takes_the_secret_but_never_over_something_else(
    stage: LocalDeployment, robot: str
) -> None:
    client = boto3.client(
        "secretsmanager",
        region_name=stage.deployment.settings.aws_region,
        endpoint_url=stage.deployment.settings.aws_endpoint_url,
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    for _ in range(2):
        result = stage.operate("api-keys", "create", robot, "--name", "x", "--to-secret", "gatehouse-robot")
        assert result.exit_code == 0, result.output
        held = json.loads(client.get_secret_value(SecretId="gatehouse-robot")["SecretString"])
        assert status(stage, held["client_id"], held["client_secret"]) == 200
        assert held["client_secret"] not in result.output
    client.create_secret(Name="gatehouse-other", SecretString="a password")
    for name in ("gatehouse-other", stage.deployment.settings.signing_secret_id, "prod/signing-key"):
        refused = stage.operate("api-keys", "create", robot, "--name", "x", "--to-secret", name)
        assert refused.exit_code == 1, name
    assert len(json.loads(stage.operate("api-keys", "list", robot, "--json").stdout)) == 2


def test_rotate_ends_the_old_key_after_a_time(stage: LocalDeployment, robot: str) -> None:
    old = created(stage, robot, "--name", "x", "--expires-in", "90d", "--scope", "users:read")
    result = stage.operate("api-keys", "rotate", old["id"], "--grace", "1h", "--json")
    assert result.exit_code == 0, result.output
    new = json.loads(result.stdout)
    assert (new["name"], new["scope"]) == (old["name"], old["scope"])
    assert new["expires_at"] is not None
    for key in (old, new):
        assert status(stage, key["id"], key["secret"]) == 200
    listed = {one["id"]: one for one in json.loads(stage.operate("api-keys", "list", robot, "--json").stdout)}
    assert listed[old["id"]]["expires_at"] < old["expires_at"]
    result = stage.operate("api-keys", "rotate", new["id"], "--grace", "0s")
    assert "The old key has ended." in result.output
    assert status(stage, new["id"], new["secret"]) == 401


def test_revoke_ends_a_key_at_once(stage: LocalDeployment, robot: str) -> None:
    key = created(stage, robot, "--name", "x")
    assert stage.operate("api-keys", "revoke", key["id"]).exit_code == 0
    assert status(stage, key["id"], key["secret"]) == 401
    again = stage.operate("api-keys", "revoke", key["id"])
    assert (again.exit_code, again.output) == (1, "Error: There is no such API key.\n")
    assert stage.operate("api-keys", "rotate", "nonsense").exit_code == 1


def test_a_persons_keys_are_made_for_them_and_they_are_told(stage: LocalDeployment) -> None:
    email = stage.account()
    key = created(stage, email, "--name", "x")
    assert status(stage, key["id"], key["secret"]) == 200
    assert stage.operate("users", "disable", email).exit_code == 0
    refused = stage.operate("api-keys", "create", email, "--name", "x")
    assert (refused.exit_code, refused.output) == (1, "Error: A disabled account gets no API key.\n")
    assert stage.operate("users", "enable", email).exit_code == 0
    assert status(stage, key["id"], key["secret"]) == 401


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "robot"),
        ("create", "robot", "--name", "x", "--expires-in", "soon"),
        ("create", "robot", "--name", "x", "--to-file", "a", "--to-secret", "b"),
        ("rotate", "ghk_x", "--grace", "1"),
    ],
)
def test_a_mistaken_command_line_is_exit_code_2(stage: LocalDeployment, arguments: tuple[str, ...]) -> None:
    assert stage.operate("api-keys", *arguments).exit_code == 2


def test_more_keys_than_allowed_and_unknown_owners_are_refused(stage: LocalDeployment, robot: str) -> None:
    for _ in range(4):
        created(stage, robot, "--name", "x")
    full = stage.operate("api-keys", "create", robot, "--name", "x")
    assert full.exit_code == 1
    assert "conflicts" in full.output
    assert (
        stage.operate("api-keys", "create", "nobody", "--name", "x").output
        == "Error: There is no such user.\n"
    )
    for command in ("create", "list", "revoke", "rotate"):
        assert stage.operate("api-keys", command, "--help").exit_code == 0


def test_a_secret_that_cannot_be_handed_over_leaves_no_key(
    stage: LocalDeployment, robot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_text", fail)
    result = stage.operate("api-keys", "create", robot, "--name", "x", "--to-file", "key.json")
    assert result.exit_code == 1
    monkeypatch.undo()
    assert json.loads(stage.operate("api-keys", "list", robot, "--json").stdout) == []
    assert not (stage.folder / "key.json").exists()


def test_a_service_account_is_deleted_with_its_keys(stage: LocalDeployment) -> None:
    assert stage.operate("users", "create-service", "--name", "gone").exit_code == 0
    key = created(stage, "gone", "--name", "x")
    assert ApiKeySecret.parse(key["secret"])
    assert stage.operate("users", "delete", "gone", "--yes").exit_code == 0
    assert status(stage, key["id"], key["secret"]) == 401
