"""Deletions against what else happens to an account at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from chalicelib.domain.accounts.changes import ChangeKind
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.own.profiles import NO_PROFILE, Profile
from chalicelib.domain.tokens.scopes import Scope
from chalicelib.domain.verification.verification import Purpose
from tests.adapters.conftest import Store, at_once
from tests.adapters.records import EMAIL, NOW, account, id_of, rotated, session
from tests.adapters.verification_records import verification, written
from tests.changes import changed

ADA, NEW = id_of("ada"), "new@example.com"


def delete(store: Store) -> bool:
    """Delete as the use case does: again with what is there, where something came between."""
    for _ in range(20):
        state = store.own.account_state(ADA)
        if state is None:
            return False
        if store.own.delete_account(state, state.sessions, changed(ADA, ChangeKind.DELETED)):
            store.own.remove_rest(ADA, NOW)
            return True
    raise AssertionError("no deletion came through")


def sign_ins(store: Store) -> list[Callable[[], object]]:
    seen = store.known(ADA)
    return [partial(store.open, session(f"late {number}"), account=seen) for number in range(6)]


def refreshes(store: Store) -> list[Callable[[], object]]:
    live = [session(f"phone {number}") for number in range(4)]
    return [partial(store.sessions.rotate, one, rotated(one)) for one in live]


def changes_of_address(store: Store) -> list[Callable[[], object]]:
    seen = store.known(ADA)
    codes = [
        written(store, verification(f"to {number}", purpose=Purpose.EMAIL_CHANGE, address=f"{number}{NEW}"))
        for number in range(4)
    ]
    change = changed(ADA, ChangeKind.EMAIL_CHANGED)
    return [partial(store.verified.set_email, seen, one, change) for one in codes]


def profiles(store: Store) -> list[Callable[[], object]]:
    texts = [Profile(f'{{"n": {number}}}') for number in range(6)]
    return [partial(store.profiles.put_profile, ADA, one, NOW, before=None) for one in texts]


@pytest.mark.parametrize("others", [sign_ins, refreshes, changes_of_address, profiles])
def test_nothing_that_races_a_deletion_outlives_it(
    raced_store: Store, others: Callable[[Store], list[Callable[[], object]]]
) -> None:
    store = raced_store
    store.create(account(username="lovelace"))
    for number in range(4):
        store.open(session(f"phone {number}"))
    jobs = others(store)
    mixed: list[Callable[[], object]] = [
        *jobs[::2],
        partial(delete, store),
        partial(delete, store),
        *jobs[1::2],
    ]
    outcomes = at_once(mixed)
    deleted = [one for one in outcomes[len(jobs[::2]) : len(jobs[::2]) + 2] if one is True]
    assert deleted
    assert store.own.account_state(ADA) is None
    assert store.live(ADA) == set()
    assert store.profiles.profile(ADA) == NO_PROFILE
    for number, name in enumerate([EMAIL, *(f"{one}{NEW}" for one in range(4))]):
        assert store.accounts.find(SignInName.of(name)) is None
        # Nobody has the name, so anybody can take it.
        store.create(account(f"next{number}", email=name))


def test_a_deletion_is_of_an_account_with_the_permissions_that_were_read(store: Store) -> None:
    """Who may delete an administrator depends on what that administrator holds."""
    store.create(account())
    state = store.own.account_state(ADA)
    assert state is not None
    after = replace(state.account, permissions=Scope.of({"users:write"}))
    assert store.accounts.administer(state.account, after, [changed(ADA)])
    assert not store.own.delete_account(state, [], changed(ADA, ChangeKind.DELETED))
    assert delete(store)
