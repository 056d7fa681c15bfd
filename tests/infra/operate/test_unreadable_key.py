"""Somebody has edited the signing secret: what the commands make of it, and the way out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.dynamodb.system import DynamoDBSystem
from chalicelib.adapters.secrets_manager.versions import SecretsManagerVersions
from chalicelib.domain.errors import Unavailable
from tests.blackbox.local_deployment import LocalDeployment, staged
from tests.infra.operate.breached import EVERY_DOOR_SHUT, knock, phones, report, works_again
from tests.infra.operate.unreadable import NO_KEY, spoil_key

VALUES: list[dict[str, Any]] = [
    {"SecretString": NO_KEY},
    {"SecretString": '{"alg": "HS256", "key": "short"}'},
    {"SecretString": "[" * 100_000},
    {"SecretBinary": b"\x00\x01"},
]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[LocalDeployment]:
    with staged(tmp_path) as running:
        yield running


@pytest.mark.parametrize("value", VALUES, ids=["text", "a short key", "too deep", "binary"])
def test_a_breach_is_the_way_out(stage: LocalDeployment, value: dict[str, Any]) -> None:
    apps = phones(stage)
    spoil_key(stage, **value)
    result = stage.operate("breach", "--yes")
    # Warm functions have their keys for a while; so somebody could sign in before, and it is proven.
    assert result.exit_code == 0, result.output
    assert "the signing key is unreadable: used the epoch of the table" in result.output
    said = report(stage, 100)
    assert (said["resumed"], said["sessions_ended"], said["finished"]) == (False, 6, True)
    assert all(knock(app) == EVERY_DOOR_SHUT for app in apps)
    assert all(works_again(app) for app in apps)
    assert stage.operate("keys", "rotate").exit_code == 0
    assert NO_KEY not in result.output


def test_a_session_of_an_interrupted_run_ends_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its key was ahead of the table, and told so until it was edited."""

    def stop(*_: Any, **__: Any) -> bool:
        raise Unavailable("aws ThrottlingException")

    with staged(tmp_path, KEY_CACHE_SECONDS=0) as stage:
        with monkeypatch.context() as patch:
            patch.setattr(DynamoDBSystem, "advance_epoch", stop)
            for _ in range(3):
                assert stage.operate("breach", "--yes").exit_code == 1
        services = stage.deployment.services
        assert (services.key_rotation.current().epoch, services.adapters.system.state().epoch) == (3, 0)
        app = stage.signed_in()
        spoil_key(stage)
        # No function keeps its keys here, so nobody could sign in before: it is done, and not proven.
        assert stage.operate("breach", "--yes").exit_code == 1
        assert report(stage, 100)["finished"]
        assert knock(app) == EVERY_DOOR_SHUT
        assert works_again(app)
        assert stage.operate("breach", "--yes").exit_code == 0


def test_the_state_of_the_keys_can_be_seen(stage: LocalDeployment) -> None:
    before = stage.operate("keys", "status").output.splitlines()
    version = spoil_key(stage)
    result = stage.operate("keys", "status")
    assert result.exit_code == 0
    lines = {line.split()[0]: line for line in result.output.splitlines()}
    assert len(lines) == len(before) + 1
    assert lines[version].endswith("AWSCURRENT  unreadable")
    assert sum(line.endswith("AWSPREVIOUS") for line in lines.values()) == 1
    assert NO_KEY not in result.output


def test_a_rotation_refuses_and_names_the_way_out(stage: LocalDeployment) -> None:
    spoil_key(stage)
    result = stage.operate("keys", "rotate")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: The value of the signing secret is not a key; it may have been edited: "
        "`python -m infra breach` replaces it, and signs everybody out.\n"
    )


@pytest.mark.parametrize("command", ["keys rotate", "breach --yes"])
def test_a_secret_without_a_current_version_is_reported_in_one_sentence(
    stage: LocalDeployment, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(SecretsManagerVersions, "labels", lambda _: {})
    result = stage.operate(*command.split())
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: The signing key cannot be replaced: the secret has no current version.\n"
