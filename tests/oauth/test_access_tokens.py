"""Access tokens as issued: their exact header, claims, types and life."""

from __future__ import annotations

import re

import pytest

from tests.fakes import FakeHouse, FakeWorld, fake_house
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


def test_the_header_is_that_of_the_contract_and_nothing_more(house: FakeHouse) -> None:
    account(house)
    header, _ = parts(sign_in(house).access_token)
    assert header == {"alg": "HS256", "typ": "at+jwt", "kid": house.world.keys.current().current.kid}


def test_the_claims_are_those_of_the_contract_and_nothing_more(house: FakeHouse) -> None:
    user = account(house)
    _, claims = parts(sign_in(house).access_token)
    assert {name: type(value) for name, value in claims.items()} == TYPES
    assert claims["iss"] == claims["aud"] == ISSUER
    assert claims["sub"] == user.user_id
    assert claims["client_id"] == "mobile-app"
    assert claims["scope"] == "things:read things:write"
    assert (user.user_id, claims["sid"]) in house.world.store.live
    assert (claims["iat"], claims["exp"]) == (house.world.clock.now, house.world.clock.now + 3600)
    assert re.fullmatch(r"[0-9a-f]{32}", claims["jti"])


def test_the_token_names_nobody(house: FakeHouse) -> None:
    account(house, "somebody@example.org", "somebody")
    _, claims = parts(sign_in(house, "somebody").access_token)
    assert "somebody" not in repr(claims)


def test_the_key_is_the_utf8_bytes_of_the_secret(house: FakeHouse) -> None:
    account(house)
    key = house.world.keys.current().current.material.reveal()
    assert is_signed_by(sign_in(house).access_token, key)


def test_the_audience_is_a_setting(world: FakeWorld) -> None:
    house = fake_house(world, audience="https://other.example.com")
    account(house)
    asked = request(grant_type="password", username="alice", password="open the gate, please")
    answer = house.token_endpoint(asked)
    assert parts(answer.access_token)[1]["aud"] == asked.audience
    assert house.audience(ISSUER) == "https://other.example.com"
    assert fake_house().audience(ISSUER) == ISSUER


@pytest.mark.parametrize("seconds", [60, 3600, 86_400])
def test_the_life_is_a_setting(world: FakeWorld, seconds: int) -> None:
    house = fake_house(world, access_token_seconds=seconds)
    account(house)
    answer = sign_in(house)
    assert answer.expires_in == seconds
    assert parts(answer.access_token)[1]["exp"] == world.clock.now + seconds


def test_a_token_never_outlives_its_session(world: FakeWorld) -> None:
    house = fake_house(world, refresh_absolute_seconds=5000)
    account(house)
    answer = sign_in(house)
    world.clock.advance(4000)
    answer = refresh(house, answer.refresh_token)
    assert answer.expires_in == 1000
    assert claims_of(house, answer).expires_at == world.clock.now + 1000


def test_a_retry_never_gets_a_token_that_outlives_the_session_either(world: FakeWorld) -> None:
    house = fake_house(world, refresh_absolute_seconds=5000)
    account(house)
    first = sign_in(house)
    refresh(house, first.refresh_token, idempotency_key="k")
    world.clock.advance(4999)
    assert refresh(house, first.refresh_token, idempotency_key="k").expires_in == 1


def test_after_a_rotation_the_new_key_signs(house: FakeHouse) -> None:
    account(house)
    first = sign_in(house)
    kid = house.world.keys.rotate().kid
    second = refresh(house, first.refresh_token)
    assert parts(second.access_token)[0]["kid"] == kid
    assert claims_of(house, first).session_id == claims_of(house, second).session_id


def test_no_two_tokens_share_an_id(house: FakeHouse) -> None:
    account(house)
    ids = {parts(sign_in(house).access_token)[1]["jti"] for _ in range(20)}
    assert len(ids) == 20
