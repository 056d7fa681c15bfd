"""Refreshes that come between one another's read and write."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import InvalidGrant, InvalidToken, Unavailable
from chalicelib.oauth.access_tokens import TokenResponse
from tests.changes import ACTOR
from tests.fakes import FakeServices
from tests.oauth.actors import account, claims_of, refresh, sign_in

KEY = "a-key-of-this-refresh"


def test_two_at_once_get_the_same_successor(services: FakeServices) -> None:
    account(services)
    token = sign_in(services).refresh_token
    between: list[TokenResponse] = []
    services.adapters.store.before["rotate"] = lambda: between.append(refresh(services, token))
    outer = refresh(services, token)
    assert outer.refresh_token == between[0].refresh_token
    assert claims_of(services, outer).session_id == claims_of(services, between[0]).session_id
    assert services.adapters.audit.names.count("session_refreshed") == 1
    assert refresh(services, outer.refresh_token).access_token


@pytest.mark.parametrize("depth", range(1, 6))
def test_however_many_at_once_get_the_same_successor(services: FakeServices, depth: int) -> None:
    account(services)
    token = sign_in(services).refresh_token
    answers: list[str] = []

    def again(left: int) -> None:
        if left:
            services.adapters.store.before["rotate"] = lambda: again(left - 1)
        answers.append(refresh(services, token).refresh_token)

    again(depth)
    assert len(answers) == depth + 1
    assert len(set(answers)) == 1


def test_two_at_once_with_the_same_key_get_the_same_successor(services: FakeServices) -> None:
    """Two processes of one app, which both send the key that is stored with the token."""
    account(services)
    token = sign_in(services).refresh_token
    between: list[TokenResponse] = []
    services.adapters.store.before["rotate"] = lambda: between.append(
        refresh(services, token, idempotency_key=KEY)
    )
    assert refresh(services, token, idempotency_key=KEY).refresh_token == between[0].refresh_token
    assert services.adapters.audit.names == ["session_started", "session_refreshed", "refresh_repeated"]
    services.adapters.clock.advance(11)
    assert refresh(services, token, idempotency_key=KEY).refresh_token == between[0].refresh_token


@pytest.mark.parametrize(("winner", "loser"), [(KEY, None), (None, KEY), (KEY, KEY + "x")])
def test_of_two_at_once_with_different_keys_the_loser_is_theft(
    services: FakeServices, winner: str | None, loser: str | None
) -> None:
    """Nothing tells the second from somebody who copied the token and is as quick."""
    account(services)
    token = sign_in(services).refresh_token
    services.adapters.store.before["rotate"] = lambda: refresh(services, token, idempotency_key=winner)
    with pytest.raises(InvalidGrant):
        refresh(services, token, idempotency_key=loser)
    assert services.adapters.audit.names[-2:] == ["refresh_token_reuse", "session_ended"]
    assert not services.adapters.store.live


def test_a_retry_that_a_sign_out_overtakes_brings_nothing_back(services: FakeServices) -> None:
    """A retry writes nothing, so at worst it names the successor of a session that has just ended."""
    user = account(services)
    token = sign_in(services).refresh_token
    refresh(services, token, idempotency_key=KEY)
    services.adapters.keys.before["current"] = lambda: services.administration.disable(user.user_id, ACTOR)
    late = refresh(services, token, idempotency_key=KEY)
    assert not services.adapters.store.live
    for spent in (late.refresh_token, token):
        with pytest.raises(InvalidGrant):
            refresh(services, spent, idempotency_key=KEY)
    with pytest.raises(InvalidToken):
        claims_of(services, late)


def test_a_session_that_ends_in_between_is_not_brought_back(services: FakeServices) -> None:
    user = account(services)
    token = sign_in(services).refresh_token
    services.adapters.store.before["rotate"] = lambda: services.administration.disable(user.user_id, ACTOR)
    with pytest.raises(InvalidGrant):
        refresh(services, token)
    assert not services.adapters.store.live


def test_a_loser_whose_successor_was_used_meanwhile_is_theft(services: FakeServices) -> None:
    """By the contract: its token is of an older generation by then."""
    account(services)
    token = sign_in(services).refresh_token
    services.adapters.store.before["rotate"] = lambda: refresh(
        services, refresh(services, token).refresh_token
    )
    with pytest.raises(InvalidGrant):
        refresh(services, token)
    assert "refresh_token_reuse" in services.adapters.audit.names
    assert not services.adapters.store.live


def test_two_who_notice_a_theft_at_once_end_the_session_once(services: FakeServices) -> None:
    account(services)
    token = sign_in(services).refresh_token
    refresh(services, token)
    services.adapters.clock.advance(11)

    def other() -> None:
        with pytest.raises(InvalidGrant):
            refresh(services, token)

    services.adapters.store.before["end"] = other
    with pytest.raises(InvalidGrant):
        refresh(services, token)
    assert services.adapters.audit.names.count("session_ended") == 1
    assert len(services.adapters.store.past) == 1


@pytest.mark.parametrize("key", [None, KEY])
def test_an_exchange_whose_write_succeeded_and_whose_answer_was_lost_is_repeated(
    services: FakeServices, key: str | None
) -> None:
    """The function saw an outage, the client a 503, and the table the new generation."""
    account(services)
    token = sign_in(services).refresh_token
    services.adapters.store.mute = {"rotate"}
    with pytest.raises(Unavailable):
        refresh(services, token, idempotency_key=key)
    services.adapters.store.mute = set()
    if key:
        services.adapters.clock.advance(86_400)
    again = refresh(services, token, idempotency_key=key)
    assert refresh(services, again.refresh_token).access_token


def test_the_window_begins_with_the_write_however_slow_the_calls_before_it_were(
    services: FakeServices,
) -> None:
    """A client without a key that is answered 503 after seconds still has the whole window to repeat."""
    account(services)
    token = sign_in(services).refresh_token
    services.adapters.keys.before["current"] = lambda: services.adapters.clock.advance(7)
    services.adapters.store.mute = {"rotate"}
    with pytest.raises(Unavailable):
        refresh(services, token)
    services.adapters.store.mute = set()
    services.adapters.clock.advance(10)
    assert refresh(services, token).access_token


def test_a_sign_in_whose_write_succeeded_and_whose_answer_was_lost_can_be_repeated(
    services: FakeServices,
) -> None:
    account(services)
    services.adapters.store.mute = {"open"}
    with pytest.raises(Unavailable):
        sign_in(services)
    services.adapters.store.mute = set()
    assert sign_in(services).access_token


def test_a_theft_that_could_not_be_written_down_is_an_outage_and_noticed_the_next_time(
    services: FakeServices,
) -> None:
    account(services)
    token = sign_in(services).refresh_token
    refresh(services, token)
    services.adapters.clock.advance(11)
    services.adapters.store.down = {"end"}
    with pytest.raises(Unavailable):
        refresh(services, token)
    services.adapters.store.down = set()
    with pytest.raises(InvalidGrant):
        refresh(services, token)
    assert not services.adapters.store.live
