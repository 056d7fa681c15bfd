"""`/me/api-keys`: creating, listing and ending keys."""

from __future__ import annotations

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.domain.accounts.changes import ChangeKind
from chalicelib.domain.api_keys.api_key import ApiKeySecret, new_key_id, owner_of_key
from chalicelib.domain.mail import MailKind
from chalicelib.services import override_services
from tests.api.events import Denied, Gateway
from tests.api.json_requests import as_user
from tests.api.key_requests import Key, create, created, exchanged_token, owner, shown, signed_in
from tests.fakes import FakeServices, fake_services
from tests.oauth.actors import account


def test_a_key_is_shown_with_its_secret_once(gateway: Gateway) -> None:
    answer = create(gateway, owner(gateway, "a", "b"), name="CI", scope="a", expires_in=60)
    assert answer.status == 201
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    body = answer.json
    assert list(body) == ["id", "name", "scope", "created_at", "expires_at", "secret"]
    assert (body["name"], body["scope"]) == ("CI", "a")
    assert (body["created_at"], body["expires_at"]) == ("2023-11-14T22:13:20Z", "2023-11-14T22:14:20Z")
    (stored,) = gateway.services.adapters.store.api_keys.values()
    assert owner_of_key(body["id"]) == stored.user_id
    secret = ApiKeySecret.parse(body["secret"])
    assert secret is not None
    assert stored.opens_with(secret)


def test_by_default_a_key_has_all_that_its_owner_holds_and_does_not_expire(gateway: Gateway) -> None:
    body = create(gateway, owner(gateway, "b", "a")).json
    assert (body["scope"], body["expires_at"]) == ("a b", None)
    body = create(gateway, signed_in(gateway), scope=None, expires_in=None).json
    assert (body["scope"], body["expires_at"]) == ("a b", None)
    assert create(gateway, signed_in(gateway), scope="").json["scope"] == ""


def test_the_list_shows_no_secret_and_the_newest_first(gateway: Gateway) -> None:
    token = owner(gateway)
    first = created(gateway, token, name="first")
    gateway.services.adapters.clock.advance(1)
    second = created(gateway, token, name="second")
    answer = gateway.protected("GET", "/me/api-keys", token)
    assert [one["id"] for one in answer.json["api_keys"]] == [second.id, first.id]
    assert {frozenset(one) for one in answer.json["api_keys"]} == {
        frozenset({"id", "name", "scope", "created_at", "expires_at"})
    }
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_ended_key_is_gone_and_so_are_its_tokens(gateway: Gateway) -> None:
    token = owner(gateway)
    key = created(gateway, token)
    its_token = exchanged_token(gateway, key)
    assert gateway.protected("DELETE", f"/me/api-keys/{key.id}", token).status == 204
    for credential in (key.basic, f"Bearer {its_token}"):
        with pytest.raises(Denied, match="invalid_token"):
            shown(credential)
    assert gateway.protected("DELETE", f"/me/api-keys/{key.id}", token).error == (404, "not_found")
    assert gateway.protected("GET", "/me/api-keys", token).json == {"api_keys": []}


def test_the_key_of_another_account_cannot_be_ended(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway))
    account(gateway.services, "mallory@example.com", "mallory")
    answer = gateway.token(
        grant_type="password", username="mallory@example.com", password="open the gate, please"
    )
    token = answer.json["access_token"]
    for key_id in (key.id, "unknown", "ghk_", new_key_id("0" * 32, b"12345678")):
        refused = gateway.protected("DELETE", f"/me/api-keys/{key_id}", token)
        assert refused.error == (404, "not_found")
    assert shown(key.basic).status == 200


def test_the_owner_is_told_by_mail_and_each_change_is_audited(gateway: Gateway) -> None:
    token = owner(gateway, "a")
    key = created(gateway, token)
    gateway.protected("DELETE", f"/me/api-keys/{key.id}", token)
    adapters = gateway.services.adapters
    kinds = [one.kind for one in adapters.mail_queue.requests]
    assert kinds == [MailKind.API_KEY_CREATED, MailKind.API_KEY_REVOKED]
    changes = [one for one in adapters.store.recorded if one.api_key]
    assert [one.kind for one in changes] == [ChangeKind.API_KEY_CREATED, ChangeKind.API_KEY_REVOKED]
    assert {one.api_key for one in changes} == {key.id}
    assert {one.actor for one in changes} == {owner_of_key(key.id)}
    assert [str(changes[0].granted), str(changes[1].withdrawn)] == ["a", "a"]


def test_while_the_mail_queue_is_down_nothing_changes(gateway: Gateway) -> None:
    token = owner(gateway)
    key = created(gateway, token)
    gateway.services.adapters.mail_queue.down.add("enqueue")
    assert create(gateway, token).status == 503
    assert gateway.protected("DELETE", f"/me/api-keys/{key.id}", token).status == 503
    assert list(gateway.services.adapters.store.api_keys) == [key.id]


