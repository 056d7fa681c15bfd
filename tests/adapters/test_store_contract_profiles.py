"""What every store promises of profiles."""

from __future__ import annotations

from functools import partial

import pytest

from chalicelib.domain.accounts.own.profiles import NO_PROFILE, Profile
from chalicelib.domain.sign_in.ports import AccountChanged
from tests.adapters.conftest import Store, at_once
from tests.adapters.records import NOW, account, id_of
from tests.changes import changed

ADA = id_of("ada")
FIRST, SECOND = Profile('{"n": 1.0}'), Profile('{"n": 1e400, "ö": 123456789012345678901234567890}')


def put(store: Store, profile: Profile, before: Profile | None = None) -> bool:
    return store.profiles.put_profile(ADA, profile, NOW, before=before)


def test_a_profile_comes_back_to_the_byte(store: Store) -> None:
    store.create(account())
    assert store.profiles.profile(ADA) == NO_PROFILE
    for profile in (FIRST, SECOND, NO_PROFILE):
        assert put(store, profile)
        assert store.profiles.profile(ADA) == profile


def test_only_the_expected_profile_is_replaced(store: Store) -> None:
    store.create(account())
    assert not put(store, SECOND, before=FIRST)
    assert store.profiles.profile(ADA) == NO_PROFILE
    assert put(store, FIRST, before=NO_PROFILE)
    assert not put(store, SECOND, before=NO_PROFILE)
    assert put(store, NO_PROFILE, before=FIRST)
    assert put(store, SECOND, before=NO_PROFILE)


def test_of_twenty_changes_of_one_profile_one_is_made(raced_store: Store) -> None:
    raced_store.create(account())
    jobs = [
        partial(put, raced_store, Profile(f'{{"n": {number}}}'), before=NO_PROFILE) for number in range(20)
    ]
    assert sorted(map(str, at_once(jobs))) == ["False"] * 19 + ["True"]


def test_a_profile_has_an_account(store: Store) -> None:
    for before in (None, NO_PROFILE):
        with pytest.raises(AccountChanged):
            put(store, FIRST, before)
    store.create(account())
    assert put(store, FIRST)
    store.accounts.set_disabled(ADA, disabled=True)
    with pytest.raises(AccountChanged):
        put(store, SECOND)
    assert store.profiles.profile(ADA) == FIRST


@pytest.mark.parametrize("by", ["owner", "operator"])
def test_a_profile_goes_with_its_account(store: Store, by: str) -> None:
    store.create(account())
    put(store, FIRST)
    if by == "owner":
        state = store.own.account_state(ADA)
        assert state is not None
        assert store.own.delete_account(state, [], changed(ADA))
    else:
        assert store.accounts.delete(store.known(ADA))
    assert store.profiles.profile(ADA) == NO_PROFILE
