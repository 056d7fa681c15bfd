"""What every store promises of API keys."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from chalicelib.domain.accounts.changes import ChangeKind
from chalicelib.domain.accounts.own_changes import NewDevice
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.api_keys.api_key import ApiKey, ApiKeySecret, new_key_id
from chalicelib.domain.tokens.scopes import Scope
from tests.adapters.conftest import Store, at_once
from tests.adapters.records import NOW, account, device_key, id_of
from tests.adapters.test_store_contract_own_changes import state_of
from tests.changes import changed

ADA = id_of("ada")
SECRET = ApiKeySecret(b"s" * 32)


def key(label: int = 1, expires_at: int | None = None, epoch: int = 0) -> ApiKey:
    key_id = new_key_id(ADA, bytes([label]) * 8)
    return ApiKey(key_id, ADA, f"key {label}", Scope.of({"a", "b"}), SECRET.digest(), epoch, NOW, expires_at)


def add(store: Store, one: ApiKey) -> bool:
    return store.api_keys.add_key(store.known(ADA), one, changed(ADA, ChangeKind.API_KEY_CREATED))


@pytest.fixture
def stocked_keys(store: Store) -> Store:
    store.create(account())
    for one in (key(1), key(2, NOW + 5, epoch=3)):
        assert add(store, one)
    return store


def test_a_key_is_read_with_its_owners_state(stocked_keys: Store) -> None:
    store = stocked_keys
    for one in (key(1), key(2, NOW + 5, epoch=3)):
        view = store.api_keys.api_key(one.key_id)
        assert view.key == one
        assert view.owner is not None
        assert (view.owner.disabled, view.owner.permissions) == (False, store.known(ADA).permissions)
        assert view.account is None
        whole = store.api_keys.api_key_and_account(one.key_id)
        assert whole == replace(view, account=store.known(ADA))
    assert sorted(one.name for one in store.api_keys.stored_keys(ADA)) == ["key 1", "key 2"]
    assert sorted(one.name for one in store.api_keys.all_stored_keys()) == ["key 1", "key 2"]


def test_an_unknown_key_and_an_unknown_owner_are_seen_as_such(stocked_keys: Store) -> None:
    view = stocked_keys.api_keys.api_key(key(7).key_id)
    assert (view.key, view.owner is None) == (None, False)
    stranger = new_key_id(id_of("nobody"), b"12345678")
    view = stocked_keys.api_keys.api_key_and_account(stranger)
    assert (view.key, view.owner, view.account) == (None, None, None)


def test_the_state_of_the_system_comes_along(stocked_keys: Store) -> None:
    stocked_keys.system.advance_epoch(4)
    assert stocked_keys.api_keys.api_key(key().key_id).system.api_keys_epoch == 0
    stocked_keys.system.advance_epoch(5, api_keys=True)
    stocked_keys.system.record_replaced(["k"], NOW)
    stocked_keys.system.record_issuer("https://api.example.com/v1")
    of_sessions = stocked_keys.sessions.session(ADA, "s").system
    for read in (stocked_keys.api_keys.api_key, stocked_keys.api_keys.api_key_and_account):
        system = read(key().key_id).system
        assert (system, system.issuer) == (of_sessions, "https://api.example.com/v1")
        assert (system.epoch, system.api_keys_epoch) == (5, 5)
    assert not stocked_keys.system.advance_epoch(5, api_keys=True)


def test_a_key_is_added_to_an_account_as_it_was_read(stocked_keys: Store) -> None:
    store, before = stocked_keys, stocked_keys.known(ADA)
    assert add(store, key(3))
    change = changed(ADA, ChangeKind.API_KEY_CREATED)
    assert not store.api_keys.add_key(before, key(4), change)
    store.accounts.set_disabled(ADA, disabled=True)
    assert not add(store, key(4))
    store.accounts.set_disabled(ADA, disabled=False)
    assert not store.api_keys.add_key(replace(store.known(ADA), security_version=1), key(4), change)
    assert add(store, key(4))
    assert len(store.api_keys.stored_keys(ADA)) == 4
    found = store.accounts.changes(ADA, 10)
    assert sum(one.kind is ChangeKind.API_KEY_CREATED for one in found) == 4


def test_a_creation_deletes_what_is_surplus_or_changes_nothing(stocked_keys: Store) -> None:
    store, change = stocked_keys, changed(ADA, ChangeKind.API_KEY_CREATED)
    before = store.known(ADA)
    assert store.api_keys.add_key(before, key(3), change, [key(1), key(7)])
    assert sorted(one.name for one in store.api_keys.stored_keys(ADA)) == ["key 2", "key 3"]
    assert not store.api_keys.add_key(before, key(4), change, [key(2)])
    assert sorted(one.name for one in store.api_keys.stored_keys(ADA)) == ["key 2", "key 3"]


def test_of_twenty_that_were_read_alike_one_is_added(raced_store: Store) -> None:
    store = raced_store
    store.create(account())
    seen = store.known(ADA)
    jobs = [
        partial(store.api_keys.add_key, seen, key(label), changed(ADA, ChangeKind.API_KEY_CREATED))
        for label in range(20)
    ]
    assert at_once(jobs).count(True) == 1
    assert len(store.api_keys.stored_keys(ADA)) == 1


def test_a_key_ends_once(stocked_keys: Store) -> None:
    store, change = stocked_keys, replace(changed(ADA, ChangeKind.API_KEY_REVOKED), api_key=key().key_id)
    assert store.api_keys.remove_key(key(), change)
    assert not store.api_keys.remove_key(key(), changed(ADA, ChangeKind.API_KEY_REVOKED))
    assert not store.api_keys.set_expiry(key(), NOW, changed(ADA, ChangeKind.API_KEY_EXPIRY))
    assert store.api_keys.api_key(key().key_id).key is None
    assert change in store.accounts.changes(ADA, 10)


def test_an_expiry_can_be_set_and_changed(stocked_keys: Store) -> None:
    for at in (NOW + 10, NOW + 3):
        assert stocked_keys.api_keys.set_expiry(key(), at, changed(ADA, ChangeKind.API_KEY_EXPIRY))
        assert stocked_keys.api_keys.api_key(key().key_id).key == key(expires_at=at)


def test_every_key_of_an_account_can_be_ended_at_once(stocked_keys: Store) -> None:
    assert stocked_keys.api_keys.remove_keys(ADA) == 2
    assert stocked_keys.api_keys.remove_keys(ADA) == 0
    assert stocked_keys.api_keys.stored_keys(ADA) == []


def reset(store: Store, *, is_reset: bool = True) -> bool:
    device = NewDevice(device_key("new"), 0, NOW + 9) if is_reset else None
    return store.own.set_password(
        state_of(store),
        PasswordHash("$2b$04$" + "y" * 53),
        changed(ADA, ChangeKind.PASSWORD_RESET),
        ended=(),
        only_device=device,
    )


def test_a_reset_ends_the_keys_and_a_change_of_password_does_not(stocked_keys: Store) -> None:
    assert reset(stocked_keys, is_reset=False)
    assert len(stocked_keys.api_keys.stored_keys(ADA)) == 2
    assert reset(stocked_keys)
    # One had expired, and expires by itself.
    assert [one.name for one in stocked_keys.api_keys.stored_keys(ADA)] == ["key 2"]


@pytest.mark.parametrize("kind", ["reset", "deletion"])
def test_a_key_that_is_created_meanwhile_is_not_missed(stocked_keys: Store, kind: str) -> None:
    store, state = stocked_keys, state_of(stocked_keys)
    assert len(state.api_keys) == 2
    add(store, key(3))
    change = changed(ADA, ChangeKind.DELETED)
    if kind == "deletion":
        assert not store.own.delete_account(state, (), change)
    else:
        device = NewDevice(device_key("new"), 0, NOW + 9)
        other = PasswordHash("$2b$04$" + "y" * 53)
        assert not store.own.set_password(state, other, change, ended=(), only_device=device)


def test_a_deletion_takes_the_keys_along(stocked_keys: Store) -> None:
    store = stocked_keys
    assert store.own.delete_account(state_of(store), (), changed(ADA, ChangeKind.DELETED))
    store.own.remove_rest(ADA, NOW)
    assert store.api_keys.stored_keys(ADA) == []


def test_an_account_without_a_password_is_created_found_and_deleted(store: Store) -> None:
    service = replace(account(), email="", username="robot")
    store.accounts.inner.create(service, None, changed(ADA, ChangeKind.CREATED))
    assert store.known(ADA) == service
    assert store.own.account_state(ADA) is not None
    assert state_of(store).password_hash is None
    assert store.accounts.find(service.sign_in_names[0]) == service
    assert store.accounts.delete(service)
    assert store.accounts.account(ADA) is None
