"""`POST /oauth/introspect` (RFC 7662)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.domain.api_keys.api_key import owner_of_key
from chalicelib.domain.tokens.scopes import Scope
from tests.api.events import Answer, Gateway
from tests.api.key_requests import Key, created, exchanged_token, owner, signed_in
from tests.oauth.actors import EMAIL, PASSWORD, account

ISSUER = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/v1"
PERMISSION = "tokens:introspect"
INACTIVE = {"active": False}


@pytest.fixture
def resource_server(gateway: Gateway) -> Key:
    """Return the key of a server that checks tokens; its owner has another account than the tokens."""
    account(gateway.services, "server@example.com", "server", permissions=[PERMISSION])
    answer = gateway.token(grant_type="password", username="server", password=PASSWORD)
    return created(gateway, answer.json["access_token"])


def introspect(gateway: Gateway, key: Key, token: str) -> Answer:
    return gateway.form("/oauth/introspect", {"Authorization": key.basic}, token=token)


def test_an_active_token_is_described_with_exactly_these_members(
    gateway: Gateway, resource_server: Key
) -> None:
    token = owner(gateway, "a", "b")
    answer = introspect(gateway, resource_server, token)
    claims = gateway.services.verifier(ISSUER).verify(token)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {
        "active": True,
        "scope": "a b",
        "client_id": "mobile-app",
        "sub": claims.subject,
        "exp": claims.expires_at,
        "iat": claims.issued_at,
        "iss": ISSUER,
        "aud": ISSUER,
        "jti": claims.token_id,
        "token_type": "Bearer",
    }


def test_the_token_of_a_key_is_active_with_what_the_key_has_now(
    gateway: Gateway, resource_server: Key
) -> None:
    key = created(gateway, owner(gateway, "a", "b"))
    token = exchanged_token(gateway, key)
    assert introspect(gateway, resource_server, token).json["client_id"] == key.id
    user_id = owner_of_key(key.id) or ""
    gateway.services.administration.permit(user_id, Scope.of(()), Scope.of({"a"}), "operator")
    assert introspect(gateway, resource_server, token).json["scope"] == "b"
    gateway.services.administration.disable(user_id, "operator")
    assert introspect(gateway, resource_server, token).json == INACTIVE


def _refresh_token(gateway: Gateway) -> str:
    owner(gateway)
    answer = gateway.token(grant_type="password", username=EMAIL, password=PASSWORD)
    return str(answer.json["refresh_token"])


def _signed_out(gateway: Gateway) -> str:
    token = owner(gateway)
    gateway.protected("DELETE", "/me/sessions", token)
    return token


def _expired(gateway: Gateway) -> str:
    token = owner(gateway)
    gateway.services.adapters.clock.advance(3600)
    return token


def _of_another_audience(gateway: Gateway) -> str:
    claims = gateway.services.verifier(ISSUER).verify(owner(gateway)).to_mapping()
    key = gateway.services.adapters.keys.current().current
    return gateway.services.adapters.codec.sign({**claims, "aud": "https://other.example"}, key)


def _secret_of_a_key(gateway: Gateway) -> str:
    return created(gateway, owner(gateway)).secret


def _id_of_a_key(gateway: Gateway) -> str:
    return created(gateway, owner(gateway)).id


def _mangled(gateway: Gateway) -> str:
    return owner(gateway)[:-4] + "AAAA"


def _unknown(gateway: Gateway) -> str:
    return "unknown"


@pytest.mark.parametrize(
    "token_of",
    [
        _refresh_token,
        _signed_out,
        _expired,
        _of_another_audience,
        _secret_of_a_key,
        _id_of_a_key,
        _mangled,
        _unknown,
    ],
)
def test_everything_else_is_inactive_and_nothing_more(
    gateway: Gateway, resource_server: Key, token_of: Callable[[Gateway], str]
) -> None:
    answer = introspect(gateway, resource_server, token_of(gateway))
    assert (answer.status, answer.json) == (200, INACTIVE)


def test_nothing_is_spent(gateway: Gateway, resource_server: Key) -> None:
    token = _refresh_token(gateway)
    store = gateway.services.adapters.store
    before = dict(store.live)
    assert introspect(gateway, resource_server, token).json == INACTIVE
    assert store.live == before
    assert gateway.token(grant_type="refresh_token", refresh_token=token).status == 200


def test_the_key_may_be_in_the_body(gateway: Gateway, resource_server: Key) -> None:
    client = {"client_id": resource_server.id, "client_secret": resource_server.secret}
    answer = gateway.form("/oauth/introspect", token=owner(gateway), **client)
    assert answer.json["active"] is True
    both = gateway.form("/oauth/introspect", {"Authorization": resource_server.basic}, token="x", **client)
    assert both.error == (400, "invalid_request")


def test_a_key_without_the_permission_is_refused(gateway: Gateway) -> None:
    token = owner(gateway, PERMISSION, "a")
    key = created(gateway, token, scope="a")
    answer = introspect(gateway, key, token)
    assert answer.error == (403, "insufficient_scope")
    assert answer.headers["WWW-Authenticate"].endswith(f'scope="{PERMISSION}"')


def test_nobody_else_is_answered(gateway: Gateway) -> None:
    token = owner(gateway, PERMISSION)
    key = created(gateway, token)
    for headers, form in (
        ({}, {}),
        ({}, {"client_id": "mobile-app"}),
        ({}, {"client_id": key.id, "client_secret": "wrong"}),
        ({"Authorization": f"Bearer {token}"}, {}),
    ):
        answer = gateway.form("/oauth/introspect", headers, token=token, **form)
        assert answer.error == (401, "invalid_client")
        assert "WWW-Authenticate" not in answer.headers
    wrong = Key(key.id, key.secret[:-1])
    answer = introspect(gateway, wrong, token)
    assert answer.error == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="gatehouse"'


def test_the_form_is_read_as_strictly_as_others(gateway: Gateway, resource_server: Key) -> None:
    headers = {"Authorization": resource_server.basic}
    assert gateway.form("/oauth/introspect", headers).error == (400, "invalid_request")
    answer = gateway.send(
        "POST",
        "/oauth/introspect",
        headers={**headers, "Content-Type": "application/json"},
        body='{"token": "x"}',
    )
    assert answer.error == (400, "invalid_request")
    form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
    for body in ("token=a&token=b", "token=%ff", "token=" + "x" * 17_000):
        assert gateway.send("POST", "/oauth/introspect", headers=form, body=body).status == 400
    answer = gateway.send("POST", "/oauth/introspect", headers=form, body="", query="token=x")
    assert answer.error == (400, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_another_method_is_not_allowed(gateway: Gateway, method: str) -> None:
    answer = gateway.send(method, "/oauth/introspect")
    assert answer.error == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize("down", ["session", "api_key"])
def test_an_outage_makes_no_token_inactive(gateway: Gateway, resource_server: Key, down: str) -> None:
    token = signed_in(gateway) if account(gateway.services) else ""
    gateway.services.adapters.store.down.add(down)
    answer = introspect(gateway, resource_server, token)
    assert answer.error == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"]
