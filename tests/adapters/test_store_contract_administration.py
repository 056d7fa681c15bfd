"""What every store promises of the administration of accounts."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from chalicelib.domain.accounts.changes import ChangeKind
from chalicelib.domain.accounts.errors import NameTaken
from chalicelib.domain.administration.metadata import Metadata
from chalicelib.domain.tokens.scopes import Scope
from tests.adapters.conftest import Store, at_once
from tests.adapters.records import HASH, account, id_of, session
from tests.changes import changed

ADA = id_of("ada")
PRO = Metadata.of({"plan": "pro", "name": "Zo\u00eb"})


def test_everything_is_written_at_once_with_an_audit_item_for_each_change(store: Store) -> None:
    store.create(before := account())
    after = replace(before, permissions=Scope.of(["x"]), disabled=True, metadata=PRO)
    kinds = (ChangeKind.PERMISSIONS, ChangeKind.DISABLED, ChangeKind.METADATA)
    changes = [changed(ADA, kind) for kind in kinds]
    assert store.accounts.administer(before, after, changes)
    assert store.known(ADA) == replace(after, security_version=2)
    assert {one.kind for one in store.accounts.changes(ADA, 3)} == set(kinds)


@pytest.mark.parametrize(
    "stale", [{"permissions": Scope.of(["other"])}, {"disabled": True}, {"metadata": PRO}], ids=str
)
def test_nothing_is_written_on_what_is_no_longer_so(store: Store, stale: dict[str, object]) -> None:
    store.create(stored := account())
    before = replace(stored, **stale)  # type: ignore[arg-type]
    assert not store.accounts.administer(before, replace(before, metadata=Metadata()), [changed(ADA)])
    assert store.known(ADA) == stored
    assert len(store.accounts.changes(ADA, 9)) == 1


def test_a_change_overwrites_nothing_that_users_change_meanwhile(store: Store) -> None:
    store.create(before := account())
    store.open(session())
    assert store.accounts.administer(before, replace(before, metadata=PRO), [changed(ADA)])
    after = store.known(ADA)
    assert (after.session_count, after.metadata) == (1, PRO)


def test_of_many_changes_on_one_state_one_is_made(raced_store: Store) -> None:
    raced_store.create(before := account())
    wishes = [replace(before, metadata=Metadata.of({"n": number})) for number in range(12)]
    jobs = [partial(raced_store.accounts.administer, before, wish, [changed(ADA)]) for wish in wishes]
    outcomes = at_once(jobs)
    assert outcomes.count(True) == 1
    assert raced_store.known(ADA).metadata == wishes[outcomes.index(True)].metadata


def test_an_account_can_be_created_without_a_password(store: Store) -> None:
    store.accounts.inner.create(given := account(), None, changed(ADA, ChangeKind.CREATED))
    assert store.known(ADA) == given
    candidate = store.candidate()
    assert (candidate.account, candidate.password_hash) == (given, None)
    with pytest.raises(NameTaken):
        store.accounts.create(account("bob", email=given.email), HASH)
    assert store.accounts.delete(given)


def test_a_disabled_account_is_deleted_as_it_was_read(store: Store) -> None:
    store.create(account())
    store.open(session())
    store.accounts.set_disabled(ADA, disabled=True)
    state = store.own.account_state(ADA)
    assert state is not None
    store.accounts.set_disabled(ADA, disabled=False)
    assert not store.own.delete_account(state, state.sessions, changed(ADA, ChangeKind.DELETED))
    state = store.own.account_state(ADA)
    assert state is not None
    assert store.own.delete_account(state, state.sessions, changed(ADA, ChangeKind.DELETED))
    assert (store.accounts.account(ADA), store.live(ADA)) == (None, set())


@pytest.mark.parametrize("limit", [1, 3, 8, 100])
def test_pages_have_every_account_once_in_the_order_of_their_ids(store: Store, limit: int) -> None:
    given = [account(f"user {number}", email=f"{number}@example.com") for number in range(8)]
    for one in given:
        store.create(one)
    found, cursor = [], None
    while True:
        page = store.accounts.page(cursor, limit)
        assert len(page.accounts) <= limit
        found += page.accounts
        cursor = page.next
        if cursor is None:
            break
        assert cursor == page.accounts[-1].user_id
    assert found == sorted(given, key=lambda one: one.user_id)


def test_pages_begin_after_any_id_and_end_with_the_last(store: Store) -> None:
    low, high = (account(f"{digit}", user_id=digit * 32) for digit in "0f")
    assert store.accounts.page(None, 5).accounts == ()
    store.create(low)
    store.create(high)
    assert store.accounts.page(None, 5).accounts == (low, high)
    assert store.accounts.page("0" * 32, 5).accounts == (high,)
    assert store.accounts.page("8" * 32, 5).accounts == (high,)
    assert store.accounts.page("f" * 32, 5).accounts == ()
