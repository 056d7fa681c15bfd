"""What every store promises of the bound on sessions, and of exchanging refresh tokens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.sessions.session import EndReason
from tests.adapters.conftest import Store
from tests.adapters.records import NOW, account, id_of, rotated, session

ADA = id_of("ada")


@pytest.fixture(autouse=True)
def _ada(store: Store) -> None:
    store.create(account())


def open_many(store: Store, *labels: str, limit: int = 20) -> None:
    for step, label in enumerate(labels):
        store.open(session(label, at=NOW + step), limit=limit)


def test_up_to_the_limit_no_session_is_evicted(store: Store) -> None:
    open_many(store, "a", "b", "c", limit=3)
    assert store.live(ADA) == {id_of("a"), id_of("b"), id_of("c")}
    assert store.ended(ADA) == []


def test_above_the_limit_the_least_recently_used_is_evicted_and_returned(store: Store) -> None:
    open_many(store, "a", "b", "c", limit=3)
    used = rotated(session("a", at=NOW), at=NOW + 10)
    store.sessions.rotate(session("a", at=NOW), used)
    evicted = store.open(session("d", at=NOW + 20), limit=3)
    expected = session("b", at=NOW + 1).ended(EndReason.EVICTED, NOW + 20)
    assert evicted == (expected,)
    assert store.ended(ADA) == [expected]
    assert store.live(ADA) == {id_of("a"), id_of("c"), id_of("d")}
    assert store.known(ADA).session_count == 3


def test_at_a_limit_of_one_the_newest_session_stays(store: Store) -> None:
    for step, label in enumerate("abc"):
        evicted = store.open(session(label, at=NOW + step), limit=1)
        assert len(evicted) == min(step, 1)
        assert store.live(ADA) == {id_of(label)}


def test_a_limit_that_was_lowered_takes_hold_at_the_next_sign_in(store: Store) -> None:
    open_many(store, *"abcdefgh")
    evicted = store.open(session("new", at=NOW + 20), limit=2)
    assert [one.session_id for one in evicted] == [id_of(label) for label in "abcdefg"]
    assert store.live(ADA) == {id_of("h"), id_of("new")}


def test_forty_sessions_give_way_at_once(store: Store) -> None:
    labels = [str(number) for number in range(40)]
    open_many(store, *labels, limit=40)
    assert len(store.open(session("new", at=NOW + 50), limit=1)) == 40
    assert store.live(ADA) == {id_of("new")}


def test_sessions_that_have_ended_take_no_place(store: Store) -> None:
    open_many(store, "a", "b", "c", limit=3)
    store.sessions.end([session("b", at=NOW + 1), session("c", at=NOW + 2)], EndReason.SIGNED_OUT, NOW + 3)
    open_many(store, "d", "e", limit=3)
    assert store.live(ADA) == {id_of("a"), id_of("d"), id_of("e")}


def test_the_bound_holds_for_a_sign_in_that_began_when_there_was_room(store: Store) -> None:
    at_the_beginning = store.known(ADA)
    open_many(store, "a", "b", limit=2)
    (evicted,) = store.open(session("c", at=NOW + 5), account=at_the_beginning, limit=2)
    assert store.live(ADA) == {id_of("a"), id_of("b"), id_of("c")} - {evicted.session_id}
    assert evicted.session_id != id_of("c")


def test_nobody_gives_way_for_a_sign_in_that_began_when_there_was_none(store: Store) -> None:
    open_many(store, "a", "b", limit=2)
    at_the_beginning = store.known(ADA)
    store.sessions.end([session("a", at=NOW)], EndReason.SIGNED_OUT, NOW + 3)
    assert store.open(session("c", at=NOW + 5), account=at_the_beginning, limit=2) == ()
    assert store.live(ADA) == {id_of("b"), id_of("c")}


def test_inactive_sessions_do_not_count_towards_the_limit(store: Store) -> None:
    """The one had its time, the other a breach; both were used after the one that is well."""
    open_many(store, "well", limit=3)
    old = session("old", at=NOW + 1, last_used_at=NOW + 50, expires_at=NOW + 60)
    store.open(old, limit=3)
    store.open(session("withdrawn", at=NOW + 2, last_used_at=NOW + 70), limit=3)
    new = [session(label, at=NOW + at, epoch=1) for label, at in (("a", 80), ("b", 81))]
    rotated_well = replace(session("well", at=NOW), epoch=1)
    store.sessions.rotate(session("well", at=NOW), rotated_well)
    assert [store.open(one, limit=3) for one in new] == [(), ()]
    assert store.ended(ADA) == []
    (evicted,) = store.open(session("c", at=NOW + 82, epoch=1), limit=3)
    assert evicted.session_id == id_of("well")


def test_another_users_sessions_take_no_place(store: Store) -> None:
    store.create(account("bob"))
    store.open(session("x", user="bob"), limit=1)
    assert store.open(session("a"), limit=1) == ()
    assert store.live(id_of("bob")) == {id_of("x")}


def test_an_exchange_is_written_and_returned(store: Store) -> None:
    store.open(session())
    after = rotated(session())
    assert store.sessions.rotate(session(), after) == after
    assert store.sessions.session(ADA, after.session_id).session == after


def test_an_exchange_that_is_sent_again_is_its_own_winner(store: Store) -> None:
    store.open(session())
    after = rotated(session())
    assert [store.sessions.rotate(session(), after) for _ in range(2)] == [after, after]
    assert store.sessions.stored(ADA) == [after]


def test_of_two_exchanges_of_one_token_the_second_is_given_the_first(store: Store) -> None:
    store.open(session())
    winner, loser = rotated(session(), "winner"), rotated(session(), "loser")
    assert store.sessions.rotate(session(), winner) == winner
    assert store.sessions.rotate(session(), loser) == winner
    assert store.sessions.stored(ADA) == [winner]


def test_an_exchange_of_the_same_generation_but_another_token_is_no_exchange(store: Store) -> None:
    store.open(session())
    forged = replace(session(), family=replace(session().family, current=b"\x00" * 32))
    assert store.sessions.rotate(forged, rotated(forged)) == session()


def test_an_exchange_from_a_past_generation_is_given_the_present_one(store: Store) -> None:
    first, second = rotated(session()), rotated(rotated(session()))
    store.open(session())
    store.sessions.rotate(session(), first)
    store.sessions.rotate(first, second)
    assert store.sessions.rotate(session(), rotated(session(), "late")) == second


def test_an_exchange_does_not_bring_back_a_session_that_ended(store: Store) -> None:
    store.open(session())
    store.sessions.end([session()], EndReason.SIGNED_OUT, NOW)
    assert store.sessions.rotate(session(), rotated(session())) is None
    assert store.sessions.stored(ADA) == []


def test_a_session_that_never_was_is_not_exchanged(store: Store) -> None:
    assert store.sessions.rotate(session(), rotated(session())) is None
    assert store.sessions.stored(ADA) == []
