"""Refreshes that come between one another's read and write."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import InvalidGrant, Unavailable
from chalicelib.oauth.access_tokens import TokenResponse
from tests.fakes import FakeHouse
from tests.oauth.actors import account, claims_of, refresh, sign_in

KEY = "a-key-of-this-refresh"


def test_two_at_once_get_the_same_successor(house: FakeHouse) -> None:
    account(house)
    token = sign_in(house).refresh_token
    between: list[TokenResponse] = []
    house.world.store.before["rotate"] = lambda: between.append(refresh(house, token))
    outer = refresh(house, token)
    assert outer.refresh_token == between[0].refresh_token
    assert claims_of(house, outer).session_id == claims_of(house, between[0]).session_id
    assert house.world.audit.names.count("session_refreshed") == 1
    assert refresh(house, outer.refresh_token).access_token


@pytest.mark.parametrize("depth", range(1, 6))
def test_however_many_at_once_get_the_same_successor(house: FakeHouse, depth: int) -> None:
    account(house)
    token = sign_in(house).refresh_token
    answers: list[str] = []

    def again(left: int) -> None:
        if left:
            house.world.store.before["rotate"] = lambda: again(left - 1)
        answers.append(refresh(house, token).refresh_token)

    again(depth)
    assert len(answers) == depth + 1
    assert len(set(answers)) == 1


def test_a_race_across_the_end_of_the_window_is_won_by_the_key(house: FakeHouse) -> None:
    """The loser decides anew on what the winner wrote just now, so it is inside the window either way."""
    account(house)
    token = sign_in(house).refresh_token
    house.world.store.before["rotate"] = lambda: refresh(house, token, idempotency_key=KEY)
    assert refresh(house, token).access_token
    house.world.clock.advance(11)
    assert refresh(house, token, idempotency_key=KEY).access_token


def test_a_session_that_ends_in_between_is_not_brought_back(house: FakeHouse) -> None:
    user = account(house)
    token = sign_in(house).refresh_token
    house.world.store.before["rotate"] = lambda: house.administration.disable(user.user_id)
    with pytest.raises(InvalidGrant):
        refresh(house, token)
    assert not house.world.store.live


def test_a_loser_whose_successor_was_used_meanwhile_is_theft(house: FakeHouse) -> None:
    """By the contract: its token is of an older generation by then."""
    account(house)
    token = sign_in(house).refresh_token
    house.world.store.before["rotate"] = lambda: refresh(house, refresh(house, token).refresh_token)
    with pytest.raises(InvalidGrant):
        refresh(house, token)
    assert "refresh_token_reuse" in house.world.audit.names
    assert not house.world.store.live


def test_two_who_notice_a_theft_at_once_end_the_session_once(house: FakeHouse) -> None:
    account(house)
    token = sign_in(house).refresh_token
    refresh(house, token)
    house.world.clock.advance(11)

    def other() -> None:
        with pytest.raises(InvalidGrant):
            refresh(house, token)

    house.world.store.before["end"] = other
    with pytest.raises(InvalidGrant):
        refresh(house, token)
    assert house.world.audit.names.count("session_ended") == 1
    assert len(house.world.store.past) == 1


@pytest.mark.parametrize("key", [None, KEY])
def test_an_exchange_whose_write_succeeded_and_whose_answer_was_lost_is_repeated(
    house: FakeHouse, key: str | None
) -> None:
    """The function saw an outage, the client a 503, and the table the new generation."""
    account(house)
    token = sign_in(house).refresh_token
    house.world.store.mute = {"rotate"}
    with pytest.raises(Unavailable):
        refresh(house, token, idempotency_key=key)
    house.world.store.mute = set()
    if key:
        house.world.clock.advance(86_400)
    again = refresh(house, token, idempotency_key=key)
    assert refresh(house, again.refresh_token).access_token


def test_a_sign_in_whose_write_succeeded_and_whose_answer_was_lost_can_be_repeated(house: FakeHouse) -> None:
    account(house)
    house.world.store.mute = {"open"}
    with pytest.raises(Unavailable):
        sign_in(house)
    house.world.store.mute = set()
    assert sign_in(house).access_token


def test_a_theft_that_could_not_be_written_down_is_an_outage_and_noticed_the_next_time(
    house: FakeHouse,
) -> None:
    account(house)
    token = sign_in(house).refresh_token
    refresh(house, token)
    house.world.clock.advance(11)
    house.world.store.down = {"end"}
    with pytest.raises(Unavailable):
        refresh(house, token)
    house.world.store.down = set()
    with pytest.raises(InvalidGrant):
        refresh(house, token)
    assert not house.world.store.live
