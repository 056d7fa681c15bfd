"""Deleting one's own account over the function."""

from __future__ import annotations

import pytest

from chalicelib.domain.accounts.names import SignInName
from tests.api.account_flows import signed_in
from tests.api.events import Denied, Gateway
from tests.api.json_requests import as_user, ask, post, signed_up
from tests.oauth.actors import EMAIL, PASSWORD


@pytest.fixture
def token(gateway: Gateway) -> str:
    return signed_in(gateway)


def delete(gateway: Gateway, token: str, password: str = PASSWORD) -> tuple[int, str]:
    answer = as_user(gateway, "POST", "/me/delete", token, current_password=password)
    return answer.status, str(answer.json["error"]) if answer.text else ""


def test_nothing_is_left_that_opens_anything_and_the_names_are_free(gateway: Gateway, token: str) -> None:
    verification, code = ask(gateway, "/password/forgot", email=EMAIL)
    other = gateway.token(grant_type="password", username=EMAIL, password=PASSWORD).json
    gateway.form("/oauth/revoke", token=other["refresh_token"])
    adapters = gateway.services.adapters
    store = adapters.store
    assert delete(gateway, token) == (204, "")
    for kept in (store.accounts, store.hashes, store.names, store.live, store.devices, store.past):
        assert kept == {}
    with pytest.raises(Denied):
        gateway.protected("GET", "/me", token)
    assert adapters.audit.changes[-1].kind == "account_deleted"
    assert adapters.audit.events[-1][0] == "session_ended"
    notice = adapters.mail_queue.requests[-1]
    assert (notice.kind, notice.address) == ("account_deleted", EMAIL)
    body = {"verification": verification, "code": code, "new_password": "yet another password"}
    assert post(gateway, "/password/reset", **body).error == (400, "invalid_code")
    signed_up(gateway, EMAIL)
    assert SignInName.of(EMAIL) in store.names


def test_a_wrong_password_deletes_nothing(gateway: Gateway, token: str) -> None:
    assert delete(gateway, token, "wrong") == (400, "invalid_grant")
    assert gateway.protected("GET", "/me", token).status == 200
    assert gateway.services.adapters.mail_queue.requests == []


def test_a_sign_in_that_comes_between_is_ended_as_well(gateway: Gateway, token: str) -> None:
    store = gateway.services.adapters.store
    store.before["delete_account"] = lambda: gateway.token(
        grant_type="password", username=EMAIL, password=PASSWORD
    )
    assert delete(gateway, token) == (204, "")
    assert (store.accounts, store.live, store.devices) == ({}, {}, {})


def test_what_an_outage_leaves_after_the_transaction_does_not_undo_it(gateway: Gateway, token: str) -> None:
    store = gateway.services.adapters.store
    store.down = {"remove_rest"}
    assert delete(gateway, token) == (204, "")
    assert (store.accounts, store.live) == ({}, {})
