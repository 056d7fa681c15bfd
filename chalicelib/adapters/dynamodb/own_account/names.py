"""The transaction that changes a user name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.audit_items import change_item
from chalicelib.adapters.dynamodb.items import Item, account_key, times
from chalicelib.adapters.dynamodb.own_account.former_names import former_name_item, former_name_key
from chalicelib.adapters.dynamodb.own_account.name_items import (
    AVAILABLE,
    available_values,
    name_item,
    reserved_name_item,
)
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.own_changes import RESERVED_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_FREE = "attribute_not_exists(pk)"
RENAME_TAKEN = 2
"""Position of the action whose condition fails if the new name is taken."""


def rename_actions(
    table: Table, before: Account, after: Account, change: AccountChange
) -> list[TransactWriteItemTypeDef]:
    """Return the transaction that gives an account the user name of `after`."""
    actions = [_account_update(table, before, after), table.put(change_item(change), _FREE)]
    old = SignInName.of(before.username) if before.username is not None else None
    new = SignInName.of(after.username) if after.username is not None else None
    # Another spelling of the same name keeps it.
    if old == new:
        return actions
    user_id, now = before.user_id, change.at
    if new is not None:
        item = name_item(new, user_id)
        actions.append(table.put(item, AVAILABLE, available_values(user_id, now)))
        actions.append(table.delete_if_any(former_name_key(user_id, new)))
    if old is not None and before.username is not None:
        own: Item = {":user_id": {"S": user_id}}
        until = now + RESERVED_SECONDS
        actions.append(table.put(reserved_name_item(old, user_id, until), "user_id = :user_id", own))
        actions.append(table.put_always(former_name_item(user_id, before.username, until)))
    return actions


def _account_update(table: Table, before: Account, after: Account) -> TransactWriteItemTypeDef:
    values: Item = {
        ":times": times(before.username_changes),
        ":times_after": times(after.username_changes),
        ":enabled": {"BOOL": False},
    }
    update, condition = "SET username_changes = :times_after", "username_changes = :times"
    if after.username is None:
        update += " REMOVE username"
    else:
        update += ", username = :after"
        values[":after"] = {"S": after.username}
    if before.username is None:
        condition += " AND attribute_not_exists(username)"
    else:
        condition += " AND username = :before"
        values[":before"] = {"S": before.username}
    return table.update_action(
        account_key(before.user_id), update, condition=f"{condition} AND disabled = :enabled", values=values
    )
