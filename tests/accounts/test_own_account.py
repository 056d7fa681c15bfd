"""What a signed-in person sees and does: the account, the sessions, signing out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.domain.claims import VerifiedClaims
from chalicelib.domain.errors import InvalidGrant, InvalidToken, NotFound, Unavailable
from chalicelib.domain.sessions import EndedSession, EndReason, Session
from tests.fakes import FakeHouse, FakeWorld, fake_house
from tests.oauth.actors import account, claims_of, refresh, sign_in

Operation = Callable[[FakeHouse, VerifiedClaims], object]
OPERATIONS: dict[str, Operation] = {
    "load": lambda house, claims: house.own_account.load(claims),
    "list": lambda house, claims: house.own_account.standing_sessions(claims),
    "sign out": lambda house, claims: house.own_account.sign_out(claims, claims.session_id),
    "sign out everywhere": lambda house, claims: house.own_account.sign_out_everywhere(claims),
}
operations = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)


def test_account_and_session_come_from_one_read(house: FakeHouse) -> None:
    made = account(house)
    claims = claims_of(house, sign_in(house))
    house.world.store.round_trips = 0
    loaded, session = house.own_account.load(claims)
    assert loaded.user_id == made.user_id
    assert session.session_id == claims.session_id
    assert house.world.store.round_trips == 1


@operations
def test_an_ended_session_does_nothing_more(house: FakeHouse, operation: Operation) -> None:
    account(house)
    claims = claims_of(house, sign_in(house))
    house.own_account.sign_out(claims, claims.session_id)
    with pytest.raises(InvalidToken):
        operation(house, claims)


@operations
def test_a_disabled_user_does_nothing_more(house: FakeHouse, operation: Operation) -> None:
    made = account(house)
    claims = claims_of(house, sign_in(house))
    house.world.store.set_disabled(made.user_id, disabled=True)
    with pytest.raises(InvalidToken):
        operation(house, claims)
    assert house.world.store.live


@operations
def test_a_deleted_user_does_nothing_more(house: FakeHouse, operation: Operation) -> None:
    made = account(house)
    claims = claims_of(house, sign_in(house))
    del house.world.store.accounts[made.user_id]
    with pytest.raises(InvalidToken):
        operation(house, claims)


@operations
def test_an_expired_session_does_nothing_more(world: FakeWorld, operation: Operation) -> None:
    house = fake_house(world, refresh_idle_seconds=100)
    account(house)
    claims = claims_of(house, sign_in(house))
    world.clock.advance(100)
    with pytest.raises(InvalidToken):
        operation(house, claims)


@operations
def test_after_a_breach_no_earlier_session_does_anything(house: FakeHouse, operation: Operation) -> None:
    account(house)
    claims = claims_of(house, sign_in(house))
    house.world.store.advance_epoch(1, house.world.clock.now)
    with pytest.raises(InvalidToken):
        operation(house, claims)


@operations
def test_an_outage_is_no_end_of_a_session(house: FakeHouse, operation: Operation) -> None:
    account(house)
    answer = sign_in(house)
    claims = claims_of(house, answer)
    house.world.store.down = {"session_and_account"}
    with pytest.raises(Unavailable):
        operation(house, claims)
    house.world.store.down = set()
    assert claims_of(house, answer) == claims


def test_the_sessions_are_listed_the_most_recently_used_first(house: FakeHouse) -> None:
    account(house)
    answers = []
    for _ in range(3):
        answers.append(sign_in(house))
        house.world.clock.advance(60)
    refresh(house, answers[0].refresh_token)
    ids = [claims_of(house, answer).session_id for answer in answers]
    listed = house.own_account.standing_sessions(claims_of(house, answers[1]))
    assert [one.session_id for one in listed] == [ids[0], ids[2], ids[1]]


def test_what_can_be_used_no_more_is_not_listed(world: FakeWorld) -> None:
    """An expired item stays in the table until DynamoDB gets to it."""
    house = fake_house(world, refresh_idle_seconds=100)
    account(house)
    sign_in(house)
    world.clock.advance(100)
    answer = sign_in(house)
    claims = claims_of(house, answer)
    assert len(world.store.live) == 2
    assert [one.session_id for one in house.own_account.standing_sessions(claims)] == [claims.session_id]


def test_other_peoples_sessions_are_not_listed(house: FakeHouse) -> None:
    account(house)
    account(house, "bob@example.com", "bob")
    sign_in(house, "bob")
    (listed,) = house.own_account.standing_sessions(claims_of(house, sign_in(house)))
    assert listed.user_id != next(one.user_id for one in house.world.store.live.values() if one != listed)


def test_one_session_is_ended_and_the_others_go_on(house: FakeHouse) -> None:
    account(house)
    here, there = sign_in(house), sign_in(house)
    claims = claims_of(house, here)
    house.own_account.sign_out(claims, claims_of(house, there).session_id)
    with pytest.raises(InvalidGrant):
        refresh(house, there.refresh_token)
    assert refresh(house, here.refresh_token).access_token
    (ended,) = house.world.store.past.values()
    assert ended.reason is EndReason.SIGNED_OUT_ELSEWHERE


def test_ones_own_session_is_ended(house: FakeHouse) -> None:
    account(house)
    claims = claims_of(house, sign_in(house))
    house.own_account.sign_out(claims, claims.session_id)
    (ended,) = house.world.store.past.values()
    assert ended.reason is EndReason.SIGNED_OUT
    assert house.world.audit.names[-1] == "session_ended"


@pytest.mark.parametrize("session_id", ["", "0" * 32, "x", "../x", "\x00", "x" * 3000])
def test_a_session_that_is_not_there_is_not_found(house: FakeHouse, session_id: str) -> None:
    account(house)
    claims = claims_of(house, sign_in(house))
    with pytest.raises(NotFound):
        house.own_account.sign_out(claims, session_id)
    assert house.world.store.live


def test_somebody_elses_session_is_not_found_and_goes_on(house: FakeHouse) -> None:
    account(house)
    account(house, "bob@example.com", "bob")
    bobs = sign_in(house, "bob")
    claims = claims_of(house, sign_in(house))
    with pytest.raises(NotFound):
        house.own_account.sign_out(claims, claims_of(house, bobs).session_id)
    assert refresh(house, bobs.refresh_token).access_token


def test_signing_out_everywhere_ends_all_of_ones_own_and_nobody_elses(house: FakeHouse) -> None:
    account(house)
    account(house, "bob@example.com", "bob")
    bobs = sign_in(house, "bob")
    answers = [sign_in(house) for _ in range(3)]
    assert house.own_account.sign_out_everywhere(claims_of(house, answers[0])) == 3
    for answer in answers:
        with pytest.raises(InvalidGrant):
            refresh(house, answer.refresh_token)
    assert refresh(house, bobs.refresh_token).access_token
    assert {one.reason for one in house.world.store.past.values()} == {EndReason.SIGNED_OUT_EVERYWHERE}


def test_signing_out_everywhere_ends_the_asking_session_last(house: FakeHouse) -> None:
    """Cut off in the middle, one can ask again; and what was ended was told."""
    account(house)
    others = {claims_of(house, sign_in(house)).session_id for _ in range(5)}
    claims = claims_of(house, sign_in(house))
    told: list[str] = []
    end = house.world.store.end

    def cut_off(sessions: list[Session], reason: EndReason, now: int) -> list[EndedSession]:
        if len(told) == 3:
            raise Unavailable("switched off")
        told.extend(one.session_id for one in sessions)
        return end(sessions, reason, now)

    house.world.store.end = cut_off  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        house.own_account.sign_out_everywhere(claims)
    assert house.world.audit.names.count("session_ended") == 3
    assert set(told) < others
    house.world.store.end = end  # type: ignore[method-assign]
    assert house.own_account.sign_out_everywhere(claims) == 3
    assert not house.world.store.live


def test_what_has_expired_is_not_said_to_have_been_signed_out(world: FakeWorld) -> None:
    house = fake_house(world, refresh_idle_seconds=100)
    account(house)
    old = claims_of(house, sign_in(house))
    world.clock.advance(100)
    claims = claims_of(house, sign_in(house))
    with pytest.raises(NotFound):
        house.own_account.sign_out(claims, old.session_id)
    assert house.own_account.sign_out_everywhere(claims) == 1
    assert [one.session_id for one in world.store.past.values()] == [claims.session_id]


@pytest.mark.parametrize("session_id", ["", "x", "\ud800", "a" * 5000, "SESSION#" + "a" * 32])
def test_what_is_no_id_is_no_session(house: FakeHouse, session_id: str) -> None:
    account(house)
    claims = claims_of(house, sign_in(house))
    with pytest.raises(NotFound):
        house.own_account.sign_out(claims, session_id)
