"""HTTP Basic with an API key on protected routes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.api.claims import claims, requires
from chalicelib.api.http import json_response
from chalicelib.domain.api_keys.api_key import ApiKeySecret, new_key_id, owner_of_key
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.tokens.claims import Credential
from chalicelib.domain.tokens.scopes import Scope
from tests.api.events import Denied, Gateway, authorize, stringified
from tests.api.key_requests import Key, basic, created, exchanged_token, owner, shown
from tests.api.test_claims import visit
from tests.oauth.actors import EMAIL, PASSWORD
from tests.written import Written

NOBODY = new_key_id("0" * 32, b"12345678")
SECRET = ApiKeySecret(b"s" * 32).serialize()


def test_me_is_the_account_with_the_key_in_one_read_each(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway, "a", "b"), scope="a")
    store = gateway.services.adapters.store
    store.round_trips = 0
    answer = shown(key.basic)
    assert store.round_trips == 2
    assert answer.status == 200
    assert (answer.json["email"], answer.json["scope"]) == (EMAIL, "a")
    assert answer.json["api_key"]["id"] == key.id
    assert "session" not in answer.json
    assert "secret" not in answer.json["api_key"]


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC", "Basic  "])
def test_the_scheme_is_compared_without_case_and_takes_several_spaces(gateway: Gateway, scheme: str) -> None:
    key = created(gateway, owner(gateway))
    assert shown(basic(f"{key.id}:{key.secret}", scheme)).status == 200


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !",
        "Basic x",
        "Basic " + "é",
        basic(f"{NOBODY}{SECRET}"),
        basic(f"{NOBODY}:"),
        basic(f":{SECRET}"),
        basic(":"),
        basic(b"\xff\xfe:\xff"),
        basic(f"{NOBODY}:{SECRET}").rstrip("=") + "*",
        f"{basic(f'{NOBODY}:{SECRET}')}, {basic(f'{NOBODY}:{SECRET}')}",
        f"{basic(f'{NOBODY}:{SECRET}')},Bearer x",
        basic(f"{NOBODY}:{SECRET}:more"),
        basic(f"{NOBODY}:{SECRET}\n"),
        basic(f"mobile-app:{SECRET}"),
        basic(f"{EMAIL}:{PASSWORD}"),
        basic(f"{NOBODY}:{SECRET[:-1]}A"),
        basic(f"{NOBODY.replace('_', '%5F')}:{SECRET}"),
    ],
)
def test_a_malformed_key_is_refused_without_a_read(gateway: Gateway, header: str) -> None:
    store = gateway.services.adapters.store
    before = store.round_trips
    with pytest.raises(Denied) as denial:
        shown(header)
    assert denial.value.context["error"] == "invalid_token"
    assert store.round_trips == before


def wrong_secret(key: Key) -> Key:
    return replace(key, secret=SECRET)


def other_id(key: Key) -> Key:
    return replace(key, id=new_key_id(owner_of_key(key.id) or "", b"87654321"))


def id_of_nobody(key: Key) -> Key:
    return replace(key, id=NOBODY)


@pytest.mark.parametrize("change", [wrong_secret, other_id, id_of_nobody])
def test_a_wrong_key_is_refused(gateway: Gateway, change: Callable[[Key], Key]) -> None:
    key = change(created(gateway, owner(gateway)))
    with pytest.raises(Denied, match="invalid_token"):
        shown(key.basic)


def test_the_key_of_one_account_does_not_open_with_the_secret_of_another(gateway: Gateway) -> None:
    token = owner(gateway)
    first, second = created(gateway, token), created(gateway, token)
    with pytest.raises(Denied):
        shown(Key(first.id, second.secret).basic)


def test_a_permission_that_the_owner_has_lost_is_lost_at_once(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway, "a", "users:read"))
    token = exchanged_token(gateway, key)
    (user_id,) = gateway.services.adapters.store.accounts
    assert shown(key.basic, "GET", f"/admin/users/{user_id}").status == 200
    assert shown(f"Bearer {token}", "GET", f"/admin/users/{user_id}").status == 200
    gateway.services.administration.permit(user_id, Scope.of(()), Scope.of({"users:read"}), "operator")
    for credential in (key.basic, f"Bearer {token}"):
        answer = shown(credential, "GET", f"/admin/users/{user_id}")
        assert answer.error == (403, "insufficient_scope")
        assert answer.headers["WWW-Authenticate"].endswith('scope="users:read"')
        assert shown(credential).json["scope"] == "a"
    # What it is granted later, the key was not given.
    gateway.services.administration.permit(user_id, Scope.of({"users:write"}), Scope.of(()), "operator")
    assert shown(key.basic).json["scope"] == "a"


def test_claims_tell_the_kind_of_credential(gateway: Gateway) -> None:
    token = owner(gateway)
    key = created(gateway, token)
    credentials = {
        f"Bearer {token}": Credential.SESSION,
        key.basic: Credential.API_KEY,
        f"Bearer {exchanged_token(gateway, key)}": Credential.API_KEY,
    }
    for header, kind in credentials.items():
        policy = authorize(header)
        context = stringified(policy["context"], policy["principalId"])
        answer = visit(requires()(lambda: json_response({"kind": claims().credential.value})), context)
        assert answer.json == {"kind": kind.value}
        assert policy["principalId"] == owner_of_key(key.id)
        status = visit(requires(session=True)(lambda: json_response({})), context).status
        assert status == (200 if kind is Credential.SESSION else 403)


def test_an_outage_is_no_denial(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway))
    gateway.services.adapters.store.down.add("api_key")
    with pytest.raises(Unavailable):
        authorize(key.basic)
    gateway.services.adapters.store.down.clear()
    gateway.services.adapters.keys.down.add("current")
    with pytest.raises(Unavailable):
        authorize(key.basic)


def test_the_log_names_a_key_by_the_end_of_its_id(gateway: Gateway, written: Written) -> None:
    token = owner(gateway)
    key = created(gateway, token)
    shown(key.basic, "GET", "/me/sessions")
    for bad in (f"{key.id}:{key.secret[:-1]}", f"{key.secret}:{key.id}"):
        with pytest.raises(Denied):
            shown(basic(bad))
    text = written.text
    assert key.secret not in text
    assert key.basic not in text
    assert key.id not in text
    assert f'"api_key":"{key.id[-8:]}"' in text
