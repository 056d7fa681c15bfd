"""Changes of accounts that a correct code confirms, in DynamoDB: one transaction each."""

from __future__ import annotations

from chalicelib.adapters.dynamodb.audit_items import change_item
from chalicelib.adapters.dynamodb.devices import device_item
from chalicelib.adapters.dynamodb.items import (
    Item,
    account_item,
    account_key,
    name_key,
    number,
    password_item,
)
from chalicelib.adapters.dynamodb.own_account.name_items import AVAILABLE, available_values, name_item
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.dynamodb.verification.items import spent_code
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.accounts.names import SignInName
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
            taken = available_values(user_id, account.created_at)
            actions.append(table.put(name_item(name, user_id), AVAILABLE, taken))
        return table.transact(actions)

    def set_email(self, account: Account, verification: Verification, change: AccountChange) -> bool:
        """Set the address, take its name and release the former one."""
        user_id, table = account.user_id, self._table
        before, after = SignInName.of(account.email), SignInName.of(verification.address)
        actions = [
            spent_code(table, verification),
            table.update_action(
                account_key(user_id),
                "SET email = :after, security_version = security_version + :one",
                condition="security_version = :version AND disabled = :enabled AND email = :before",
                values={
                    ":before": {"S": account.email},
                    ":after": {"S": verification.address},
                    ":version": number(account.security_version),
                    ":enabled": {"BOOL": False},
                    ":one": number(1),
                },
            ),
            table.put(change_item(change), _FREE),
        ]
        # Another spelling of the same address keeps its name.
        if before != after:
            actions.append(table.put(name_item(after, user_id), _FREE))
            own: Item = {":user_id": {"S": user_id}}
            actions.append(table.delete(name_key(before), "user_id = :user_id", own))
        return table.transact(actions)
