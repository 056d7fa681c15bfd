"""`client_credentials` with an API key (RFC 6749 §4.4), and API keys as clients of other grants."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest

from chalicelib.domain.api_keys.api_key import ApiKeySecret, new_key_id, owner_of_key
from tests.api.events import Denied, Gateway
from tests.api.key_requests import Key, basic, created, exchanged, exchanged_token, owner, shown, signed_in
from tests.oauth.actors import EMAIL, PASSWORD

CHALLENGE = 'Basic realm="gatehouse"'
NOBODY = Key(new_key_id("0" * 32, b"12345678"), ApiKeySecret(b"s" * 32).serialize())
GRANT = {"grant_type": "client_credentials"}


def in_body(key: Key) -> dict[str, str]:
    return {"client_id": key.id, "client_secret": key.secret}


def test_a_key_is_exchanged_for_an_access_token_without_a_refresh_token(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway, "a", "b"))
    for answer in (exchanged(gateway, key), gateway.token(**GRANT, **in_body(key))):
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert set(answer.json) == {"access_token", "token_type", "expires_in", "scope"}
        assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 3600)
        assert answer.json["scope"] == "a b"


def test_the_token_names_owner_and_key_and_counts_as_the_key(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway, "a"))
    token = exchanged_token(gateway, key)
    answer = shown(f"Bearer {token}")
    assert answer.json["api_key"]["id"] == key.id
    store = gateway.services.adapters.store
    issuer = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/v1"
    claims = gateway.services.verifier(issuer).verify(token)
    assert (claims.subject, claims.client_id, claims.session_id) == (owner_of_key(key.id), key.id, key.id)
    store.round_trips = 0
    gateway.services.verifier(issuer).verify(token)
    assert store.round_trips == 1


@pytest.mark.parametrize("escape", [quote, quote_plus, lambda text: text.replace("_", "%5F")])
def test_basic_is_form_decoded_as_the_standard_says(gateway: Gateway, escape: object) -> None:
    assert callable(escape)
    key = created(gateway, owner(gateway))
    header = basic(f"{escape(key.id)}:{escape(key.secret)}")
    assert gateway.token({"Authorization": header}, **GRANT).status == 200
    assert gateway.token({"Authorization": header}, **GRANT, client_id=key.id).status == 200


def test_both_ways_at_once_are_refused(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway))
    answer = gateway.token({"Authorization": key.basic}, **GRANT, **in_body(key))
    assert answer.error == (400, "invalid_request")
    answer = gateway.token({"Authorization": key.basic}, **GRANT, client_id="mobile-app")
    assert answer.error == (400, "invalid_request")


def test_the_scope_is_at_most_that_of_the_key(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway, "a", "b", "c"), scope="a b")
    assert exchanged(gateway, key, scope="a").json["scope"] == "a"
    assert exchanged(gateway, key, scope="c").error == (400, "invalid_scope")
    assert exchanged(gateway, key, scope='a"').error == (400, "invalid_scope")
    narrowed = exchanged_token(gateway, key, scope="b")
    assert shown(f"Bearer {narrowed}").json["scope"] == "b"


def test_a_token_does_not_outlive_its_key(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway), expires_in=100)
    assert exchanged(gateway, key).json["expires_in"] == 100
    gateway.services.adapters.clock.advance(100)
    assert exchanged(gateway, key).error == (401, "invalid_client")


@pytest.mark.parametrize(
    "key",
    [
        NOBODY,
        Key(NOBODY.id, "wrong"),
        Key(NOBODY.id, NOBODY.secret[:-1] + "A"),
        Key("ghk_", NOBODY.secret),
        Key("mobile-app", NOBODY.secret),
        Key("unknown", NOBODY.secret),
    ],
)
def test_a_wrong_key_is_an_invalid_client(gateway: Gateway, key: Key) -> None:
    by_basic, by_body = exchanged(gateway, key), gateway.token(**GRANT, **in_body(key))
    assert by_basic.error == by_body.error == (401, "invalid_client")
    assert by_basic.headers["WWW-Authenticate"] == CHALLENGE
    assert "WWW-Authenticate" not in by_body.headers


def test_a_wrong_secret_of_a_real_key_is_an_invalid_client(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway))
    assert exchanged(gateway, Key(key.id, NOBODY.secret)).error == (401, "invalid_client")
    assert gateway.token(**GRANT, client_id=key.id).error == (401, "invalid_client")


def test_wrong_secrets_lock_nobody_out(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway))
    for _ in range(60):
        assert exchanged(gateway, Key(key.id, NOBODY.secret)).status == 401
    assert exchanged(gateway, key).status == 200


@pytest.mark.parametrize("client", [{}, {"client_id": "mobile-app"}, {"client_id": "web-app"}])
def test_an_app_has_no_client_credentials(gateway: Gateway, client: dict[str, str]) -> None:
    assert gateway.token(**GRANT, **client).error == (400, "unauthorized_client")


def test_an_unknown_client_is_invalid(gateway: Gateway) -> None:
    assert gateway.token(**GRANT, client_id="unknown").error == (401, "invalid_client")


def test_a_key_has_no_other_grant(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway))
    form = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}
    assert gateway.token(**form, **in_body(key)).error == (400, "unauthorized_client")
    form = {"grant_type": "refresh_token", "refresh_token": "ghr_x"}
    assert gateway.token(**form, **in_body(key)).error == (400, "unauthorized_client")
    assert gateway.token(grant_type="other", **in_body(key)).error == (400, "unsupported_grant_type")
    wrong = {"client_id": key.id, "client_secret": "wrong"}
    assert gateway.token(**form, **wrong).error == (401, "invalid_client")


def test_the_tokens_of_a_key_are_not_revoked_one_by_one(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway))
    token = exchanged_token(gateway, key)
    assert gateway.form("/oauth/revoke", token=token).error == (400, "invalid_grant")
    by_key = gateway.form("/oauth/revoke", token=token, **in_body(key))
    assert by_key.error == (400, "unauthorized_client")
    assert shown(f"Bearer {token}").status == 200
    # A dead one is as unknown as any other.
    gateway.protected("DELETE", f"/me/api-keys/{key.id}", signed_in(gateway))
    assert gateway.form("/oauth/revoke", token=token).status == 200


def test_an_outage_is_no_refusal_of_the_key(gateway: Gateway) -> None:
    key = created(gateway, owner(gateway))
    gateway.services.adapters.store.down.add("api_key")
    assert exchanged(gateway, key).error == (503, "temporarily_unavailable")


def test_a_token_whose_claims_do_not_agree_is_refused(gateway: Gateway) -> None:
    """Nobody but a defect of ours signs one."""
    key = created(gateway, owner(gateway))
    services, issuer = gateway.services, "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/v1"
    claims = services.verifier(issuer).verify(exchanged_token(gateway, key)).to_mapping()
    signing_key = services.adapters.keys.current().current
    for change in ({"sub": "0" * 32}, {"client_id": "mobile-app"}, {"sid": NOBODY.id}, {"sid": "ghk_"}):
        token = services.adapters.codec.sign({**claims, **change}, signing_key)
        with pytest.raises(Denied, match="invalid_token"):
            shown(f"Bearer {token}")
