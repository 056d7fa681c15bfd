"""What ends an API key, and every token that came from it, at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.api_keys.api_key import MAX_INACTIVE_KEYS, owner_of_key
from chalicelib.domain.api_keys.factory import ApiKeyOrder
from tests.api.events import Denied, Gateway, authorize, invoke, proxy_event, stringified
from tests.api.json_requests import ask, post
from tests.api.key_requests import create, created, exchanged_token, owner, shown, signed_in
from tests.oauth.actors import EMAIL, PASSWORD, account


def _expire(gateway: Gateway, user_id: str) -> None:
    gateway.services.adapters.clock.advance(100)


def _disable(gateway: Gateway, user_id: str) -> None:
    store = gateway.services.adapters.store
    store.accounts[user_id] = replace(store.accounts[user_id], disabled=True)


def _disable_and_enable(gateway: Gateway, user_id: str) -> None:
    gateway.services.administration.disable(user_id, "operator")
    gateway.services.administration.enable(user_id, "operator")


def _enable_after_an_interrupted_disable(gateway: Gateway, user_id: str) -> None:
    _disable(gateway, user_id)
    gateway.services.administration.enable(user_id, "operator")


def _delete_by_an_operator(gateway: Gateway, user_id: str) -> None:
    gateway.services.administration.delete(user_id, "operator")
    assert gateway.services.adapters.store.api_keys == {}


def _delete(gateway: Gateway, user_id: str) -> None:
    token = signed_in(gateway)
    answer = gateway.protected(
        "POST",
        "/me/delete",
        token,
        headers={"Content-Type": "application/json"},
        body=f'{{"current_password": "{PASSWORD}"}}',
    )
    assert answer.status == 204
    assert gateway.services.adapters.store.api_keys == {}


def _reset(gateway: Gateway, user_id: str) -> None:
    verification, code = ask(gateway, "/password/forgot", email=EMAIL)
    body = {"verification": verification, "code": code, "new_password": "a tin of green paint"}
    assert post(gateway, "/password/reset", **body).status == 200
    assert gateway.services.adapters.store.api_keys == {}


def _breach(gateway: Gateway, user_id: str) -> None:
    replaced = gateway.services.key_rotation.replace_without_grace(1, api_keys=True)
    gateway.services.adapters.system.advance_epoch(replaced.key.epoch, api_keys=True)


def _breach_of_a_restored_table(gateway: Gateway, user_id: str) -> None:
    """The table is of a time before the breach; the secret is not."""
    gateway.services.key_rotation.replace_without_grace(1, api_keys=True)


ENDS = [
    _expire,
    _disable,
    _disable_and_enable,
    _enable_after_an_interrupted_disable,
    _delete_by_an_operator,
    _delete,
    _reset,
    _breach,
    _breach_of_a_restored_table,
]


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_a_key_ends_it_at_once_with_its_tokens(
    gateway: Gateway, end: Callable[[Gateway, str], None]
) -> None:
    key = created(gateway, owner(gateway), expires_in=100)
    bearer_token = f"Bearer {exchanged_token(gateway, key)}"
    cached = authorize(key.basic)
    assert shown(bearer_token).status == 200
    end(gateway, owner_of_key(key.id) or "")
    for credential in (key.basic, bearer_token):
        with pytest.raises(Denied, match="invalid_token"):
            shown(credential)
    # What the gateway has cached does not help on the routes that read the key anew.
    context = stringified(cached["context"], cached["principalId"])
    assert invoke(proxy_event("GET", "/me", context=context)).error == (401, "invalid_token")


def test_an_administrator_with_an_api_key_ends_the_keys_of_others_for_good(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway, "a"))
    account(gateway.services, "admin@example.com", "admin", ["a", "users:read", "users:write"])
    answer = gateway.token(grant_type="password", username="admin", password=PASSWORD)
    admin = created(gateway, answer.json["access_token"])
    path = f"/admin/users/{owner_of_key(key.id)}"
    for disabled in ("true", "false"):
        assert shown(admin.basic, "PATCH", path, body=f'{{"disabled": {disabled}}}').status == 200
        with pytest.raises(Denied, match="invalid_token"):
            shown(key.basic)
    # The key that did it is read anew for each request, too.
    store = gateway.services.adapters.store
    store.before["api_key_and_account"] = lambda: store.remove_keys(owner_of_key(admin.id) or "")
    assert shown(admin.basic, "PATCH", path, body='{"disabled": true}').error == (401, "invalid_token")


def test_a_password_change_leaves_keys_alone(gateway: Gateway) -> None:
    token = owner(gateway)
    key = created(gateway, token)
    body = f'{{"current_password": "{PASSWORD}", "new_password": "a tin of green paint"}}'
    json_type = {"Content-Type": "application/json"}
    assert gateway.protected("POST", "/me/password", token, headers=json_type, body=body).status == 204
    assert shown(key.basic).status == 200


def test_a_breach_leaves_keys_alone_unless_it_says_so_but_ends_their_tokens(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway))
    token = exchanged_token(gateway, key)
    replaced = gateway.services.key_rotation.replace_without_grace(1)
    gateway.services.adapters.system.advance_epoch(replaced.key.epoch)
    assert shown(key.basic).status == 200
    with pytest.raises(Denied):
        shown(f"Bearer {token}")
    assert shown(f"Bearer {exchanged_token(gateway, key)}").status == 200


def test_keys_that_a_breach_has_ended_are_neither_listed_nor_counted(gateway: Gateway) -> None:
    token = owner(gateway)
    for _ in range(20):
        created(gateway, token)
    assert create(gateway, token).status == 409
    _breach(gateway, "")
    token = signed_in(gateway)
    assert gateway.protected("GET", "/me/api-keys", token).json == {"api_keys": []}
    for _ in range(20):
        created(gateway, token)
    assert create(gateway, token).status == 409
    assert len(gateway.protected("GET", "/me/api-keys", token).json["api_keys"]) == 20


def test_a_key_that_is_created_after_a_breach_is_valid(gateway: Gateway) -> None:
    owner(gateway)
    _breach(gateway, "")
    key = created(gateway, signed_in(gateway))
    assert shown(key.basic).status == 200
    # And a rotation keeps the epoch of keys.
    gateway.services.adapters.keys.rotate()
    assert shown(key.basic).status == 200


def test_short_lived_keys_do_not_fill_an_account(gateway: Gateway) -> None:
    token = owner(gateway)
    lasting = created(gateway, token)
    store, clock = gateway.services.adapters.store, gateway.services.adapters.clock
    user_id = owner_of_key(lasting.id)
    assert user_id is not None
    for _ in range(MAX_INACTIVE_KEYS + 3):
        created(gateway, token, expires_in=1)
        clock.advance(1)
    order = ApiKeyOrder("short", expires_in=1)
    for _ in range(3):
        gateway.services.api_key_administration.create(user_id, order, "operator")
        clock.advance(1)
    assert len(store.api_keys) == 1 + MAX_INACTIVE_KEYS + 1
    assert shown(lasting.basic).status == 200
