"""Accounts and sign-in names in DynamoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.items import (
    Item,
    account_item,
    account_key,
    account_of,
    name_key,
    password_item,
    password_key,
)
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.errors import InvalidAccount
from chalicelib.domain.tokens.scopes import Scope

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


class DynamoDBAccounts:
    """The accounts' side of the table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, account: Account, password_hash: PasswordHash) -> None:
        """Write account, hash and names in one transaction: uniqueness is a condition, not a look first."""
        free = "attribute_not_exists(pk)"
        actions: list[TransactWriteItemTypeDef] = [
            self._table.put(account_item(account), free),
            self._table.put(password_item(account.user_id, password_hash), free),
        ]
        for name in account.sign_in_names:
            item: Item = name_key(name) | {"user_id": {"S": account.user_id}}
            actions.append(self._table.put(item, free))
        if not self._table.transact(actions):
            raise InvalidAccount("name taken", description="The address or user name is already taken.")

    def account(self, user_id: str) -> Account | None:
        """Return an account."""
        item = self._table.get(account_key(user_id))
        return account_of(item) if item else None

    def find(self, name: SignInName) -> Account | None:
        """Return the account that a name finds."""
        item = self._table.get(name_key(name))
        return self.account(item["user_id"]["S"]) if item else None

    def set_permissions(self, account: Account, permissions: Scope) -> bool:
        """Replace the permissions, if nobody else has meanwhile."""
        return self._table.update(
            account_key(account.user_id),
            "SET #scope = :after",
            condition="#scope = :before",
            values={":before": {"S": str(account.permissions)}, ":after": {"S": str(permissions)}},
            names={"#scope": "scope"},
        )

    def set_disabled(self, user_id: str, *, disabled: bool) -> bool:
        """Disable or enable an account; its sessions are not touched here."""
        return self._table.update(
            account_key(user_id),
            "SET disabled = :disabled",
            condition="attribute_exists(pk)",
            values={":disabled": {"BOOL": disabled}},
        )

    def delete(self, account: Account) -> bool:
        """Remove account, hash and names in one transaction. Return False where they have changed."""
        own: Item = {":user_id": {"S": account.user_id}}
        keys = [
            account_key(account.user_id),
            password_key(account.user_id),
            *map(name_key, account.sign_in_names),
        ]
        actions = [self._table.delete(key, "user_id = :user_id", own) for key in keys]
        return self._table.transact(actions)
