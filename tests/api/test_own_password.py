"""Changing one's own password over the function."""

from __future__ import annotations

import pytest

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.mail import MailKind
from tests.api.events import Denied, Gateway
from tests.api.json_requests import NEW_PASSWORD, as_user, ask, post
from tests.oauth.actors import EMAIL, PASSWORD, account


@pytest.fixture
def user(gateway: Gateway) -> Account:
    return account(gateway.services)


def sign_in(gateway: Gateway, password: str = PASSWORD) -> dict[str, str]:
    return dict(gateway.token(grant_type="password", username=EMAIL, password=password).json)


def change(gateway: Gateway, token: str, current: str = PASSWORD, new: str = NEW_PASSWORD) -> tuple[int, str]:
    body = {"current_password": current, "new_password": new}
    answer = as_user(gateway, "POST", "/me/password", token, **body)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status, answer.json["error"] if answer.text else ""


def test_a_change_ends_the_other_sessions_and_keeps_this_one(gateway: Gateway, user: Account) -> None:
    mine, other = sign_in(gateway), sign_in(gateway)
    verification, code = ask(gateway, "/password/forgot", email=EMAIL)
    assert change(gateway, mine["access_token"]) == (204, "")
    assert gateway.protected("GET", "/me", mine["access_token"]).status == 200
    with pytest.raises(Denied):
        gateway.protected("GET", "/me", other["access_token"])
    assert sign_in(gateway)["error"] == "invalid_grant"
    assert "access_token" in sign_in(gateway, NEW_PASSWORD)
    adapters = gateway.services.adapters
    assert adapters.audit.changes[-1].kind == "password_changed"
    assert [one.reason for one in adapters.store.past.values()] == ["password_changed"]
    notice = adapters.mail_queue.requests[-1]
    assert (notice.kind, notice.user_id, notice.code) == (MailKind.PASSWORD_CHANGED, user.user_id, None)
    body = {"verification": verification, "code": code, "new_password": "yet another password"}
    assert post(gateway, "/password/reset", **body).error == (400, "invalid_code")


def test_wrong_passwords_are_charged_to_the_session_and_to_nothing_else(
    gateway: Gateway, user: Account
) -> None:
    mine, clock = sign_in(gateway)["access_token"], gateway.services.adapters.clock
    for _ in range(10):
        assert change(gateway, mine, "wrong") == (400, "invalid_grant")
    hashed = len(gateway.services.adapters.hasher.calls)
    for current in ("wrong", PASSWORD):
        body = {"current_password": current, "new_password": NEW_PASSWORD}
        answer = as_user(gateway, "POST", "/me/password", mine, **body)
        assert answer.error == (429, "temporarily_unavailable")
        assert answer.headers["Retry-After"] == "900"
    assert len(gateway.services.adapters.hasher.calls) == hashed
    other = sign_in(gateway)["access_token"]
    assert change(gateway, other, "wrong") == (400, "invalid_grant")
    clock.advance(900)
    assert change(gateway, mine, "wrong") == (400, "invalid_grant")
    assert change(gateway, mine)[0] == 429
    clock.advance(900)
    assert change(gateway, mine) == (204, "")
    assert change(gateway, mine, "wrong") == (400, "invalid_grant")
    assert change(gateway, mine, NEW_PASSWORD, PASSWORD) == (204, "")


@pytest.mark.parametrize(
    ("current", "new", "expected"),
    [
        (PASSWORD, "short", "password_too_short"),
        (PASSWORD, "alicealicealice", "password_contains_name"),
        ("x" * 5_000, NEW_PASSWORD, "invalid_request"),
    ],
)
def test_a_refused_change_changes_nothing(
    gateway: Gateway, user: Account, current: str, new: str, expected: str
) -> None:
    mine = sign_in(gateway)["access_token"]
    assert change(gateway, mine, current, new) == (400, expected)
    assert gateway.services.adapters.mail_queue.requests == []
    assert gateway.services.adapters.store.accounts[user.user_id].password_version == 1


def test_a_token_that_came_from_an_api_key_changes_nothing(gateway: Gateway, user: Account) -> None:
    from tests.api.events import authorize, invoke, proxy_event, stringified

    policy = authorize(f"Bearer {sign_in(gateway)['access_token']}")
    context = stringified({**policy["context"], "sid": "ghk_0123"}, policy["principalId"])
    body = '{"current_password": "open the gate, please", "new_password": "a tin of green paint"}'
    headers = {"Content-Type": "application/json"}
    answer = invoke(proxy_event("POST", "/me/password", headers=headers, body=body, context=context))
    assert answer.error == (403, "insufficient_scope")


def test_a_sign_in_that_comes_between_is_ended_as_well(gateway: Gateway, user: Account) -> None:
    mine, store = sign_in(gateway)["access_token"], gateway.services.adapters.store
    store.before["set_password"] = lambda: sign_in(gateway)
    assert change(gateway, mine) == (204, "")
    assert len(store.live) == 1


def test_another_change_that_comes_between_wins(gateway: Gateway, user: Account) -> None:
    mine, other = sign_in(gateway)["access_token"], sign_in(gateway)["access_token"]
    store = gateway.services.adapters.store
    store.before["set_password"] = lambda: change(gateway, other, PASSWORD, "yet another password")
    assert change(gateway, mine) == (401, "invalid_token")
    assert "access_token" in sign_in(gateway, "yet another password")


def test_another_change_by_the_same_session_is_a_conflict_and_the_session_stays(
    gateway: Gateway, user: Account
) -> None:
    mine = sign_in(gateway)["access_token"]
    store = gateway.services.adapters.store
    store.before["set_password"] = lambda: change(gateway, mine, PASSWORD, "yet another password")
    assert change(gateway, mine) == (409, "conflict")
    assert gateway.protected("GET", "/me", mine).status == 200
    assert "access_token" in sign_in(gateway, "yet another password")
