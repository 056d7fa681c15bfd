"""Gatehouse on loopback in this process, as other tests use it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from infra.local.stack.demo import PASSWORD
from infra.local.stack.local_stack import LocalStack
from infra.local.stack.resources import client
from infra.local.stack.server import PortInUseError
from tests.infra.local.test_http import get, send

QUICK = {"BCRYPT_COST": "4", "GATEHOUSE_STACK_FILE": "/nowhere/stack.json"}


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(environment=QUICK) as running:
        yield running


def port_of(stack: LocalStack) -> int:
    return int(stack.api_url.rpartition(":")[2])


def sign_in(stack: LocalStack, email: str) -> dict[str, Any]:
    form = urlencode({"grant_type": "password", "username": email, "password": PASSWORD}).encode()
    head = f"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: {len(form)}\r\n"
    kind = "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    status, _, body = send(port_of(stack), (head + kind).encode() + form)
    assert status == 200, body
    tokens: dict[str, Any] = json.loads(body)
    return tokens


@pytest.mark.parametrize(
    ("email", "scope"), [("demo@example.com", ""), ("admin@example.com", "users:read users:write")]
)
def test_both_demo_accounts_can_sign_in(stack: LocalStack, email: str, scope: str) -> None:
    tokens = sign_in(stack, email)
    assert tokens["scope"] == scope
    bearer = f"Authorization: bearer {tokens['access_token']}\r\n".encode()
    status, _, body = get(port_of(stack), "/me", bearer)
    assert status == 200
    assert json.loads(body)["email"] == email


def test_the_authorizer_denies_an_invalid_token(stack: LocalStack) -> None:
    status, headers, body = get(port_of(stack), "/me", b"Authorization: Bearer x.y.z\r\n")
    assert (status, json.loads(body)["error"]) == (401, "invalid_token")
    assert headers["WWW-Authenticate"] == 'Bearer realm="gatehouse", error="invalid_token"'


def test_describe_has_addresses_and_names(stack: LocalStack) -> None:
    described = stack.describe()
    assert set(described) == {"api_url", "aws_endpoint_url", "region", "users_table", "signing_secret_id"}
    assert described["aws_endpoint_url"] != described["api_url"]
    secret = client("secretsmanager", described["aws_endpoint_url"])
    assert (
        secret.describe_secret(SecretId=described["signing_secret_id"])["Name"]
        == described["signing_secret_id"]
    )
    secret.close()


def test_the_environment_has_the_stacks_own_settings(stack: LocalStack) -> None:
    assert stack.environment["ISSUER"] == stack.api_url
    assert stack.environment["USERS_TABLE"] == stack.users_table
    assert stack.environment["AUTHORIZER_CACHE_SECONDS"] == "60"
    assert "GATEHOUSE_STACK_FILE" not in stack.environment


def test_a_port_in_use_is_an_error_before_anything_is_created(stack: LocalStack) -> None:
    before = dict(os.environ)
    with pytest.raises(PortInUseError), LocalStack(port=port_of(stack)):
        raise AssertionError
    assert dict(os.environ) == before


def test_no_real_credentials_can_be_used(stack: LocalStack) -> None:
    assert os.environ["AWS_ACCESS_KEY_ID"] == "local"
    assert "AWS_PROFILE" not in os.environ


def test_a_failed_start_leaves_nothing_behind(stack: LocalStack, tmp_path: Path) -> None:
    before = dict(os.environ)
    file = tmp_path / "stack.json"
    broken = LocalStack(environment={"BCRYPT_COST": "many"}, file=file)
    with pytest.raises(ValueError, match="BCRYPT_COST"), broken:
        raise AssertionError
    assert dict(os.environ) == before
    assert not file.exists()
