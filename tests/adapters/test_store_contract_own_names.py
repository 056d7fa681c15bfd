"""What every store promises of user names, changes of address and deletion."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from chalicelib.adapters.dynamodb_errors import Contention
from chalicelib.domain.accounts.changes import ChangeKind
from chalicelib.domain.accounts.errors import Conflict, InvalidAccount
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.own_changes import RESERVED_SECONDS
from chalicelib.domain.sessions.session import EndReason
from chalicelib.domain.verification.verification import Purpose
from tests.adapters.conftest import Store, at_once
from tests.adapters.records import EMAIL, HASH, NAME, NOW, account, device_key, id_of, session
from tests.adapters.verification_records import verification, written
from tests.changes import changed

ADA = id_of("ada")
NEW = "new@example.com"


def rename(store: Store, label: str, username: str | None, at: int = NOW) -> bool:
    before = store.known(id_of(label))
    after = replace(before, username=username, username_changes=(*before.username_changes, at)[-5:])
    return store.own.set_username(before, after, changed(before.user_id, ChangeKind.USERNAME_CHANGED, at))


def owner(store: Store, name: str) -> str | None:
    found = store.accounts.find(SignInName.of(name))
    return found.user_id if found else None


def test_a_user_name_finds_its_account_until_it_is_given_up(store: Store) -> None:
    store.create(account())
    assert rename(store, "ada", "lovelace")
    assert store.known(ADA).username == "lovelace"
    assert store.known(ADA).username_changes == (NOW,)
    assert owner(store, "LOVELACE") == ADA
    assert rename(store, "ada", "LoveLace")
    assert store.known(ADA).username == "LoveLace"
    assert rename(store, "ada", None)
    assert (store.known(ADA).username, owner(store, "lovelace")) == (None, None)
    assert store.begin(SignInName.of("lovelace")).candidate is None
    assert len(store.accounts.changes(ADA, 9)) == 4


def test_a_name_is_one_person_s_and_stays_reserved_for_its_former_owner(store: Store) -> None:
    store.create(account())
    store.create(account("bob"))
    assert rename(store, "ada", "byron")
    with pytest.raises(Conflict):
        rename(store, "bob", "Byron")
    assert rename(store, "ada", "lovelace")
    until = NOW + RESERVED_SECONDS
    with pytest.raises(Conflict):
        rename(store, "bob", "byron", until - 1)
    with pytest.raises(InvalidAccount):
        store.create(account("eve", username="byron"))
    assert rename(store, "ada", "byron")
    assert rename(store, "ada", None)
    assert rename(store, "bob", "byron", until)
    assert owner(store, "byron") == id_of("bob")
    with pytest.raises(Conflict):
        rename(store, "ada", "byron", until)


def test_an_account_that_has_changed_keeps_its_name(store: Store) -> None:
    store.create(account())
    before = store.known(ADA)
    after = replace(before, username="lovelace", username_changes=(NOW,))
    rename(store, "ada", "byron")
    assert not store.own.set_username(before, after, changed(ADA))
    store.accounts.set_disabled(ADA, disabled=True)
    assert not rename(store, "ada", "lovelace")
    assert owner(store, "byron") == ADA
    assert owner(store, "lovelace") is None


def test_of_twenty_changes_to_one_name_one_gets_it(raced_store: Store) -> None:
    labels = [f"person {number}" for number in range(20)]
    for label in labels:
        raced_store.create(account(label, email=f"{id_of(label)}@example.com"))
    outcomes = at_once([partial(rename, raced_store, label, "lovelace") for label in labels])
    assert outcomes.count(True) == 1
    # Whoever lost to transactions in the way five times is told to try again, not that the name is taken.
    losers = [one for one in outcomes if one is not True]
    assert {type(one) for one in losers} <= {Conflict, Contention}, losers
    assert owner(raced_store, "lovelace") == id_of(labels[outcomes.index(True)])


def move(store: Store, address: str = NEW) -> bool:
    made = verification(f"to {address}", purpose=Purpose.EMAIL_CHANGE, address=address)
    written(store, made)
    return store.verified.set_email(store.known(ADA), made, changed(ADA, ChangeKind.EMAIL_CHANGED))


def test_an_address_moves_with_its_name(store: Store) -> None:
    store.create(account())
    assert move(store)
    assert (owner(store, NEW), owner(store, EMAIL)) == (ADA, None)
    assert (store.known(ADA).email, store.known(ADA).security_version) == (NEW, 2)
    assert move(store, "NEW@example.com")
    assert (owner(store, NEW), store.known(ADA).email) == (ADA, "NEW@example.com")
    store.create(account("bob", email=EMAIL))


def test_a_taken_address_moves_nothing(store: Store) -> None:
    store.create(account())
    store.create(account("bob"))
    assert not move(store, "bob@example.com")
    assert (owner(store, EMAIL), owner(store, "bob@example.com")) == (ADA, id_of("bob"))
    assert len(store.accounts.changes(ADA, 9)) == 1


def test_a_state_that_is_no_longer_moves_nothing(store: Store) -> None:
    store.create(account())
    made = written(store, verification("to new", purpose=Purpose.EMAIL_CHANGE, address=NEW))
    before = store.known(ADA)
    store.accounts.set_disabled(ADA, disabled=True)
    store.accounts.set_disabled(ADA, disabled=False)
    assert not store.verified.set_email(before, made, changed(ADA))
    assert store.verified.set_email(store.known(ADA), made, changed(ADA))
    assert not store.verified.set_email(store.known(ADA), made, changed(ADA))


def test_a_deleted_account_leaves_its_audit_items_alone(store: Store) -> None:
    store.create(account(username="lovelace"))
    for number in range(40):
        store.open(session(f"phone {number}"), limit=40)
    store.sessions.end([session("phone 0")], EndReason.SIGNED_OUT, NOW)
    state = store.own.account_state(ADA)
    assert state is not None
    store.open(session("late"), limit=60)
    change = changed(ADA, ChangeKind.DELETED)
    assert not store.own.delete_account(state, state.sessions, change)
    state = store.own.account_state(ADA)
    assert state is not None
    assert store.own.delete_account(state, state.sessions[:-1], change)
    assert store.live(ADA) == {state.sessions[-1].session_id}
    for _ in range(2):
        store.own.remove_rest(ADA, NOW)
        assert (store.live(ADA), store.ended(ADA)) == (set(), [])
    assert store.own.account_state(ADA) is None
    assert store.begin(NAME).candidate is None
    assert store.accounts.changes(ADA, 1) == [change]
    # The names are free, and no device of the account before is known to the next one.
    store.accounts.create(account("bob", email=EMAIL, username="lovelace"), HASH)
    assert store.begin(NAME, device=device_key()).candidate is not None
    assert not store.own.delete_account(state, [], change)


def delete(store: Store, by: str) -> bool:
    if by == "operator":
        return store.accounts.delete(store.known(ADA))
    state = store.own.account_state(ADA)
    assert state is not None
    return store.own.delete_account(state, [], changed(ADA, ChangeKind.DELETED))


@pytest.mark.parametrize("by", ["owner", "operator"])
def test_names_that_were_reserved_for_a_deleted_account_are_free(store: Store, by: str) -> None:
    store.create(account(username="name0"))
    for number in range(1, 4):
        assert rename(store, "ada", f"name{number}")
    assert delete(store, by)
    for number in range(4):
        store.create(account(f"bob{number}", username=f"name{number}"))


def test_more_reserved_names_than_one_transaction_takes_are_free_in_the_end(store: Store) -> None:
    store.create(account(username="name0"))
    names = 60
    for number in range(1, names):
        assert rename(store, "ada", f"name{number}")
    assert delete(store, "owner")
    for _ in range(2):
        store.own.remove_rest(ADA, NOW)
    for number in range(names):
        store.create(account(f"bob{number}", username=f"name{number}"))


def test_a_reservation_that_has_ended_is_not_taken_from_whoever_has_the_name_now(store: Store) -> None:
    store.create(account(username="lovelace"))
    assert rename(store, "ada", "ada")
    later = NOW + RESERVED_SECONDS + 1
    store.create(account("bob", username="lovelace", created_at=later))
    state = store.own.account_state(ADA)
    assert state is not None
    assert store.own.delete_account(state, [], replace(changed(ADA, ChangeKind.DELETED), at=later))
    store.own.remove_rest(ADA, later)
    assert owner(store, "lovelace") == id_of("bob")


def test_a_user_name_that_is_chosen_during_a_deletion_is_not_lost(store: Store) -> None:
    store.create(account())
    state = store.own.account_state(ADA)
    assert state is not None
    assert rename(store, "ada", "lovelace")
    assert not store.own.delete_account(state, [], changed(ADA, ChangeKind.DELETED))
    assert owner(store, "lovelace") == ADA
    assert delete(store, "owner")
    store.create(account("bob", username="lovelace"))
