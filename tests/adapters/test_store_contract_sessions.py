"""What every store promises of sessions: opening, reading and ending them, and the epoch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.errors import TooManyAttempts
from chalicelib.domain.sessions.session import Device, EndReason
from chalicelib.domain.sign_in.ports import AccountChanged
from chalicelib.domain.tokens.scopes import Scope
from tests.adapters.conftest import Store
from tests.adapters.records import NOW, account, device_key, id_of, rotated, session

ADA = id_of("ada")


@pytest.fixture(autouse=True)
def _ada(store: Store) -> None:
    store.create(account())


def test_an_opened_session_comes_back_as_it_was_given(store: Store) -> None:
    narrow = session("tablet", granted=Scope.of([]), epoch=3, device=Device())
    for given in (session(), narrow, session("laptop", granted=Scope.of(["a", "b"]))):
        assert store.open(given) == ()
        assert store.sessions.session(ADA, given.session_id).session == given


def test_a_session_that_is_opened_again_is_the_one_that_is_there(store: Store) -> None:
    """A write whose answer was lost is sent once more."""
    for _ in range(2):
        assert store.open(session()) == ()
    assert store.sessions.stored(ADA) == [session()]
    assert store.known(ADA).session_count == 1


def test_a_rotated_session_comes_back_as_it_was_given(store: Store) -> None:
    store.open(session())
    after = rotated(session())
    store.sessions.rotate(session(), after)
    assert store.sessions.session(ADA, after.session_id).session == after


def test_a_session_is_read_with_its_account_and_the_epoch(store: Store) -> None:
    store.open(session())
    store.system.advance_epoch(2)
    view = store.sessions.session_and_account(ADA, session().session_id)
    assert (view.session, view.account, view.epoch) == (session(), store.known(ADA), 2)
    assert store.sessions.session(ADA, session().session_id).epoch == 2


def test_a_session_that_is_not_there_is_none_and_its_account_still_is(store: Store) -> None:
    view = store.sessions.session_and_account(ADA, id_of("no session"))
    assert (view.session, view.account, view.epoch) == (None, account(), 0)
    assert store.sessions.session(ADA, id_of("no session")).session is None


def test_a_session_is_its_own_users_alone(store: Store) -> None:
    store.create(account("bob"))
    store.open(session())
    assert store.sessions.session(id_of("bob"), session().session_id).session is None
    assert store.sessions.stored(id_of("bob")) == []


def test_an_account_counts_at_least_its_live_sessions(store: Store) -> None:
    store.open(session("a"))
    store.open(session("b"))
    assert store.known(ADA) == replace(account(), session_count=2, device_count=2)
    store.sessions.end([session("a")], EndReason.SIGNED_OUT, NOW)
    assert store.known(ADA).session_count >= len(store.live(ADA))


def test_a_rehash_replaces_the_hash_and_counts_as_no_new_password(store: Store) -> None:
    better = PasswordHash("$2b$05$" + "y" * 53)
    store.open(session(), account=account(), rehash=better)
    assert store.candidate().password_hash == better
    assert store.known(ADA).password_version == account().password_version
    store.open(session("laptop"))
    assert store.candidate().password_hash == better


def test_two_sign_ins_that_both_rehash_both_succeed(store: Store) -> None:
    for label in ("a", "b"):
        store.open(session(label), account=account(), rehash=PasswordHash("$2b$05$" + label * 53))
    assert store.live(ADA) == {id_of("a"), id_of("b")}


def test_an_account_disabled_meanwhile_opens_nothing(store: Store) -> None:
    store.accounts.set_disabled(ADA, disabled=True)
    with pytest.raises(AccountChanged):
        store.open(session(), account=account(), rehash=PasswordHash("new"))
    assert store.sessions.stored(ADA) == []
    assert store.known(ADA) == account(disabled=True, security_version=2)


def test_an_account_deleted_meanwhile_opens_nothing(store: Store) -> None:
    store.accounts.delete(account())
    with pytest.raises(AccountChanged):
        store.open(session(), account=account())
    assert store.sessions.stored(ADA) == []
    assert store.accounts.account(ADA) is None


def test_a_password_changed_meanwhile_opens_nothing(store: Store) -> None:
    before_the_change = replace(account(), password_version=0)
    with pytest.raises(AccountChanged):
        store.open(session(), account=before_the_change, rehash=PasswordHash("new"))
    assert store.sessions.stored(ADA) == []
    assert store.known(ADA) == account()


def test_a_refused_sign_in_keeps_the_failures(store: Store) -> None:
    for _ in range(2):
        store.begin()
    begun = store.begin()
    assert begun.candidate is not None
    outdated = replace(begun.candidate, account=replace(account(), password_version=0))
    with pytest.raises(AccountChanged):
        store.sign_ins.open(session(), outdated, begun.charge, device_key=device_key(), rehash=None, limit=20)
    with pytest.raises(TooManyAttempts):
        store.begin()


def test_ended_sessions_are_listed_newest_first_with_their_reason(store: Store) -> None:
    reasons = [EndReason.SIGNED_OUT, EndReason.REUSE, EndReason.ADMINISTRATOR]
    for step, reason in enumerate(reasons):
        store.open(session(str(step)))
        ended = store.sessions.end([session(str(step))], reason, NOW + step)
        assert ended == [session(str(step)).ended(reason, NOW + step)]
    assert [one.reason for one in store.ended(ADA)] == reasons[::-1]
    assert [one.ended_at for one in store.ended(ADA)] == [NOW + 2, NOW + 1, NOW]
    assert store.ended(id_of("bob")) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_ended_sessions_come_in_pages(store: Store, limit: int) -> None:
    """Several end in one second, as when somebody signs out everywhere."""
    for step in range(4):
        store.open(session(str(step)))
        store.sessions.end([session(str(step))], EndReason.SIGNED_OUT_EVERYWHERE, NOW + step // 3)
    whole = store.sessions.ended(ADA, limit=10)
    assert whole.older is None
    assert len(whole.sessions) == 4
    pages = [store.sessions.ended(ADA, limit=limit)]
    while pages[-1].older is not None:
        pages.append(store.sessions.ended(ADA, limit=limit, before=pages[-1].older))
    assert [len(page.sessions) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert pages[-1].sessions, "the last page is known as the last"
    assert tuple(one for page in pages for one in page.sessions) == whole.sessions


def test_a_session_that_ends_between_two_pages_moves_none_of_them(store: Store) -> None:
    for step in range(4):
        store.open(session(str(step)))
        store.sessions.end([session(str(step))], EndReason.SIGNED_OUT, NOW + step)
    first = store.sessions.ended(ADA, limit=2)
    store.open(session("late"))
    store.sessions.end([session("late")], EndReason.SIGNED_OUT, NOW + 9)
    second = store.sessions.ended(ADA, limit=2, before=first.older)
    assert [one.ended_at for one in (*first.sessions, *second.sessions)] == [NOW + 3, NOW + 2, NOW + 1, NOW]


@pytest.mark.parametrize("before", ["made up", "000000000000#", "~"])
def test_a_forged_cursor_shows_no_sessions_of_others(store: Store, before: str) -> None:
    store.open(session())
    store.sessions.end([session()], EndReason.SIGNED_OUT, NOW)
    assert store.sessions.ended(id_of("bob"), limit=5, before=before).sessions == ()
    assert len(store.sessions.ended(ADA, limit=5, before=before).sessions) <= 1


def test_ending_a_session_twice_is_no_error_and_changes_nothing(store: Store) -> None:
    store.open(session())
    first = store.sessions.end([session()], EndReason.SIGNED_OUT, NOW)
    assert store.sessions.end([session()], EndReason.REVOKED, NOW + 1) == []
    assert store.ended(ADA) == first


def test_of_several_sessions_those_end_that_had_not(store: Store) -> None:
    for label in ("a", "b", "c"):
        store.open(session(label))
    store.sessions.end([session("b")], EndReason.SIGNED_OUT, NOW)
    every = [session(label) for label in ("a", "b", "c")]
    ended = store.sessions.end(every, EndReason.SIGNED_OUT_EVERYWHERE, NOW)
    assert {one.session_id for one in ended} == {id_of("a"), id_of("c")}
    assert store.sessions.stored(ADA) == []
    assert store.sessions.end([], EndReason.SIGNED_OUT, NOW) == []


def test_a_session_ends_whatever_generation_its_tokens_have_reached(store: Store) -> None:
    store.open(session())
    store.sessions.rotate(session(), rotated(session()))
    assert len(store.sessions.end([session()], EndReason.REUSE, NOW)) == 1
    assert store.sessions.stored(ADA) == []


def test_an_expired_session_is_still_stored(store: Store) -> None:
    old = session(at=NOW - 200 * 86_400)
    store.open(old)
    assert store.sessions.session(ADA, old.session_id).session == old
    assert store.sessions.stored(ADA) == [old]
    assert not old.is_active(NOW, 0)


def test_more_is_read_than_one_page_holds(store: Store) -> None:
    device = Device(user_agent="x" * 300_000)
    for step in range(5):
        store.open(session(str(step), device=device))
    assert len(store.sessions.stored(ADA)) == 5
    store.sessions.end(store.sessions.stored(ADA), EndReason.SIGNED_OUT_EVERYWHERE, NOW)
    assert len(store.ended(ADA)) == 5


def test_the_epoch_only_rises(store: Store) -> None:
    assert store.system.state().epoch == 0
    assert store.system.advance_epoch(1)
    assert not store.system.advance_epoch(1)
    assert store.system.advance_epoch(3)
    assert not store.system.advance_epoch(2)
    assert store.system.state().epoch == store.system.epoch(ADA) == 3
