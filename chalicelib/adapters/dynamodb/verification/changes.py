"""Changes of accounts that a right code makes, in DynamoDB: one transaction each."""

from __future__ import annotations

from chalicelib.adapters.dynamodb.audit_items import change_item
from chalicelib.adapters.dynamodb.devices import device_item
from chalicelib.adapters.dynamodb.items import (
    Item,
    account_item,
    name_key,
    password_item,
)
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.dynamodb.verification.items import spent_code
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.sign_in.device_keys import DeviceKey
from chalicelib.domain.verification.verification import Verification

_FREE = "attribute_not_exists(pk)"


class DynamoDBVerifiedChanges:
    """The transactions that spend a code."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def register(
        self,
        account: Account,
        password_hash: PasswordHash,
        device_key: DeviceKey,
        verification: Verification,
        change: AccountChange,
    ) -> bool:
        """Create an account with its first device."""
        user_id, table = account.user_id, self._table
        actions = [
            spent_code(table, verification),
            table.put(account_item(account), _FREE),
            table.put(password_item(user_id, password_hash), _FREE),
            table.put(device_item(device_key, verification.epoch, account.created_at), _FREE),
            table.put(change_item(change), _FREE),
        ]
        for name in account.sign_in_names:
            item: Item = name_key(name) | {"user_id": {"S": user_id}}
            actions.append(table.put(item, _FREE))
        return table.transact(actions)
