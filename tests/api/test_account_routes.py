"""/me, /me/sessions, /admin and /health over the gateway's way from authorizer to function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.tokens.scopes import Scope
from tests.api.events import Denied, Gateway, authorize, invoke, proxy_event, stringified
from tests.changes import ACTOR, set_disabled
from tests.fakes import FakeAdapters
from tests.oauth.actors import EMAIL, PASSWORD, USERNAME, account

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
INVALID = {"WWW-Authenticate": 'Bearer realm="gatehouse", error="invalid_token"'}
BOB = "bob@example.com"


def tokens(gateway: Gateway, username: str = EMAIL, **headers: str) -> dict[str, Any]:
    return gateway.token(headers, grant_type="password", username=username, password=PASSWORD).json


@pytest.fixture
def alice(gateway: Gateway) -> dict[str, Any]:
    account(gateway.services)
    return tokens(gateway, **{"User-Agent": "Phone/1"})


@pytest.fixture
def admin(gateway: Gateway) -> dict[str, Any]:
    account(gateway.services, "admin@example.com", None, ["users:read", "users:write"])
    return tokens(gateway, "admin@example.com")


def test_me_is_the_account_and_the_session_that_asks(gateway: Gateway, alice: dict[str, Any]) -> None:
    answer = gateway.protected("GET", "/me", alice["access_token"])
    assert answer.status == 200
    assert dict(answer.headers) == NO_STORE
    body = answer.json
    session = body.pop("session")
    (user_id,) = gateway.services.adapters.store.accounts
    assert body == {
        "id": user_id,
        "email": EMAIL,
        "username": USERNAME,
        "permissions": ["things:read", "things:write"],
        "disabled": False,
        "metadata": {},
        "created_at": "2023-11-14T22:13:20Z",
        "scope": "things:read things:write",
    }
    assert session == {
        "id": next(session_id for _, session_id in gateway.services.adapters.store.live),
        "current": True,
        "client_id": "mobile-app",
        "created_at": "2023-11-14T22:13:20Z",
        "last_used_at": "2023-11-14T22:13:20Z",
        "expires_at": "2023-12-14T22:13:20Z",
        "user_agent": "Phone/1",
        "address": "192.0.2.1",
        "country": "",
    }


def test_no_answer_holds_a_password_hash_or_a_part_of_a_token(
    gateway: Gateway, alice: dict[str, Any]
) -> None:
    for path in ("/me", "/me/sessions"):
        text = gateway.protected("GET", path, alice["access_token"]).text
        assert "$fake$" not in text
        assert alice["refresh_token"][50:70] not in text


def after(gateway: Gateway, alice: dict[str, Any], change: str) -> tuple[int, str]:
    """What /me answers on claims that the gateway cached before the change."""
    policy = authorize(f"Bearer {alice['access_token']}")
    context = stringified(policy["context"], policy["principalId"])
    (user_id,) = gateway.services.adapters.store.accounts
    changes: dict[str, Callable[[], object]] = {
        "revoked": lambda: gateway.form("/oauth/revoke", token=alice["refresh_token"]),
        "disabled": lambda: set_disabled(gateway.services.adapters.store, user_id, disabled=True),
        "deleted": lambda: gateway.services.administration.delete(user_id, ACTOR),
        "breach": lambda: gateway.services.adapters.store.advance_epoch(1),
        "expired": lambda: gateway.services.adapters.clock.advance(3600),
    }
    changes[change]()
    answer = invoke(proxy_event("GET", "/me", context=context))
    assert dict(answer.headers) == {**NO_STORE, **INVALID}
    return answer.error


@pytest.mark.parametrize("change", ["revoked", "disabled", "deleted", "breach", "expired"])
def test_me_refuses_at_once_whatever_the_gateway_has_cached(
    gateway: Gateway, alice: dict[str, Any], change: str
) -> None:
    assert after(gateway, alice, change) == (401, "invalid_token")


def test_the_sessions_are_listed_with_their_devices(gateway: Gateway, alice: dict[str, Any]) -> None:
    gateway.services.adapters.clock.advance(60)
    tokens(gateway, **{"User-Agent": "Tablet/2"})
    answer = gateway.protected("GET", "/me/sessions", alice["access_token"])
    assert (answer.status, dict(answer.headers)) == (200, NO_STORE)
    listed = answer.json["sessions"]
    assert [(one["user_agent"], one["current"]) for one in listed] == [("Tablet/2", False), ("Phone/1", True)]


def test_one_session_is_ended_by_its_id(gateway: Gateway, alice: dict[str, Any]) -> None:
    tablet = tokens(gateway)
    tablet_id = gateway.protected("GET", "/me", tablet["access_token"]).json["session"]["id"]
    answer = gateway.protected("DELETE", f"/me/sessions/{tablet_id}", alice["access_token"])
    assert (answer.status, answer.text, dict(answer.headers)) == (204, "", NO_STORE)
    with pytest.raises(Denied):
        gateway.protected("GET", "/me", tablet["access_token"])
    again = gateway.protected("DELETE", f"/me/sessions/{tablet_id}", alice["access_token"])
    assert again.error == (404, "not_found")


def test_somebody_elses_session_is_not_found(gateway: Gateway, alice: dict[str, Any]) -> None:
    account(gateway.services, BOB, None)
    bob = tokens(gateway, BOB)
    bobs_id = gateway.protected("GET", "/me", bob["access_token"]).json["session"]["id"]
    answer = gateway.protected("DELETE", f"/me/sessions/{bobs_id}", alice["access_token"])
    assert answer.error == (404, "not_found")
    assert gateway.protected("GET", "/me", bob["access_token"]).status == 200


def test_all_sessions_are_ended_at_once(gateway: Gateway, alice: dict[str, Any]) -> None:
    tablet = tokens(gateway)
    answer = gateway.protected("DELETE", "/me/sessions", alice["access_token"])
    assert (answer.status, answer.text) == (204, "")
    for token in (alice, tablet):
        refused = gateway.token(grant_type="refresh_token", refresh_token=token["refresh_token"])
        assert refused.error == (400, "invalid_grant")


def test_an_account_is_shown_to_who_may_read_accounts(gateway: Gateway, admin: dict[str, Any]) -> None:
    bob = account(gateway.services, BOB, None)
    answer = gateway.protected("GET", f"/admin/users/{bob.user_id}", admin["access_token"])
    assert (answer.status, answer.headers.keys() - NO_STORE.keys()) == (200, {"ETag"})
    fields = {"id", "email", "username", "permissions", "disabled", "metadata", "created_at"}
    assert set(answer.json) == fields
    assert (answer.json["id"], answer.json["email"], answer.json["username"]) == (bob.user_id, BOB, None)


def test_an_account_is_not_shown_to_anybody_else_not_even_that_it_exists(
    gateway: Gateway, alice: dict[str, Any]
) -> None:
    (user_id,) = gateway.services.adapters.store.accounts
    for path in (f"/admin/users/{user_id}", f"/admin/users/{'0' * 32}"):
        answer = gateway.protected("GET", path, alice["access_token"])
        assert answer.error == (403, "insufficient_scope")
        assert answer.headers["WWW-Authenticate"] == (
            'Bearer realm="gatehouse", error="insufficient_scope", scope="users:read"'
        )


def test_an_administrator_who_asked_for_less_may_less(gateway: Gateway) -> None:
    account(gateway.services, "admin@example.com", None, ["users:read", "users:write"])
    narrow = gateway.token(
        grant_type="password", username="admin@example.com", password=PASSWORD, scope="users:write"
    ).json
    answer = gateway.protected("GET", f"/admin/users/{'0' * 32}", narrow["access_token"])
    assert answer.error == (403, "insufficient_scope")


def test_a_withdrawn_permission_is_gone_at_once_and_from_the_next_token(
    gateway: Gateway, admin: dict[str, Any]
) -> None:
    (user_id,) = gateway.services.adapters.store.accounts
    gateway.services.administration.permit(user_id, Scope(frozenset()), Scope.of({"users:read"}), ACTOR)
    fresh = gateway.token(grant_type="refresh_token", refresh_token=admin["refresh_token"]).json
    assert fresh["scope"] == "users:write"
    for token in (admin, fresh):
        answer = gateway.protected("GET", f"/admin/users/{user_id}", token["access_token"])
        assert answer.error == (403, "insufficient_scope")


@pytest.mark.parametrize(
    "user_id", ["0" * 32, "x", "alice@example.com", "\x00", "\u00e9", "\ud800", "x" * 3000, "A" * 32]
)
def test_an_account_that_is_not_there_is_not_found(
    gateway: Gateway, admin: dict[str, Any], user_id: str
) -> None:
    gateway.services.adapters.store.calls.clear()
    answer = gateway.protected("GET", f"/admin/users/{user_id}", admin["access_token"])
    assert answer.error == (404, "not_found")
    assert gateway.services.adapters.store.calls["account"] == (user_id == "0" * 32), "no text becomes a key"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "x", "", "multipart/x"]
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/me"), ("GET", "/me/sessions"), ("DELETE", "/me/sessions")]
)
def test_a_request_without_a_body_may_say_any_content_type(
    gateway: Gateway, alice: dict[str, Any], method: str, path: str, content_type: str
) -> None:
    answer = gateway.protected(method, path, alice["access_token"], headers={"Content-Type": content_type})
    assert answer.status in {200, 204}


def test_health_is_open_and_touches_nothing(adapters: FakeAdapters, gateway: Gateway) -> None:
    adapters.store.calls.clear()
    adapters.keys.calls.clear()
    for headers in ({}, {"Authorization": "Bearer x"}, {"Content-Type": "text/plain"}):
        answer = gateway.send("GET", "/health", headers=headers)
        assert (answer.status, answer.json) == (200, {"status": "ok"})
    assert not adapters.store.calls
    assert not adapters.keys.calls
