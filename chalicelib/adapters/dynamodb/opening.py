"""The transaction that opens a session, retried when another request has changed what it depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.devices import (
    cleared,
    device_item,
    device_key_of,
    device_of,
    devices_partition,
)
from chalicelib.adapters.dynamodb.failures import withdrawal
from chalicelib.adapters.dynamodb.items import (
    Item,
    account_key,
    account_of,
    ended_item,
    number,
    password_key,
    session_item,
    session_key,
    session_of,
    sessions_partition,
)
from chalicelib.adapters.dynamodb.room import Room, find_room
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.dynamodb_errors import Contention, Refused
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.sessions.session import EndedSession, EndReason, Session, active, sessions_to_evict
from chalicelib.domain.sign_in.attempts import (
    Charge,
    DeviceCharge,
    NameCharge,
    OpenedSession,
    SignInCandidate,
)
from chalicelib.domain.sign_in.device_keys import MAX_DEVICES, DeviceKey, KnownDevice, devices_to_evict
from chalicelib.domain.sign_in.ports import AccountChanged

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_MAX_TRIES = 40
"""Attempts to write. At the session limit, concurrent sign-ins of an account succeed one at a time."""
_EXISTS = "attribute_exists(pk)"
_NOT_EXISTS = "attribute_not_exists(pk)"
_UNCHANGED = "password_version = :version AND disabled = :enabled"


@dataclass(frozen=True, slots=True)
class _State:
    """What the transaction is based on. A list is exact if it was read after the account."""

    account: Account
    sessions: Sequence[Session]
    devices: Sequence[KnownDevice]
    sessions_are_exact: bool = False
    devices_are_exact: bool = False


@dataclass(frozen=True, slots=True)
class _Plan:
    evicted: tuple[EndedSession, ...]
    actions: dict[str, TransactWriteItemTypeDef]


@dataclass(frozen=True, slots=True)
class SessionOpening:
    """One session to open. `keep_days` is how long ended sessions are kept."""

    table: Table
    session: Session
    device_key: DeviceKey
    rehash: PasswordHash | None
    limit: int
    keep_days: int

    def run(self, candidate: SignInCandidate, charge: Charge | None) -> OpenedSession:
        """Open the session. Raises AccountChanged, Contention after losing every race, and Unavailable."""
        state = _State(candidate.account, candidate.sessions, candidate.devices)
        earlier = frozenset(one.session_id for one in candidate.sessions)
        for _ in range(_MAX_TRIES):
            plan = self._plan(state, charge, earlier)
            if plan is None:
                state = self._read_lists(state, sessions=True, devices=True)
                continue
            refused = self._write(plan.actions)
            # The session id is random: if it exists, an earlier try of this call has written it.
            if not refused or "session" in refused:
                return OpenedSession(plan.evicted, isinstance(charge, DeviceCharge))
            if "charge" in refused:
                # A new window has begun, or the device was removed: there is nothing to withdraw.
                charge = None
            if "account" in refused:
                state = replace(state, account=self._still_the_same(state.account))
            kinds = {name.partition(" ")[0] for name in refused}
            state = self._read_lists(
                state,
                sessions=not kinds.isdisjoint({"account", "end"}),
                devices=not kinds.isdisjoint({"account", "forget"}),
            )
        raise Contention("too many sign-ins of one user at once")

    def _write(self, actions: dict[str, TransactWriteItemTypeDef]) -> set[str]:
        """Write all actions or none. Return the names of the actions whose condition failed."""
        names = list(actions)
        try:
            self.table.transact_or_refuse(list(actions.values()))
        except Refused as refused:
            return {names[at] for at in refused.items}
        return set()

    def _plan(self, state: _State, charge: Charge | None, earlier: frozenset[str]) -> _Plan | None:
        now, account = self.session.created_at, state.account
        sessions = active(state.sessions, now, self.session.epoch)
        room = find_room(account.session_count, len(sessions), self.limit, is_exact=state.sessions_are_exact)
        is_new_device = not isinstance(charge, DeviceCharge)
        device_room = find_room(
            account.device_count, len(state.devices), MAX_DEVICES, is_exact=state.devices_are_exact
        )
        if room is None or (is_new_device and device_room is None):
            return None
        rooms = {"session": room}
        to_evict = sessions_to_evict(sessions, room.evictions, earlier)
        evicted = tuple(one.ended(EndReason.EVICTED, now) for one in to_evict)
        actions = self._own_actions(charge) | self._end_actions(evicted)
        if is_new_device and device_room is not None:
            rooms["device"] = device_room
            actions |= self._new_device(state.devices, device_room)
        actions["account"] = self._account_update(account, rooms)
        return _Plan(evicted, actions)

    def _own_actions(self, charge: Charge | None) -> dict[str, TransactWriteItemTypeDef]:
        actions = {"session": self.table.put(session_item(self.session, self.keep_days), _NOT_EXISTS)}
        if isinstance(charge, NameCharge):
            actions["charge"] = {"Update": withdrawal(self.table, charge)}
        elif isinstance(charge, DeviceCharge):
            actions["charge"] = {"Update": cleared(self.table, charge, self.session.created_at)}
        if self.rehash is not None:
            actions["password"] = {
                "Update": {
                    "TableName": self.table.name,
                    "Key": password_key(self.session.user_id),
                    "UpdateExpression": "SET password_hash = :hash",
                    "ConditionExpression": _EXISTS,
                    "ExpressionAttributeValues": {":hash": {"S": self.rehash.reveal()}},
                }
            }
        return actions

    def _new_device(self, devices: Sequence[KnownDevice], room: Room) -> dict[str, TransactWriteItemTypeDef]:
        epoch, now = self.session.epoch, self.session.created_at
        actions = {"device": self.table.put(device_item(self.device_key, epoch, now), _NOT_EXISTS)}
        for one in devices_to_evict(devices, room.evictions, epoch):
            key = device_key_of(one.user_id, one.digest)
            actions[f"forget {one.digest}"] = self.table.delete(key, _EXISTS)
        return actions

    def _end_actions(self, ended: Sequence[EndedSession]) -> dict[str, TransactWriteItemTypeDef]:
        actions: dict[str, TransactWriteItemTypeDef] = {}
        for one in ended:
            key = session_key(one.user_id, one.session_id)
            actions[f"end {one.session_id}"] = self.table.delete(key, _EXISTS)
            item = ended_item(one, self.keep_days)
            actions[f"trace {one.session_id}"] = {"Put": {"TableName": self.table.name, "Item": item}}
        return actions

    def _account_update(self, account: Account, rooms: dict[str, Room]) -> TransactWriteItemTypeDef:
        """Return the update of the account: same password and state, one more of each kind in `rooms`."""
        values: Item = {":version": number(account.password_version), ":enabled": {"BOOL": False}}
        sets, conditions = [], [_UNCHANGED]
        for kind, room in rooms.items():
            name = f"{kind}_count"
            if room.count is None:
                sets.append(f"{name} = {name} + :one")
                conditions.append(f"{name} < :{kind}_limit")
                values |= {":one": number(1), f":{kind}_limit": number(room.limit)}
            else:
                sets.append(f"{name} = :{kind}_after")
                conditions.append(f"{name} = :{kind}_before")
                values |= {
                    f":{kind}_after": number(room.count),
                    f":{kind}_before": number(room.counted),
                }
        if any(room.is_recount for room in rooms.values()):
            sets.append("recounts = :recounts_after")
            conditions.append("recounts = :recounts")
            values |= {
                ":recounts": number(account.recounts),
                ":recounts_after": number(account.recounts + 1),
            }
        return {
            "Update": {
                "TableName": self.table.name,
                "Key": account_key(account.user_id),
                "UpdateExpression": f"SET {', '.join(sets)}",
                "ConditionExpression": " AND ".join(conditions),
                "ExpressionAttributeValues": values,
            }
        }

    def _still_the_same(self, before: Account) -> Account:
        """Read the account again. Raises AccountChanged if its password or state has changed."""
        item = self.table.get(account_key(before.user_id))
        account = account_of(item) if item else None
        if account is None or account.disabled or account.password_version != before.password_version:
            raise AccountChanged
        return account

    def _read_lists(self, state: _State, *, sessions: bool, devices: bool) -> _State:
        """Read lists again, after the account, so that they include everything that it counts."""
        if sessions:
            items = self.table.partition(sessions_partition(state.account.user_id))
            state = replace(state, sessions=[session_of(one) for one in items], sessions_are_exact=True)
        if devices:
            items = self.table.partition(devices_partition(state.account.user_id))
            state = replace(state, devices=[device_of(one) for one in items], devices_are_exact=True)
        return state
