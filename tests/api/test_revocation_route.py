"""POST /oauth/revoke over events (RFC 7009)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.events import FORM, Denied, Gateway
from tests.oauth.actors import EMAIL, PASSWORD, account

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@pytest.fixture
def tokens(gateway: Gateway) -> dict[str, Any]:
    account(gateway.services)
    return gateway.token(grant_type="password", username=EMAIL, password=PASSWORD).json


def lives(gateway: Gateway, tokens: dict[str, Any]) -> bool:
    try:
        return gateway.protected("GET", "/me", tokens["access_token"]).status == 200
    except Denied:
        return False


@pytest.mark.parametrize("hint", ["refresh_token", "access_token", "something_else", ""])
@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_a_token_of_either_kind_is_revoked_whatever_the_hint(
    gateway: Gateway, tokens: dict[str, Any], kind: str, hint: str
) -> None:
    answer = gateway.form("/oauth/revoke", token=tokens[kind], token_type_hint=hint)
    assert (answer.status, answer.json, dict(answer.headers)) == (200, {}, NO_STORE)
    assert not lives(gateway, tokens)


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_a_dead_token_is_answered_as_a_live_one(gateway: Gateway, tokens: dict[str, Any], kind: str) -> None:
    first = gateway.form("/oauth/revoke", token=tokens[kind])
    again = gateway.form("/oauth/revoke", token=tokens[kind])
    assert (first.status, first.text, first.headers) == (again.status, again.text, again.headers)


@pytest.mark.parametrize("token", ["x", "ghr_" + "A" * 112, "a.b.c", "\u00e9", "\x00", " "])
def test_an_unknown_token_is_answered_alike(gateway: Gateway, tokens: dict[str, Any], token: str) -> None:
    assert gateway.form("/oauth/revoke", token=token).status == 200
    assert lives(gateway, tokens)


def test_the_token_of_another_client_is_not_revoked_and_that_is_said(
    gateway: Gateway, tokens: dict[str, Any]
) -> None:
    for kind in ("refresh_token", "access_token"):
        answer = gateway.form("/oauth/revoke", token=tokens[kind], client_id="web-app")
        assert answer.error == (400, "invalid_grant")
    assert lives(gateway, tokens)


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({}, (400, "invalid_request")),
        ({"token": ""}, (400, "invalid_request")),
        ({"token": "x", "client_id": "unknown"}, (401, "invalid_client")),
        ({"token": "x", "client_secret": "s"}, (401, "invalid_client")),
    ],
)
def test_a_malformed_request_is_refused(
    gateway: Gateway, parameters: dict[str, str], error: tuple[int, str]
) -> None:
    assert gateway.form("/oauth/revoke", **parameters).error == error


def test_a_token_in_the_query_is_refused(gateway: Gateway, tokens: dict[str, Any]) -> None:
    answer = gateway.send(
        "POST", "/oauth/revoke", headers={"Content-Type": FORM}, query=f"token={tokens['refresh_token']}"
    )
    assert answer.error == (400, "invalid_request")
    assert lives(gateway, tokens)


def test_a_json_body_is_refused(gateway: Gateway) -> None:
    answer = gateway.send("POST", "/oauth/revoke", headers={"Content-Type": "application/json"}, body="{}")
    assert answer.error == (400, "invalid_request")
