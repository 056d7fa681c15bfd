"""What every store promises of changes of one's own account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest

from chalicelib.domain.accounts.changes import AccountChange, ChangeKind
from chalicelib.domain.accounts.own_changes import AccountState, NewDevice
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.errors import TooManyAttempts
from chalicelib.domain.sessions.session import EndedSession, EndReason, Session
from chalicelib.domain.sign_in.ports import AccountChanged
from chalicelib.domain.verification.verification import Purpose, Verification
from tests.adapters.conftest import Store, at_once
from tests.adapters.records import HASH, NOW, account, device_key, id_of, session
from tests.adapters.verification_records import verification, written
from tests.changes import changed

ADA = id_of("ada")
OTHER = PasswordHash("$2b$04$" + "y" * 53)


def state_of(store: Store) -> AccountState:
    state = store.own.account_state(ADA)
    assert state is not None
    return state


def ended(sessions: Sequence[Session]) -> list[EndedSession]:
    return [one.ended(EndReason.PASSWORD_RESET, NOW + 9) for one in sessions]


def reset(store: Store, spent: Verification, state: AccountState | None = None, label: str = "new") -> bool:
    state = state or state_of(store)
    return store.own.set_password(
        state,
        OTHER,
        changed(ADA, ChangeKind.PASSWORD_RESET),
        ended=ended(state.sessions),
        only_device=NewDevice(device_key(label), 0, NOW + 9),
        spent=spent,
    )


def stocked_store(store: Store, sessions: int = 2) -> Verification:
    store.create(account())
    for number in range(sessions):
        store.open(session(f"phone {number}"), limit=40)
    return written(store, verification(purpose=Purpose.PASSWORD_RESET))


def test_a_state_is_everything_that_a_new_password_ends(store: Store) -> None:
    assert store.own.account_state(ADA) is None
    stocked_store(store)
    state = state_of(store)
    assert (state.account, state.password_hash) == (store.known(ADA), HASH)
    assert {one.session_id for one in state.sessions} == store.live(ADA)
    assert len(state.devices) == 2


@pytest.mark.parametrize("sessions", [0, 2, 40])
def test_a_reset_ends_sessions_and_devices_and_spends_the_code(store: Store, sessions: int) -> None:
    made = stocked_store(store, sessions)
    before = store.known(ADA)
    assert reset(store, made)
    assert store.live(ADA) == set()
    after = state_of(store)
    assert after.password_hash == OTHER
    assert [one.digest for one in after.devices] == [device_key("new").digest()]
    assert after.account == replace(
        before, password_version=2, security_version=2, device_count=1, recounts=before.recounts + 1
    )
    # A transaction takes a hundred items: all sessions end, and most ends are explained.
    assert min(sessions, 35) <= len(store.ended(ADA)) <= sessions
    assert store.verifications.find_verification(made.digest) is None
    assert store.accounts.changes(ADA, 1)[0].kind is ChangeKind.PASSWORD_RESET
    with pytest.raises(AccountChanged):
        store.open(session("late"), account=before)


def test_a_reset_by_a_state_that_is_no_longer_changes_nothing(store: Store) -> None:
    made = stocked_store(store)
    state = state_of(store)
    store.open(session("late"))
    assert not reset(store, made, state)
    state = state_of(store)
    store.sessions.end([session("phone 0")], EndReason.SIGNED_OUT, NOW)
    assert not reset(store, made, state)
    state = state_of(store)
    store.accounts.set_disabled(ADA, disabled=True)
    assert not reset(store, made, state)
    assert state_of(store).password_hash == HASH
    assert store.verifications.find_verification(made.digest) == made


def test_of_twenty_resets_with_one_code_one_succeeds(raced_store: Store) -> None:
    made = stocked_store(raced_store)
    state = state_of(raced_store)
    outcomes = at_once([partial(reset, raced_store, made, state, str(number)) for number in range(20)])
    assert sorted(map(str, outcomes)) == ["False"] * 19 + ["True"]
    assert raced_store.known(ADA).password_version == 2
    assert len(state_of(raced_store).devices) == 1


def test_a_changed_password_ends_the_sessions_given_and_keeps_devices(store: Store) -> None:
    stocked_store(store)
    state, change = state_of(store), changed(ADA, ChangeKind.PASSWORD_CHANGED)
    mine, other = state.sessions
    assert store.own.set_password(state, OTHER, change, ended=ended([other]))
    assert store.live(ADA) == {mine.session_id}
    assert len(state_of(store).devices) == 2


def test_a_change_is_kept_once(store: Store) -> None:
    stocked_store(store)
    change: AccountChange = changed(ADA, ChangeKind.PASSWORD_CHANGED)
    assert store.own.set_password(state_of(store), OTHER, change, ended=[])
    assert [one for one in store.accounts.changes(ADA, 9) if one == change] == [change]


def test_a_session_has_ten_tries_and_then_waits(store: Store) -> None:
    charge = partial(store.own.charge_session, id_of("phone"))
    for _ in range(10):
        charge(NOW, 900)
    for later, seconds in ((0, 900), (899, 1)):
        with pytest.raises(TooManyAttempts) as refusal:
            charge(NOW + later, 900)
        assert refusal.value.retry_after == seconds
    charge(NOW + 900, 900)
    with pytest.raises(TooManyAttempts):
        charge(NOW + 901, 900)
    store.own.charge_session(id_of("laptop"), NOW, 900)
    store.own.clear_session(id_of("phone"))
    charge(NOW + 901, 900)
    store.own.clear_session(id_of("unknown"))


def test_parallel_tries_are_all_counted(raced_store: Store) -> None:
    outcomes = at_once([partial(raced_store.own.charge_session, id_of("phone"), NOW, 900)] * 20)
    assert sum(isinstance(one, TooManyAttempts) for one in outcomes) == 10
