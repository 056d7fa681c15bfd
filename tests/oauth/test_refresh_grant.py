"""The refresh token grant: one successor, a lossless retry, and nothing spent by a malformed request."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import (
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    OAuthError,
    Unavailable,
)
from chalicelib.domain.refresh import RefreshToken
from tests.fakes import FakeHouse, FakeWorld, fake_house
from tests.oauth.actors import account, claims_of, refresh, request, sign_in

KEY = "0c6f3c1e-9a41-4f7e-8b0e-5d3f0a8f0c11"


def refused(house: FakeHouse, token: str, **parameters: str) -> InvalidGrant:
    with pytest.raises(InvalidGrant) as refusal:
        refresh(house, token, **parameters)
    assert refusal.value.public_description == InvalidGrant.description
    return refusal.value


def test_the_current_token_is_exchanged_for_one_successor(house: FakeHouse) -> None:
    account(house)
    first = sign_in(house)
    second = refresh(house, first.refresh_token)
    third = refresh(house, second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert len(house.world.store.live) == 1
    assert house.world.audit.names == ["session_started", "session_refreshed", "session_refreshed"]


def test_the_new_access_token_is_of_the_same_session_and_of_now(house: FakeHouse) -> None:
    account(house)
    first = sign_in(house)
    before = claims_of(house, first)
    house.world.clock.advance(60)
    after = claims_of(house, refresh(house, first.refresh_token))
    assert (after.subject, after.session_id, after.client_id) == (
        before.subject,
        before.session_id,
        before.client_id,
    )
    assert after.issued_at == before.issued_at + 60
    assert after.token_id != before.token_id


@pytest.mark.parametrize("later", [0, 1, 10])
def test_within_the_window_a_retry_gets_the_same_successor(house: FakeHouse, later: int) -> None:
    account(house)
    first = sign_in(house)
    second = refresh(house, first.refresh_token)
    house.world.clock.advance(later)
    answers = {refresh(house, first.refresh_token).refresh_token for _ in range(5)}
    assert answers == {second.refresh_token}


def test_a_retry_gets_a_good_access_token_of_its_own(house: FakeHouse) -> None:
    account(house)
    first = sign_in(house)
    one, other = refresh(house, first.refresh_token), refresh(house, first.refresh_token)
    assert claims_of(house, one).token_id != claims_of(house, other).token_id


def test_a_retry_writes_nothing_and_is_not_audited_as_a_rotation(house: FakeHouse) -> None:
    account(house)
    first = sign_in(house)
    refresh(house, first.refresh_token)
    (before,) = house.world.store.live.values()
    house.world.clock.advance(5)
    refresh(house, first.refresh_token)
    assert list(house.world.store.live.values()) == [before]
    assert house.world.audit.names.count("session_refreshed") == 1


@pytest.mark.parametrize("later", [11, 3600, 30 * 86_400 - 1])
def test_with_its_key_a_retry_has_no_time_limit_but_that_of_the_session(house: FakeHouse, later: int) -> None:
    account(house)
    first = sign_in(house)
    second = refresh(house, first.refresh_token, idempotency_key=KEY)
    house.world.clock.advance(later)
    assert refresh(house, first.refresh_token, idempotency_key=KEY).refresh_token == second.refresh_token


@pytest.mark.parametrize(("first_key", "key"), [(None, None), (None, KEY), (KEY, None), (KEY, KEY + "x")])
def test_after_the_window_a_spent_token_without_its_key_is_theft(
    house: FakeHouse, first_key: str | None, key: str | None
) -> None:
    account(house)
    first = sign_in(house)
    second = refresh(house, first.refresh_token, idempotency_key=first_key)
    house.world.clock.advance(11)
    with pytest.raises(InvalidGrant):
        refresh(house, first.refresh_token, idempotency_key=key)
    assert house.world.audit.names[-2:] == ["refresh_token_reuse", "session_ended"]
    refused(house, second.refresh_token)
    refused(house, first.refresh_token)


@pytest.mark.parametrize("key", [None, KEY])
def test_once_the_successor_was_used_the_predecessor_is_theft(house: FakeHouse, key: str | None) -> None:
    account(house)
    first = sign_in(house)
    second = refresh(house, first.refresh_token, idempotency_key=key)
    third = refresh(house, second.refresh_token)
    with pytest.raises(InvalidGrant):
        refresh(house, first.refresh_token, idempotency_key=key)
    assert "refresh_token_reuse" in house.world.audit.names
    refused(house, third.refresh_token)


def test_theft_ends_one_session_and_leaves_the_users_others(house: FakeHouse) -> None:
    account(house)
    phone, tablet = sign_in(house), sign_in(house)
    stolen = phone.refresh_token
    refresh(house, refresh(house, stolen).refresh_token)
    refused(house, stolen)
    with pytest.raises(OAuthError):
        refresh(house, stolen)
    assert refresh(house, tablet.refresh_token).access_token
    assert claims_of(house, tablet).subject == RefreshToken.parse(tablet.refresh_token).user_id
    assert house.world.audit.names.count("refresh_token_reuse") == 1


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"scope": "a  b"}, InvalidScope),
        ({"scope": "users:read"}, InvalidScope),
        ({"scope": "things:read users:read"}, InvalidScope),
        ({"client_id": "unknown"}, InvalidClient),
        ({"client_id": "web-app"}, InvalidGrant),
        ({"client_secret": "s"}, InvalidClient),
    ],
)
def test_a_request_that_is_refused_spends_nothing(
    parameters: dict[str, str], error: type[OAuthError]
) -> None:
    house = fake_house(client_ids="web-app")
    account(house)
    first = sign_in(house)
    before = dict(house.world.store.live)
    with pytest.raises(error):
        refresh(house, first.refresh_token, **parameters)
    assert house.world.store.live == before
    assert house.world.audit.names == ["session_started"]
    assert refresh(house, first.refresh_token).access_token


def test_a_spent_token_in_another_clients_hand_is_theft_all_the_same() -> None:
    house = fake_house(client_ids="web-app")
    account(house)
    first = sign_in(house)
    second = refresh(house, first.refresh_token)
    with pytest.raises(InvalidGrant):
        refresh(house, first.refresh_token, client_id="web-app")
    assert "refresh_token_reuse" not in house.world.audit.names, "it may be a retry"
    house.world.clock.advance(11)
    with pytest.raises(InvalidGrant):
        refresh(house, first.refresh_token, client_id="web-app")
    assert house.world.audit.names[-2:] == ["refresh_token_reuse", "session_ended"]
    refused(house, second.refresh_token)


def test_theft_is_told_even_if_the_answer_to_its_end_is_lost(house: FakeHouse) -> None:
    account(house)
    first = sign_in(house)
    refresh(house, first.refresh_token)
    house.world.clock.advance(11)
    house.world.store.mute.add("end")
    with pytest.raises(Unavailable):
        refresh(house, first.refresh_token)
    house.world.store.mute.clear()
    refused(house, first.refresh_token)
    assert house.world.audit.names.count("refresh_token_reuse") == 1


def test_a_clock_that_was_set_back_does_not_hold_the_window_open(house: FakeHouse) -> None:
    account(house)
    first = sign_in(house)
    second = refresh(house, first.refresh_token)
    house.world.clock.advance(-10)
    assert refresh(house, first.refresh_token).refresh_token == second.refresh_token
    house.world.clock.advance(-1)
    refused(house, first.refresh_token)


@pytest.mark.parametrize("key", [" ", "a b", "caf\u00e9", "a\n", "\x7f", "\ufffd", "x" * 256])
def test_a_malformed_idempotency_key_spends_nothing(house: FakeHouse, key: str) -> None:
    account(house)
    first = sign_in(house)
    with pytest.raises(InvalidRequest):
        refresh(house, first.refresh_token, idempotency_key=key)
    assert refresh(house, first.refresh_token, idempotency_key="x" * 255).access_token


def test_an_empty_idempotency_key_is_none(house: FakeHouse) -> None:
    account(house)
    first = sign_in(house)
    refresh(house, first.refresh_token, idempotency_key="")
    house.world.clock.advance(11)
    with pytest.raises(InvalidGrant):
        refresh(house, first.refresh_token, idempotency_key="")


def test_without_a_token_the_request_is_malformed(house: FakeHouse) -> None:
    with pytest.raises(InvalidRequest):
        house.token_endpoint(request(grant_type="refresh_token"))


@pytest.mark.parametrize("mangle", ["{}=", " {}", "{} ", "x{}", "ghr_", "{}{}", "eyJ{}"])
def test_a_mangled_token_ends_nothing(house: FakeHouse, mangle: str) -> None:
    account(house)
    first = sign_in(house)
    second = refresh(house, first.refresh_token)
    house.world.clock.advance(11)
    for token in (first.refresh_token, second.refresh_token):
        refused(house, mangle.format(token, token))
        refused(house, token[:-1] + ("A" if token[-1] != "A" else "B"))
        refused(house, token.swapcase())
    assert refresh(house, second.refresh_token).access_token


def test_the_token_of_a_session_that_never_was_is_refused_alike(house: FakeHouse) -> None:
    other = fake_house()
    account(other)
    refused(house, sign_in(other).refresh_token)


def test_the_window_is_a_setting(world: FakeWorld) -> None:
    house = fake_house(world, refresh_retry_seconds=60)
    account(house)
    first = sign_in(house)
    second = refresh(house, first.refresh_token)
    world.clock.advance(60)
    assert refresh(house, first.refresh_token).refresh_token == second.refresh_token
    world.clock.advance(1)
    refused(house, first.refresh_token)