def test_only_a_sessions_token_manages_keys(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway))
    for credential in (key.basic, f"Bearer {exchanged_token(gateway, key)}"):
        for method, path in (
            ("POST", "/me/api-keys"),
            ("GET", "/me/api-keys"),
            ("DELETE", f"/me/api-keys/{key.id}"),
            ("GET", "/me/sessions"),
            ("DELETE", "/me/sessions"),
            ("DELETE", f"/me/sessions/{'0' * 32}"),
            ("PATCH", "/me"),
            ("POST", "/me/password"),
            ("POST", "/me/email"),
            ("POST", "/me/email/verify"),
            ("POST", "/me/delete"),
        ):
            answer = shown(credential, method, path, body="{}")
            assert answer.error == (403, "insufficient_scope"), path
            challenge = 'Bearer realm="gatehouse", error="insufficient_scope"'
            assert answer.headers["WWW-Authenticate"] == challenge


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"name": ""}, "invalid_request"),
        ({"name": " a"}, "invalid_request"),
        ({"name": "x" * 101}, "invalid_request"),
        ({"name": "line\nbreak"}, "invalid_request"),
        ({"name": 7}, "invalid_request"),
        ({"name": None}, "invalid_request"),
        ({"scope": ["a"]}, "invalid_request"),
        ({"expires_in": "60"}, "invalid_request"),
        ({"expires_in": True}, "invalid_request"),
        ({"expires_in": 1.5}, "invalid_request"),
        ({"expires_in": 0}, "invalid_request"),
        ({"expires_in": -1}, "invalid_request"),
        ({"expires_in": 2**53}, "invalid_request"),
        ({"unknown": 1}, "invalid_request"),
        ({"current_password": "x" * 1025}, "invalid_request"),
        ({"scope": "a  b"}, "invalid_scope"),
        ({"scope": 'a"b'}, "invalid_scope"),
        ({"scope": "not:held"}, "invalid_scope"),
        ({"current_password": "wrong"}, "invalid_grant"),
    ],
)
def test_what_is_refused_creates_nothing(gateway: Gateway, body: dict[str, Any], error: str) -> None:
    answer = create(gateway, owner(gateway, "a"), **body)
    assert answer.error == (400, error)
    adapters = gateway.services.adapters
    assert (adapters.store.api_keys, adapters.mail_queue.requests) == ({}, [])


@pytest.mark.parametrize("missing", ["name", "current_password"])
def test_a_missing_member_is_named(gateway: Gateway, missing: str) -> None:
    body = {"name": "server", "current_password": "x"}
    del body[missing]
    answer = as_user(gateway, "POST", "/me/api-keys", owner(gateway), **body)
    assert answer.error == (400, "invalid_request")
    assert missing in answer.json["error_description"]


def test_tries_of_the_password_are_charged_to_the_session(gateway: Gateway) -> None:
    token = owner(gateway)
    for _ in range(10):
        assert create(gateway, token, current_password="wrong").error == (400, "invalid_grant")
    answer = create(gateway, token)
    assert answer.error == (429, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "900"


def test_an_account_with_as_many_keys_as_it_may_have_is_full(adapters: Any) -> None:
    services = fake_services(adapters, aws_region="eu-central-1", max_api_keys=2)
    with override_services(services):
        gateway = Gateway(services)
        token = owner(gateway)
        keys = [created(gateway, token), created(gateway, token, expires_in=60)]
        refused = create(gateway, token)
        assert refused.error == (409, "conflict")
        assert len(adapters.mail_queue.requests) == 2
        # One that has expired does not count, and neither does one that was ended.
        adapters.clock.advance(60)
        keys.append(created(gateway, token))
        assert create(gateway, token).error == (409, "conflict")
        gateway.protected("DELETE", f"/me/api-keys/{keys[0].id}", token)
        created(gateway, token)


def test_a_creation_that_another_one_overtakes_counts_again(adapters: Any) -> None:
    services = fake_services(adapters, aws_region="eu-central-1", max_api_keys=1)
    with override_services(services):
        gateway = Gateway(services)
        token = owner(gateway)
        adapters.store.before["add_key"] = lambda: created(gateway, token)
        assert create(gateway, token).error == (409, "conflict")
        assert len(adapters.store.api_keys) == 1


def _disable(services: FakeServices, user_id: str) -> None:
    services.administration.disable(user_id, "operator")


def _reset_password_state(services: FakeServices, user_id: str) -> None:
    """Have the password changed by somebody else, as a reset does."""
    services.administration.disable(user_id, "operator")
    services.administration.enable(user_id, "operator")


@pytest.mark.parametrize("interlude", [_disable, _reset_password_state])
def test_a_creation_that_a_disabling_overtakes_creates_nothing(
    gateway: Gateway, interlude: Callable[[FakeServices, str], None]
) -> None:
    token = owner(gateway)
    store = gateway.services.adapters.store
    (user_id,) = store.accounts
    store.before["add_key"] = lambda: interlude(gateway.services, user_id)
    assert create(gateway, token).error == (401, "invalid_token")
    assert store.api_keys == {}


def test_twenty_creations_at_once_at_the_limit(adapters: Any) -> None:
    services = fake_services(adapters, aws_region="eu-central-1", max_api_keys=5)
    with override_services(services):
        gateway = Gateway(services)
        tokens = [owner(gateway), *(signed_in(gateway) for _ in range(19))]
        with ThreadPoolExecutor(20) as pool:
            statuses = list(pool.map(lambda token: create(gateway, token).status, tokens))
    assert sorted(statuses) == [201] * 5 + [409] * 15
    assert len(adapters.store.api_keys) == 5


def test_a_copy_of_what_is_stored_opens_nothing(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway))
    (stored,) = gateway.services.adapters.store.api_keys.values()
    encoded = base64.urlsafe_b64encode(stored.secret_hash).decode()
    forged = ApiKeySecret(stored.secret_hash).serialize()
    for secret in (stored.secret_hash.hex(), encoded, f"ghs_{encoded}", forged):
        with pytest.raises(Denied, match="invalid_token"):
            shown(Key(key.id, secret).basic)
