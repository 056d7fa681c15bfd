"""The password grant: what a sign-in opens, and what it refuses before it costs anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.errors import (
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    OAuthError,
    UnsupportedGrantType,
)
from chalicelib.domain.refresh import RefreshToken
from chalicelib.domain.scopes import Scope
from chalicelib.domain.sessions import Device, EndReason
from tests.fakes import FakeHouse, fake_house
from tests.oauth.actors import EMAIL, PASSWORD, account, claims_of, request, sign_in

NFC_PASSWORD, NFD_PASSWORD = (
    "caf\u00e9 cr\u00e8me, s'il vous pla\u00eet",
    "cafe\u0301 cre\u0300me, s'il vous plai\u0302t",
)


def test_a_sign_in_opens_one_session_with_its_tokens(house: FakeHouse) -> None:
    user = account(house)
    answer = sign_in(house)
    ((user_id, session_id),) = house.world.store.live
    assert user_id == user.user_id
    claims = claims_of(house, answer)
    assert (claims.subject, claims.session_id) == (user_id, session_id)
    token = RefreshToken.parse(answer.refresh_token)
    assert (token.user_id, token.session_id, token.generation) == (user_id, session_id, 0)
    assert house.world.audit.names == ["session_started"]


def test_the_answer_has_the_members_of_rfc_6749(house: FakeHouse) -> None:
    account(house)
    wire = sign_in(house).to_wire()
    assert list(wire) == ["access_token", "token_type", "expires_in", "refresh_token", "scope"]
    assert (wire["token_type"], wire["expires_in"], wire["scope"]) == (
        "Bearer",
        3600,
        "things:read things:write",
    )


def test_an_answer_shows_no_token_when_it_is_printed(house: FakeHouse) -> None:
    account(house)
    answer = sign_in(house)
    assert answer.access_token not in repr(answer)
    assert answer.refresh_token not in repr(answer)
    assert PASSWORD not in repr(request(password=PASSWORD))


@pytest.mark.parametrize(
    "name", [EMAIL, "ALICE@Example.COM", "alice", "Alice", "\uff21lice", "alice\uff20example.com"]
)
def test_every_spelling_of_address_and_user_name_signs_in(house: FakeHouse, name: str) -> None:
    account(house)
    assert sign_in(house, name).access_token


@pytest.mark.parametrize(
    "name", [" alice", "alice ", "ali\u200bce", "\u0430lice", "alice@example.com ", "bob", "\x00", "x" * 9000]
)
def test_no_other_name_does(house: FakeHouse, name: str) -> None:
    account(house)
    with pytest.raises(InvalidGrant):
        sign_in(house, name)


@pytest.mark.parametrize("password", [NFC_PASSWORD, NFD_PASSWORD])
def test_a_password_is_one_in_either_normal_form(house: FakeHouse, password: str) -> None:
    account(house, password=NFD_PASSWORD)
    assert sign_in(house, password=password).access_token


@pytest.mark.parametrize(
    "password", [PASSWORD + " ", " " + PASSWORD, PASSWORD.upper(), PASSWORD[:-1], PASSWORD + "\x00", "x"]
)
def test_no_other_password_does(house: FakeHouse, password: str) -> None:
    account(house)
    with pytest.raises(InvalidGrant):
        sign_in(house, password=password)
    assert not house.world.store.live


@pytest.mark.parametrize("missing", ["username", "password"])
@pytest.mark.parametrize("name", [EMAIL, "nobody@example.com"])
def test_a_request_without_name_or_password_costs_nothing(house: FakeHouse, missing: str, name: str) -> None:
    account(house)
    house.world.hasher.calls.clear()
    house.world.store.calls.clear()
    parameters = {"grant_type": "password", "username": name, "password": PASSWORD}
    del parameters[missing]
    with pytest.raises(InvalidRequest):
        house.token_endpoint(request(**parameters))
    assert not house.world.hasher.calls
    assert not house.world.store.calls


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"password": "x" * 1025}, InvalidRequest),
        ({"password": "\u00e9" * 513}, InvalidRequest),
        ({"scope": "a  b"}, InvalidScope),
        ({"scope": " "}, InvalidScope),
        ({"scope": 'a"'}, InvalidScope),
        ({"client_id": "unknown"}, InvalidClient),
        ({"client_secret": "s"}, InvalidClient),
        ({"grant_type": "client_credentials"}, UnsupportedGrantType),
        ({"grant_type": "Password"}, UnsupportedGrantType),
    ],
)
def test_a_malformed_request_is_refused_before_a_password_is_hashed(
    house: FakeHouse, parameters: dict[str, str], error: type[OAuthError]
) -> None:
    account(house)
    house.world.hasher.calls.clear()
    with pytest.raises(error):
        house.token_endpoint(
            request(**{"grant_type": "password", "username": EMAIL, "password": PASSWORD, **parameters})
        )
    assert not house.world.hasher.calls
    assert not house.world.store.calls["begin_sign_in"]


def test_without_a_grant_type_the_request_is_malformed(house: FakeHouse) -> None:
    with pytest.raises(InvalidRequest):
        house.token_endpoint(request(username=EMAIL, password=PASSWORD))


@pytest.mark.parametrize(
    ("asked", "granted"),
    [("things:read", "things:read"), ("things:write things:read", "things:read things:write")],
)
def test_what_is_asked_for_and_held_is_granted(house: FakeHouse, asked: str, granted: str) -> None:
    account(house)
    answer = sign_in(house, scope=asked)
    assert str(answer.scope) == granted
    assert claims_of(house, answer).scope == answer.scope


def test_a_user_without_permissions_gets_an_empty_scope(house: FakeHouse) -> None:
    account(house, permissions=())
    answer = sign_in(house)
    assert answer.to_wire()["scope"] == ""
    assert str(claims_of(house, answer).scope) == ""


@pytest.mark.parametrize("asked", ["users:read", "things:read users:read", "THINGS:READ"])
def test_asking_for_more_than_is_held_opens_no_session(house: FakeHouse, asked: str) -> None:
    account(house)
    with pytest.raises(InvalidScope):
        sign_in(house, scope=asked)
    assert not house.world.store.live


def test_a_token_too_large_to_be_accepted_is_not_issued(house: FakeHouse) -> None:
    made = account(house)
    many = Scope.of(f"resource-number-{number:04}:write" for number in range(300))
    house.world.store.accounts[made.user_id] = replace(made, permissions=many)
    with pytest.raises(InvalidScope) as refusal:
        sign_in(house)
    assert refusal.value.public_description == "Ask for less scope: the token is too large."
    assert claims_of(house, sign_in(house, scope="resource-number-0007:write"))


def test_what_a_user_may_do_is_told_only_to_who_knows_the_password(house: FakeHouse) -> None:
    account(house)
    with pytest.raises(InvalidGrant):
        sign_in(house, password="wrong password!", scope="users:read")


def test_a_session_is_bound_to_its_client_and_remembers_its_device() -> None:
    house = fake_house(client_ids="web-app, tv-app")
    account(house)
    device = Device("curl/8", "192.0.2.1", "CH")
    asked = request(grant_type="password", username=EMAIL, password=PASSWORD, client_id="web-app")
    house.token_endpoint(replace(asked, device=device))
    (session,) = house.world.store.live.values()
    assert (session.client_id, session.device) == ("web-app", device)


def test_the_lives_of_a_session_are_those_of_the_settings() -> None:
    house = fake_house(refresh_idle_seconds=100, refresh_absolute_seconds=1000)
    account(house)
    sign_in(house)
    (session,) = house.world.store.live.values()
    now = house.world.clock.now
    assert (session.created_at, session.last_used_at) == (now, now)
    assert (session.idle_expires_at, session.expires_at) == (now + 100, now + 1000)


def test_an_idle_life_never_outlasts_the_absolute_one() -> None:
    house = fake_house(refresh_idle_seconds=1000, refresh_absolute_seconds=100)
    account(house)
    sign_in(house)
    (session,) = house.world.store.live.values()
    assert session.idle_expires_at == session.expires_at == house.world.clock.now + 100


def test_beyond_the_limit_the_least_recently_used_session_gives_way() -> None:
    house = fake_house(max_sessions=2)
    account(house)
    first = sign_in(house)
    house.world.clock.advance(1)
    second = sign_in(house)
    house.world.clock.advance(1)
    third = sign_in(house)
    live = {session_id for _, session_id in house.world.store.live}
    ids = [RefreshToken.parse(one.refresh_token).session_id for one in (first, second, third)]
    assert live == {ids[1], ids[2]}
    (ended,) = house.world.store.past.values()
    assert (ended.session_id, ended.reason) == (ids[0], EndReason.EVICTED)
    assert house.world.audit.names == ["session_started"] * 3 + ["session_ended"]
