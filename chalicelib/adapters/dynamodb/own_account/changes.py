"""Changes of the user's own account in DynamoDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.api_keys.items import api_key_key, api_key_of, keys_partition
from chalicelib.adapters.dynamodb.audit_items import change_item
from chalicelib.adapters.dynamodb.devices import device_item, device_key_of, device_of, devices_partition
from chalicelib.adapters.dynamodb.items import (
    Item,
    account_key,
    account_of,
    ended_item,
    ended_partition,
    name_key,
    number,
    password_item,
    password_key,
    password_of,
    session_key,
    session_of,
    sessions_partition,
    times,
)
from chalicelib.adapters.dynamodb.own_account.former_names import releases
from chalicelib.adapters.dynamodb.own_account.names import RENAME_TAKEN, rename_actions
from chalicelib.adapters.dynamodb.own_account.password_tries import count_try, tries_key
from chalicelib.adapters.dynamodb.own_account.profiles import profile_key
from chalicelib.adapters.dynamodb.table import MAX_ACTIONS, Table
from chalicelib.adapters.dynamodb.verification.items import spent_code
from chalicelib.adapters.dynamodb_errors import Refused
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.accounts.errors import Conflict
from chalicelib.domain.accounts.own_changes import AccountState, NewDevice
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.api_keys.api_key import active_keys
from chalicelib.domain.sessions.session import EndedSession, Session
from chalicelib.domain.verification.verification import Verification

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_THERE, _FREE = "attribute_exists(pk)", "attribute_not_exists(pk)"
# No session, device or key was added, no counter corrected and no field changed since the account was read.
_AS_READ = (
    "disabled = :enabled AND password_version = :password AND security_version = :security "
    "AND session_count = :sessions AND device_count = :devices AND recounts = :recounts "
    "AND username_changes = :times AND api_key_creations = :api_keys"
)


class DynamoDBOwnChanges:
    """Implements `OwnChanges`. `ended_days` is how long ended sessions are kept."""

    def __init__(self, table: Table, *, ended_days: int) -> None:
        self._table = table
        self._keep_days = ended_days

    def account_state(self, user_id: str, *, with_hash: bool = True) -> AccountState | None:
        """Read the account, then its sessions and devices."""
        keys = [account_key(user_id), password_key(user_id)]
        account, password = self._table.batch_get(*keys) if with_hash else (self._table.get(keys[0]), None)
        if account is None:
            return None
        found = account_of(account)
        # Most accounts never have a key, and save this call.
        api_keys = self._table.partition(keys_partition(user_id)) if found.api_key_creations else []
        return AccountState(
            found,
            password_of(password) if password else None,
            [session_of(one) for one in self._table.partition(sessions_partition(user_id))],
            [device_of(one) for one in self._table.partition(devices_partition(user_id))],
            [api_key_of(one) for one in api_keys],
        )

    def set_password(
        self,
        state: AccountState,
        password_hash: PasswordHash,
        change: AccountChange,
        *,
        ended: Sequence[EndedSession],
        only_device: NewDevice | None = None,
        spent: Verification | None = None,
    ) -> bool:
        """Set a password, and end sessions and codes, in one transaction."""
        table, user_id = self._table, state.account.user_id
        actions = [
            _account_update(table, state.account, is_only_device=only_device is not None),
            # An account that was created by an administrator has no hash yet.
            table.put_always(password_item(user_id, password_hash)),
            table.put(change_item(change), _FREE),
        ]
        if spent is not None:
            actions.append(spent_code(table, spent))
        if only_device is not None:
            forgotten = [device_key_of(user_id, one.digest) for one in state.devices]
            actions += [table.delete(key, _THERE) for key in forgotten]
            device = device_item(only_device.key, only_device.epoch, only_device.at)
            actions.append(table.put(device, _FREE))
            actions += _key_deletions(table, state, only_device.at)
        actions += [table.delete(session_key(user_id, one.session_id), _THERE) for one in ended]
        # With more sessions than the default limit, some are deleted without a record of their end.
        traces = [table.put_always(ended_item(one, self._keep_days)) for one in ended]
        return table.transact([*actions, *traces[: MAX_ACTIONS - len(actions)]])

    def set_username(self, before: Account, after: Account, change: AccountChange) -> bool:
        """Set the user name, take the new name and reserve the former one."""
        try:
            self._table.transact_or_refuse(rename_actions(self._table, before, after, change))
        except Refused as refused:
            if RENAME_TAKEN in refused.items and before.username != after.username:
                raise Conflict("user name taken", user_id=before.user_id) from refused
            return False
        return True

    def delete_account(self, state: AccountState, live: Sequence[Session], change: AccountChange) -> bool:
        """Delete everything that does not expire by itself, and every session that is active."""
        table, account = self._table, state.account
        own: Item = {":user_id": {"S": account.user_id}}
        # An administrator may delete a disabled account, and none that has become more of an administrator.
        as_read = as_read_values(account) | {
            ":enabled": {"BOOL": account.disabled},
            ":scope": {"S": str(account.permissions)},
        }
        names = {"#scope": "scope"}
        actions = [
            table.delete(account_key(account.user_id), f"{_AS_READ} AND #scope = :scope", as_read, names),
            table.delete_if_any(password_key(account.user_id)),
            table.delete_if_any(profile_key(account.user_id)),
            table.put(change_item(change), _FREE),
        ]
        actions += [table.delete(name_key(name), "user_id = :user_id", own) for name in account.sign_in_names]
        actions += [table.delete_if_any(device_key_of(one.user_id, one.digest)) for one in state.devices]
        actions += [table.delete_if_any(session_key(one.user_id, one.session_id)) for one in live]
        actions += _key_deletions(table, state, change.at)
        for release in releases(table, account.user_id, change.at):
            # What does not fit in the transaction is left to `remove_rest`.
            if len(actions) + len(release) <= MAX_ACTIONS:
                actions += release
        return table.transact(actions)

    def remove_rest(self, user_id: str, now: int) -> None:
        """Delete expired keys, expired and ended sessions, and former names one by one."""
        for release in releases(self._table, user_id, now):
            self._table.transact(release)
        for partition in (keys_partition(user_id), sessions_partition(user_id), ended_partition(user_id)):
            for item in self._table.partition(partition):
                self._table.remove({"pk": item["pk"], "sk": item["sk"]})

    def charge_session(self, session_id: str, now: int, wait_seconds: int) -> None:
        """Count one try of the current password."""
        count_try(self._table, session_id, now, wait_seconds)

    def clear_session(self, session_id: str) -> None:
        """Reset the tries of a session."""
        self._table.remove(tries_key(session_id))


def _key_deletions(table: Table, state: AccountState, now: int) -> list[TransactWriteItemTypeDef]:
    """Return the deletion of every key that has not expired: at most `MAX_ACTIVE_KEYS`."""
    keys = active_keys(state.api_keys, now)
    return [table.delete_if_any(api_key_key(one.key_id)) for one in keys]


def _account_update(table: Table, account: Account, *, is_only_device: bool) -> TransactWriteItemTypeDef:
    sets = "password_version = password_version + :one, security_version = security_version + :one"
    if is_only_device:
        sets += ", device_count = :one, recounts = recounts + :one"
    return table.update_action(
        account_key(account.user_id),
        f"SET {sets}",
        condition=_AS_READ,
        values=as_read_values(account) | {":one": number(1)},
    )


def as_read_values(account: Account) -> Item:
    """Return the values of the condition that an account is as it was read."""
    return {
        ":enabled": {"BOOL": False},
        ":password": number(account.password_version),
        ":security": number(account.security_version),
        ":sessions": number(account.session_count),
        ":devices": number(account.device_count),
        ":recounts": number(account.recounts),
        ":api_keys": number(account.api_key_creations),
        ":times": times(account.username_changes),
    }
