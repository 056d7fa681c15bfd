"""What every store promises where many ask at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.errors import InvalidAccount
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.sessions.session import EndedSession, EndReason
from chalicelib.domain.sign_in.ports import AccountChanged
from chalicelib.domain.tokens.scopes import Scope
from tests.adapters.conftest import Store, at_once
from tests.adapters.records import EMAIL, NAME, NOW, account, id_of, rotated, session

ADA = id_of("ada")


def test_twenty_creations_of_one_address_make_one_account(raced_store: Store) -> None:
    rivals = [account(f"rival {number}", email=EMAIL) for number in range(20)]
    outcomes = at_once(partial(raced_store.create, rival) for rival in rivals)
    winners = [rival for rival, outcome in zip(rivals, outcomes, strict=True) if outcome is None]
    assert sum(isinstance(outcome, InvalidAccount) for outcome in outcomes) == 19
    assert [raced_store.accounts.find(NAME)] == winners
    there = [raced_store.accounts.account(rival.user_id) for rival in rivals]
    assert [one for one in there if one is not None] == winners


def test_twenty_creations_that_share_one_of_two_names_make_one_account(raced_store: Store) -> None:
    rivals = [account(f"rival{number}", username="lovelace") for number in range(20)]
    outcomes = at_once(partial(raced_store.create, rival) for rival in rivals)
    winner = rivals[outcomes.index(None)]
    assert outcomes.count(None) == 1
    found = [raced_store.accounts.find(SignInName.of(rival.email)) for rival in rivals]
    assert [one for one in found if one is not None] == [winner]


@pytest.mark.parametrize("limit", [1, 3, 10])
def test_parallel_sign_ins_never_exceed_the_bound(raced_store: Store, limit: int) -> None:
    raced_store.create(account())
    newcomers = [session(f"{number}", at=NOW + number) for number in range(12)]
    outcomes = at_once(partial(raced_store.open, one, limit=limit) for one in newcomers)
    opened = {one.session_id for one, out in zip(newcomers, outcomes, strict=True) if isinstance(out, tuple)}
    lost = [out for out in outcomes if isinstance(out, Exception)]
    assert all(isinstance(out, Unavailable) for out in lost)
    live = raced_store.live(ADA)
    assert len(live) == limit
    ended = [one.session_id for one in raced_store.ended(ADA)]
    assert sorted([*ended, *live]) == sorted(opened)
    told = [one.session_id for out in outcomes if isinstance(out, tuple) for one in out]
    assert sorted(told) == sorted(ended)


def test_parallel_sign_ins_never_exceed_the_bound_where_sessions_have_ended(raced_store: Store) -> None:
    raced_store.create(account())
    for number in range(6):
        raced_store.open(session(f"old {number}", at=NOW + number), limit=6)
    old = [session(f"old {number}", at=NOW + number) for number in (1, 3)]
    raced_store.sessions.end(old, EndReason.SIGNED_OUT, NOW + 9)
    newcomers = [session(f"{number}", at=NOW + 10) for number in range(12)]
    at_once(partial(raced_store.open, one, limit=6) for one in newcomers)
    assert len(raced_store.live(ADA)) <= 6


def test_of_many_exchanges_of_one_token_one_wins_and_all_learn_which(raced_store: Store) -> None:
    raced_store.create(account())
    raced_store.open(session())
    tries = [rotated(session(), f"request {number}") for number in range(16)]
    outcomes = at_once(partial(raced_store.sessions.rotate, session(), one) for one in tries)
    (written,) = raced_store.sessions.stored(ADA)
    assert outcomes == [written] * 16
    assert written in tries


def test_an_end_beats_every_exchange_that_races_it(raced_store: Store) -> None:
    raced_store.create(account())
    raced_store.open(session())
    exchanges = [
        partial(raced_store.sessions.rotate, session(), rotated(session(), f"{number}"))
        for number in range(8)
    ]
    end = partial(raced_store.sessions.end, [session()], EndReason.REUSE, NOW)
    jobs: list[Callable[[], object]] = [*exchanges[:4], end, *exchanges[4:]]
    at_once(jobs)
    assert raced_store.sessions.stored(ADA) == []
    assert [one.reason for one in raced_store.ended(ADA)] == [EndReason.REUSE]


def test_of_many_ends_of_one_session_one_ended_it(raced_store: Store) -> None:
    raced_store.create(account())
    raced_store.open(session())
    end = partial(raced_store.sessions.end, [session()], EndReason.SIGNED_OUT, NOW)
    outcomes = at_once([end] * 12)
    assert sorted(len(one) if isinstance(one, list) else -1 for one in outcomes) == [0] * 11 + [1]
    assert len(raced_store.ended(ADA)) == 1


def test_no_session_that_is_opened_during_a_disabling_survives_it(raced_store: Store) -> None:
    raced_store.create(account())

    def disable() -> list[EndedSession]:
        raced_store.accounts.set_disabled(ADA, disabled=True)
        return raced_store.sessions.end(raced_store.sessions.stored(ADA), EndReason.DISABLED, NOW)

    def sign_in(number: int) -> tuple[EndedSession, ...]:
        return raced_store.open(session(f"{number}"), account=account(), limit=20)

    jobs = [partial(sign_in, number) for number in range(12)]
    everything: list[Callable[[], object]] = [*jobs[:6], disable, *jobs[6:]]
    outcomes = at_once(everything)
    assert raced_store.sessions.stored(ADA) == []
    failures = [one for one in outcomes if isinstance(one, Exception)]
    assert all(isinstance(one, AccountChanged) for one in failures)


def test_of_many_changes_of_permissions_one_is_made_on_what_was_read(raced_store: Store) -> None:
    raced_store.create(account())
    wishes = [Scope.of([f"p{number}"]) for number in range(12)]
    change = raced_store.accounts.set_permissions
    outcomes = at_once(partial(change, account(), wish) for wish in wishes)
    assert outcomes.count(True) == 1
    assert raced_store.known(ADA).permissions == wishes[outcomes.index(True)]


def test_of_many_who_raise_the_epoch_to_the_same_one_did(raced_store: Store) -> None:
    outcomes = at_once([partial(raced_store.system.advance_epoch, 1)] * 12)
    assert outcomes.count(True) == 1
    assert raced_store.system.state().epoch == 1


def test_of_many_deletions_one_deleted(raced_store: Store) -> None:
    given: Account = account(username="lovelace")
    raced_store.create(given)
    assert at_once([partial(raced_store.accounts.delete, given)] * 12).count(True) == 1
