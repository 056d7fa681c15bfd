"""Accounts and sign-in names in DynamoDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.audit_items import audit_partition, change_item, change_of
from chalicelib.adapters.dynamodb.items import (
    LISTED,
    account_item,
    account_key,
    account_of,
    name_key,
    number,
    owner_of,
    password_item,
)
from chalicelib.adapters.dynamodb.own_account.name_items import AVAILABLE, available_values, name_item
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.accounts.errors import NameTaken
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.ports import AccountPage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


_NOT_EXISTS = "attribute_not_exists(pk)"
_DIGITS = "0123456789abcdef"


class DynamoDBAccounts:
    """The accounts in the table. Every method raises Unavailable if the table cannot be reached."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, account: Account, password_hash: PasswordHash | None, change: AccountChange) -> None:
        """Write account, hash if any, and names in one transaction, whose conditions ensure unique names.

        Raises NameTaken.
        """
        actions = [self._table.put(account_item(account), _NOT_EXISTS), self._audit(change)]
        if password_hash is not None:
            actions.append(self._table.put(password_item(account.user_id, password_hash), _NOT_EXISTS))
        for name in account.sign_in_names:
            taken = available_values(account.user_id, account.created_at)
            actions.append(self._table.put(name_item(name, account.user_id), AVAILABLE, taken))
        if not self._table.transact(actions):
            raise NameTaken("name taken")

    def account(self, user_id: str) -> Account | None:
        """Return an account."""
        item = self._table.get(account_key(user_id))
        return account_of(item) if item else None

    def find(self, name: SignInName) -> Account | None:
        """Return the account with this sign-in name."""
        item = self._table.get(name_key(name))
        user_id = owner_of(item)
        return self.account(user_id) if user_id else None

    def page(self, after: str | None, limit: int) -> AccountPage:
        """Read ids from the index, one partition after the other, then the accounts themselves."""
        start, ids = after or _DIGITS[0], list[str]()
        for digit in _DIGITS[_DIGITS.index(start[0]) :]:
            # One more than requested, to recognize the last page.
            wanted = limit + 1 - len(ids)
            ids += self._table.listed(LISTED + digit, after=max(start, digit), limit=wanted)
            if len(ids) > limit:
                break
        page = ids[:limit]
        items = self._table.batch_get(*map(account_key, page)) if page else []
        # The index may still contain an account that has been deleted.
        accounts = tuple(account_of(item) for item in items if item)
        return AccountPage(accounts, page[-1] if len(ids) > limit else None)

    def administer(self, before: Account, after: Account, changes: Sequence[AccountChange]) -> bool:
        """Update one item, with one audit item for each change."""
        update = self._table.update_action(
            account_key(before.user_id),
            "SET #scope = :scope, disabled = :disabled, #metadata = :metadata, "
            "security_version = security_version + :step",
            condition="#scope = :had_scope AND disabled = :was_disabled AND #metadata = :had_metadata",
            values={
                ":scope": {"S": str(after.permissions)},
                ":disabled": {"BOOL": after.disabled},
                ":metadata": {"S": after.metadata.text},
                ":had_scope": {"S": str(before.permissions)},
                ":was_disabled": {"BOOL": before.disabled},
                ":had_metadata": {"S": before.metadata.text},
                ":step": number(int(after.disabled != before.disabled)),
            },
            names={"#scope": "scope", "#metadata": "metadata"},
        )
        return self._table.transact([update, *map(self._audit, changes)])

    def record(self, change: AccountChange) -> None:
        """Write an audit item alone."""
        self._table.transact([self._audit(change)])

    def changes(self, user_id: str, limit: int) -> list[AccountChange]:
        """Return the newest changes of an account."""
        items, _ = self._table.page(audit_partition(user_id), limit=limit)
        return [change_of(item) for item in items]

    def _audit(self, change: AccountChange) -> TransactWriteItemTypeDef:
        return self._table.put(change_item(change), _NOT_EXISTS)
