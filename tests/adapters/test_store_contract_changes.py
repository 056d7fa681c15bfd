"""What every store promises of the audit items of accounts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.accounts.changes import ChangeKind
from chalicelib.domain.accounts.errors import InvalidAccount
from chalicelib.domain.tokens.scopes import Scope
from tests.adapters.conftest import Store
from tests.adapters.records import account, id_of
from tests.changes import AT, changed
from tests.fake_aws import AwsServices

ADA = id_of("ada")
WIDER = Scope.of(["users:read", "users:write"])


def test_every_change_is_kept_with_its_account_the_newest_first(store: Store) -> None:
    created = changed(ADA, ChangeKind.CREATED, AT)
    permitted = replace(changed(ADA, ChangeKind.PERMISSIONS, AT + 1), granted=Scope.of(["users:write"]))
    disabled, ended = changed(ADA, at=AT + 2), changed(ADA, ChangeKind.SESSIONS_ENDED, AT + 3)
    deleted = replace(changed(ADA, ChangeKind.DELETED, AT + 4), withdrawn=WIDER)
    store.accounts.create(account(), change=created)
    assert store.accounts.set_permissions(account(), WIDER, permitted)
    assert store.accounts.set_disabled(ADA, disabled, disabled=True)
    store.accounts.record(ended)
    assert store.accounts.delete(store.known(ADA), deleted)
    assert store.accounts.account(ADA) is None
    assert store.accounts.changes(ADA, 10) == [deleted, ended, disabled, permitted, created]
    assert store.accounts.changes(ADA, 2) == [deleted, ended]
    assert store.accounts.changes(id_of("bob"), 10) == []


def test_a_change_that_is_refused_leaves_no_audit_item(store: Store) -> None:
    store.accounts.create(account(), change=(created := changed(ADA, ChangeKind.CREATED)))
    with pytest.raises(InvalidAccount):
        store.accounts.create(account("bob", email=account().email))
    stale = replace(account(), permissions=WIDER)
    assert not store.accounts.set_permissions(stale, WIDER, changed(ADA))
    assert not store.accounts.set_disabled(id_of("bob"), disabled=True)
    assert not store.accounts.delete(replace(account(), username="ada"))
    assert not store.accounts.delete(account("bob"))
    assert store.accounts.changes(ADA, 10) == [created]
    assert store.accounts.changes(id_of("bob"), 10) == []


def test_many_changes_of_one_second_are_all_kept(store: Store) -> None:
    store.accounts.create(account(), change=changed(ADA))
    for number in range(9):
        assert store.accounts.set_disabled(ADA, disabled=bool(number % 2))
    assert len(store.accounts.changes(ADA, 100)) == 10
    assert len(store.accounts.changes(ADA, 4)) == 4


def test_an_audit_item_has_no_name_in_it_and_expires_after_400_days(
    stocked: Store, either_client: AwsServices
) -> None:
    table = either_client.adapters._table
    (item,) = table.partition(f"AUDIT#{ADA}")
    assert item["ttl"] == {"N": str(AT + 400 * 86_400)}
    assert "example" not in str(item)
    assert stocked.accounts.changes(ADA, 1)
