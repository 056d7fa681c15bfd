"""`python -m infra breach --api-keys`, as a drill with keys and the tokens that came from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.blackbox.local_deployment import LocalDeployment, staged
from tests.infra.operate.breached import report


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[LocalDeployment]:
    with staged(tmp_path) as running:
        yield running


def key_of(stage: LocalDeployment) -> dict[str, Any]:
    if not stage.services.adapters.api_keys.stored_keys("x"):
        stage.operate("users", "create-service", "--name", "robot")
    result = stage.operate("api-keys", "create", "robot", "--name", "x", "--json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout.splitlines()[-1]))


def token_of(stage: LocalDeployment, key: dict[str, Any]) -> str:
    form = {"grant_type": "client_credentials"}
    answer = requests.post(f"{stage.url}/oauth/token", data=form, auth=(key["id"], key["secret"]), timeout=20)
    return str(answer.json()["access_token"])


def statuses(stage: LocalDeployment, key: dict[str, Any], token: str) -> tuple[int, int]:
    by_key = requests.get(f"{stage.url}/me", auth=(key["id"], key["secret"]), timeout=20)
    headers = {"Authorization": f"Bearer {token}"}
    by_token = requests.get(f"{stage.url}/me", headers=headers, timeout=20)
    return by_key.status_code, by_token.status_code


def test_a_breach_ends_the_tokens_of_keys_and_on_request_the_keys(stage: LocalDeployment) -> None:
    key = key_of(stage)
    token = token_of(stage, key)
    assert statuses(stage, key, token) == (200, 200)
    assert stage.operate("breach", "--yes").exit_code == 0
    assert statuses(stage, key, token) == (200, 401)
    assert report(stage, 1)["api_keys_ended"] is None

    token = token_of(stage, key)
    dry = stage.operate("breach", "--dry-run", "--api-keys")
    assert "1 API keys would end." in dry.output
    assert statuses(stage, key, token) == (200, 200)
    asked = stage.operate("breach", "--api-keys", stdin="n\n")
    assert "End every session and every API key of stage local" in asked.output

    result = stage.operate("breach", "--yes", "--api-keys")
    assert result.exit_code == 0, result.output
    assert statuses(stage, key, token) == (401, 401)
    said = report(stage, 2)
    assert (said["api_keys"], said["api_keys_ended"]) == (True, 1)
    assert said["proof"]["an old API key is refused"] is True
    assert said["proof"]["an old access token of an API key is refused"] is True
    assert "ghs_" not in json.dumps(said) + result.output
    # A later breach without the option brings none of them back, and neither does a rotation.
    assert stage.operate("breach", "--yes").exit_code == 0
    assert stage.operate("keys", "rotate").exit_code == 0
    assert statuses(stage, key, token) == (401, 401)
    new = key_of(stage)
    assert statuses(stage, new, token_of(stage, new)) == (200, 200)


def test_a_restored_table_brings_no_key_back(stage: LocalDeployment) -> None:
    """The table is of a time before the breach, the secret is not."""
    key = key_of(stage)
    client, table = stage.deployment.client("dynamodb"), stage.deployment.settings.users_table
    before = client.scan(TableName=table)["Items"]
    assert stage.operate("breach", "--yes", "--api-keys").exit_code == 0
    for item in client.scan(TableName=table)["Items"]:
        client.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})
    for item in before:
        client.put_item(TableName=table, Item=item)
    assert statuses(stage, key, "")[0] == 401
