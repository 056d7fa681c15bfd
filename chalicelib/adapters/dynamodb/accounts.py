"""Accounts and sign-in names in DynamoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.audit_items import audit_partition, change_item, change_of
from chalicelib.adapters.dynamodb.items import (
    Item,
    account_item,
    account_key,
    account_of,
    name_key,
    number,
    owner_of,
    password_item,
    password_key,
)
from chalicelib.adapters.dynamodb.own_account.name_items import AVAILABLE, available_values, name_item
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.accounts.errors import InvalidAccount
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.tokens.scopes import Scope

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


_NOT_EXISTS = "attribute_not_exists(pk)"


class DynamoDBAccounts:
    """The accounts in the table. Every method raises Unavailable if the table cannot be reached."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, account: Account, password_hash: PasswordHash | None, change: AccountChange) -> None:
        """Write account, hash if any, and names in one transaction, whose conditions ensure unique names.

        Raises InvalidAccount for a name that is taken.
        """
        actions = [
            self._table.put(account_item(account), _NOT_EXISTS),
            self._audit(change),
        ]
        if password_hash is not None:
            actions.append(self._table.put(password_item(account.user_id, password_hash), _NOT_EXISTS))
        for name in account.sign_in_names:
            taken = available_values(account.user_id, account.created_at)
            actions.append(self._table.put(name_item(name, account.user_id), AVAILABLE, taken))
        if not self._table.transact(actions):
            raise InvalidAccount("name taken", description="The address or user name is already taken.")

    def account(self, user_id: str) -> Account | None:
        """Return an account."""
        item = self._table.get(account_key(user_id))
        return account_of(item) if item else None

    def find(self, name: SignInName) -> Account | None:
        """Return the account with this sign-in name."""
        item = self._table.get(name_key(name))
        user_id = owner_of(item)
        return self.account(user_id) if user_id else None

    def set_permissions(self, account: Account, permissions: Scope, change: AccountChange) -> bool:
        """Replace the permissions unless another request changed them. Return whether they were replaced."""
        update = self._table.update_action(
            account_key(account.user_id),
            "SET #scope = :after",
            condition="#scope = :before",
            values={":before": {"S": str(account.permissions)}, ":after": {"S": str(permissions)}},
            names={"#scope": "scope"},
        )
        return self._table.transact([update, self._audit(change)])

    def set_disabled(self, user_id: str, change: AccountChange, *, disabled: bool) -> bool:
        """Disable or enable an account and void its codes, without ending its sessions.

        Return whether the account exists.
        """
        update = self._table.update_action(
            account_key(user_id),
            "SET disabled = :disabled, security_version = security_version + :one",
            condition="attribute_exists(pk)",
            values={":disabled": {"BOOL": disabled}, ":one": number(1)},
        )
        return self._table.transact([update, self._audit(change)])

    def delete(self, account: Account, change: AccountChange) -> bool:
        """Delete account, hash and names in one transaction. Return False if they have changed."""
        own: Item = {":user_id": {"S": account.user_id}}
        keys = [
            account_key(account.user_id),
            *map(name_key, account.sign_in_names),
        ]
        deletions = [self._table.delete(key, "user_id = :user_id", own) for key in keys]
        # Not every account has a password.
        password = self._table.delete(
            password_key(account.user_id), f"{_NOT_EXISTS} OR user_id = :user_id", own
        )
        return self._table.transact([*deletions, password, self._audit(change)])

    def record(self, change: AccountChange) -> None:
        """Write an audit item alone."""
        self._table.transact([self._audit(change)])

    def changes(self, user_id: str, limit: int) -> list[AccountChange]:
        """Return the newest changes of an account."""
        items, _ = self._table.page(audit_partition(user_id), limit=limit)
        return [change_of(item) for item in items]

    def _audit(self, change: AccountChange) -> TransactWriteItemTypeDef:
        return self._table.put(change_item(change), _NOT_EXISTS)
