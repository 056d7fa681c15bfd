"""Access tokens as issued: their exact header, claims, types and life."""

from __future__ import annotations

import re

import pytest

from tests.fakes import FakeAdapters, FakeServices, fake_services
from tests.oauth.actors import ISSUER, account, claims_of, refresh, request, sign_in
from tests.oauth.forge import is_signed_by, parts

TYPES = {
    "iss": str,
    "sub": str,
    "aud": str,
    "exp": int,
    "iat": int,
    "jti": str,
    "client_id": str,
    "scope": str,
    "sid": str,
}


def test_the_header_is_that_of_the_contract_and_nothing_more(services: FakeServices) -> None:
    account(services)
    header, _ = parts(sign_in(services).access_token)
    assert header == {"alg": "HS256", "typ": "at+jwt", "kid": services.adapters.keys.current().current.kid}


def test_the_claims_are_those_of_the_contract_and_nothing_more(services: FakeServices) -> None:
    user = account(services)
    _, claims = parts(sign_in(services).access_token)
    assert {name: type(value) for name, value in claims.items()} == TYPES
    assert claims["iss"] == claims["aud"] == ISSUER
    assert claims["sub"] == user.user_id
    assert claims["client_id"] == "mobile-app"
    assert claims["scope"] == "things:read things:write"
    assert (user.user_id, claims["sid"]) in services.adapters.store.live
    assert (claims["iat"], claims["exp"]) == (services.adapters.clock.now, services.adapters.clock.now + 3600)
    assert re.fullmatch(r"[0-9a-f]{32}", claims["jti"])


def test_the_token_contains_no_name(services: FakeServices) -> None:
    account(services, "somebody@example.org", "somebody")
    _, claims = parts(sign_in(services, "somebody").access_token)
    assert "somebody" not in repr(claims)


def test_the_key_is_the_utf8_bytes_of_the_secret(services: FakeServices) -> None:
    account(services)
    key = services.adapters.keys.current().current.material.reveal()
    assert is_signed_by(sign_in(services).access_token, key)


def test_the_audience_is_a_setting(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, audience="https://other.example.com")
    account(services)
    asked = request(grant_type="password", username="alice", password="open the gate, please")
    answer = services.token_endpoint(asked)
    assert parts(answer.access_token)[1]["aud"] == asked.audience
    assert services.audience(ISSUER) == "https://other.example.com"
    assert fake_services().audience(ISSUER) == ISSUER


@pytest.mark.parametrize("seconds", [60, 3600, 86_400])
def test_the_life_is_a_setting(adapters: FakeAdapters, seconds: int) -> None:
    services = fake_services(adapters, access_token_seconds=seconds)
    account(services)
    answer = sign_in(services)
    assert answer.expires_in == seconds
    assert parts(answer.access_token)[1]["exp"] == adapters.clock.now + seconds


def test_a_token_never_outlives_its_session(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, refresh_absolute_seconds=5000)
    account(services)
    answer = sign_in(services)
    adapters.clock.advance(4000)
    answer = refresh(services, answer.refresh_token)
    assert answer.expires_in == 1000
    assert claims_of(services, answer).expires_at == adapters.clock.now + 1000


def test_a_retry_never_gets_a_token_that_outlives_the_session_either(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, refresh_absolute_seconds=5000)
    account(services)
    first = sign_in(services)
    refresh(services, first.refresh_token, idempotency_key="k")
    adapters.clock.advance(4999)
    assert refresh(services, first.refresh_token, idempotency_key="k").expires_in == 1


def test_after_a_rotation_the_new_key_signs(services: FakeServices) -> None:
    account(services)
    first = sign_in(services)
    kid = services.adapters.keys.rotate().kid
    second = refresh(services, first.refresh_token)
    assert parts(second.access_token)[0]["kid"] == kid
    assert claims_of(services, first).session_id == claims_of(services, second).session_id


def test_no_two_tokens_share_an_id(services: FakeServices) -> None:
    account(services)
    ids = {parts(sign_in(services).access_token)[1]["jti"] for _ in range(20)}
    assert len(ids) == 20
