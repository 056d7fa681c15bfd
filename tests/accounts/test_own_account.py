"""What a signed-in person sees and does: the account, the sessions, signing out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.domain.errors import InvalidGrant, InvalidToken, NotFound, Unavailable
from chalicelib.domain.sessions.session import EndedSession, EndReason, Session
from chalicelib.domain.tokens.claims import VerifiedClaims
from tests.changes import set_disabled
from tests.fakes import FakeAdapters, FakeServices, fake_services
from tests.oauth.actors import account, claims_of, refresh, sign_in

Operation = Callable[[FakeServices, VerifiedClaims], object]
OPERATIONS: dict[str, Operation] = {
    "load": lambda services, claims: services.own_account.load(claims),
    "list": lambda services, claims: services.own_account.active_sessions(claims),
    "sign out": lambda services, claims: services.own_account.sign_out(claims, claims.session_id),
    "sign out everywhere": lambda services, claims: services.own_account.sign_out_everywhere(claims),
}
operations = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)


def test_account_and_session_come_from_one_read(services: FakeServices) -> None:
    made = account(services)
    claims = claims_of(services, sign_in(services))
    services.adapters.store.round_trips = 0
    loaded, session = services.own_account.load(claims)
    assert loaded.user_id == made.user_id
    assert session.session_id == claims.session_id
    assert services.adapters.store.round_trips == 1


@operations
def test_an_ended_session_does_nothing_more(services: FakeServices, operation: Operation) -> None:
    account(services)
    claims = claims_of(services, sign_in(services))
    services.own_account.sign_out(claims, claims.session_id)
    with pytest.raises(InvalidToken):
        operation(services, claims)


@operations
def test_a_disabled_user_does_nothing_more(services: FakeServices, operation: Operation) -> None:
    made = account(services)
    claims = claims_of(services, sign_in(services))
    set_disabled(services.adapters.store, made.user_id, disabled=True)
    with pytest.raises(InvalidToken):
        operation(services, claims)
    assert services.adapters.store.live


@operations
def test_a_deleted_user_does_nothing_more(services: FakeServices, operation: Operation) -> None:
    made = account(services)
    claims = claims_of(services, sign_in(services))
    del services.adapters.store.accounts[made.user_id]
    with pytest.raises(InvalidToken):
        operation(services, claims)


@operations
def test_an_expired_session_does_nothing_more(adapters: FakeAdapters, operation: Operation) -> None:
    services = fake_services(adapters, refresh_idle_seconds=100)
    account(services)
    claims = claims_of(services, sign_in(services))
    adapters.clock.advance(100)
    with pytest.raises(InvalidToken):
        operation(services, claims)


@operations
def test_after_a_breach_no_earlier_session_does_anything(
    services: FakeServices, operation: Operation
) -> None:
    account(services)
    claims = claims_of(services, sign_in(services))
    services.adapters.store.advance_epoch(1)
    with pytest.raises(InvalidToken):
        operation(services, claims)


@operations
def test_an_outage_is_no_end_of_a_session(services: FakeServices, operation: Operation) -> None:
    account(services)
    answer = sign_in(services)
    claims = claims_of(services, answer)
    services.adapters.store.down = {"session_and_account"}
    with pytest.raises(Unavailable):
        operation(services, claims)
    services.adapters.store.down = set()
    assert claims_of(services, answer) == claims


def test_the_sessions_are_listed_the_most_recently_used_first(services: FakeServices) -> None:
    account(services)
    answers = []
    for _ in range(3):
        answers.append(sign_in(services))
        services.adapters.clock.advance(60)
    refresh(services, answers[0].refresh_token)
    ids = [claims_of(services, answer).session_id for answer in answers]
    listed = services.own_account.active_sessions(claims_of(services, answers[1]))
    assert [one.session_id for one in listed] == [ids[0], ids[2], ids[1]]


def test_what_can_be_used_no_more_is_not_listed(adapters: FakeAdapters) -> None:
    """An expired item stays in the table until DynamoDB gets to it."""
    services = fake_services(adapters, refresh_idle_seconds=100)
    account(services)
    sign_in(services)
    adapters.clock.advance(100)
    answer = sign_in(services)
    claims = claims_of(services, answer)
    assert len(adapters.store.live) == 2
    assert [one.session_id for one in services.own_account.active_sessions(claims)] == [claims.session_id]


def test_other_peoples_sessions_are_not_listed(services: FakeServices) -> None:
    account(services)
    account(services, "bob@example.com", "bob")
    sign_in(services, "bob")
    (listed,) = services.own_account.active_sessions(claims_of(services, sign_in(services)))
    assert listed.user_id != next(
        one.user_id for one in services.adapters.store.live.values() if one != listed
    )


def test_one_session_is_ended_and_the_others_go_on(services: FakeServices) -> None:
    account(services)
    here, there = sign_in(services), sign_in(services)
    claims = claims_of(services, here)
    services.own_account.sign_out(claims, claims_of(services, there).session_id)
    with pytest.raises(InvalidGrant):
        refresh(services, there.refresh_token)
    assert refresh(services, here.refresh_token).access_token
    (ended,) = services.adapters.store.past.values()
    assert ended.reason is EndReason.SIGNED_OUT_ELSEWHERE


def test_ones_own_session_is_ended(services: FakeServices) -> None:
    account(services)
    claims = claims_of(services, sign_in(services))
    services.own_account.sign_out(claims, claims.session_id)
    (ended,) = services.adapters.store.past.values()
    assert ended.reason is EndReason.SIGNED_OUT
    assert services.adapters.audit.names[-1] == "session_ended"


@pytest.mark.parametrize("session_id", ["", "0" * 32, "x", "../x", "\x00", "x" * 3000])
def test_a_session_that_is_not_there_is_not_found(services: FakeServices, session_id: str) -> None:
    account(services)
    claims = claims_of(services, sign_in(services))
    with pytest.raises(NotFound):
        services.own_account.sign_out(claims, session_id)
    assert services.adapters.store.live


def test_somebody_elses_session_is_not_found_and_goes_on(services: FakeServices) -> None:
    account(services)
    account(services, "bob@example.com", "bob")
    bobs = sign_in(services, "bob")
    claims = claims_of(services, sign_in(services))
    with pytest.raises(NotFound):
        services.own_account.sign_out(claims, claims_of(services, bobs).session_id)
    assert refresh(services, bobs.refresh_token).access_token


def test_signing_out_everywhere_ends_only_the_sessions_of_the_user(services: FakeServices) -> None:
    account(services)
    account(services, "bob@example.com", "bob")
    bobs = sign_in(services, "bob")
    answers = [sign_in(services) for _ in range(3)]
    assert services.own_account.sign_out_everywhere(claims_of(services, answers[0])) == 3
    for answer in answers:
        with pytest.raises(InvalidGrant):
            refresh(services, answer.refresh_token)
    assert refresh(services, bobs.refresh_token).access_token
    assert {one.reason for one in services.adapters.store.past.values()} == {EndReason.SIGNED_OUT_EVERYWHERE}


def test_signing_out_everywhere_ends_the_asking_session_last(services: FakeServices) -> None:
    """Cut off in the middle, one can ask again; and what was ended was told."""
    account(services)
    others = {claims_of(services, sign_in(services)).session_id for _ in range(5)}
    claims = claims_of(services, sign_in(services))
    told: list[str] = []
    end = services.adapters.store.end

    def cut_off(sessions: list[Session], reason: EndReason, now: int) -> list[EndedSession]:
        if len(told) == 3:
            raise Unavailable("switched off")
        told.extend(one.session_id for one in sessions)
        return end(sessions, reason, now)

    services.adapters.store.end = cut_off  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        services.own_account.sign_out_everywhere(claims)
    assert services.adapters.audit.names.count("session_ended") == 3
    assert set(told) < others
    services.adapters.store.end = end  # type: ignore[method-assign]
    assert services.own_account.sign_out_everywhere(claims) == 3
    assert not services.adapters.store.live


def test_what_has_expired_is_not_said_to_have_been_signed_out(adapters: FakeAdapters) -> None:
    services = fake_services(adapters, refresh_idle_seconds=100)
    account(services)
    old = claims_of(services, sign_in(services))
    adapters.clock.advance(100)
    claims = claims_of(services, sign_in(services))
    with pytest.raises(NotFound):
        services.own_account.sign_out(claims, old.session_id)
    assert services.own_account.sign_out_everywhere(claims) == 1
    assert [one.session_id for one in adapters.store.past.values()] == [claims.session_id]


@pytest.mark.parametrize("session_id", ["", "x", "\ud800", "a" * 5000, "SESSION#" + "a" * 32])
def test_what_is_no_id_is_no_session(services: FakeServices, session_id: str) -> None:
    account(services)
    claims = claims_of(services, sign_in(services))
    with pytest.raises(NotFound):
        services.own_account.sign_out(claims, session_id)
