"""The state of the system in DynamoDB: 64 copies, written in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.items import (
    Item,
    integer,
    number,
)
from chalicelib.adapters.dynamodb.system_items import (
    SYSTEM_COPIES,
    system_copy_key,
    system_key,
    system_state_of,
    system_state_values,
)
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.adapters.dynamodb_errors import Refused
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.tokens.system_state import SystemState, merged

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_KEYS = tuple(system_copy_key(copy) for copy in range(SYSTEM_COPIES))
_ATTEMPTS = 8
"""Attempts to write while other writes interfere. Rotations and breaches are rare."""
_Copies = list[Item | None]


class DynamoDBSystem:
    """Reads and writes all copies of the system state, for key rotation. Other requests read one copy.

    Every write merges all copies and makes them equal, on condition that none has changed meanwhile. This
    also repairs copies that differ, as in a restored table.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._seen: _Copies = [None] * SYSTEM_COPIES

    def state(self) -> SystemState:
        """Return the merged state of all copies."""
        self._seen = self._table.batch_get(*_KEYS)
        return merged(map(system_state_of, self._seen))

    def epoch(self, user_id: str) -> int:
        """Return the epoch of one user's copy."""
        return system_state_of(self._table.get(system_key(user_id))).epoch

    def advance_epoch(self, epoch: int, *, api_keys: bool = False) -> bool:
        """Raise the epoch in every copy."""
        return self._write(lambda state: state.with_epoch(epoch, api_keys=api_keys))

    def record_issuer(self, issuer: str) -> bool:
        """Write the issuer into the copies that lack it. Other attributes of the copies stay."""
        copies = self._table.batch_get(*_KEYS)
        lacking = [
            key for key, copy in zip(_KEYS, copies, strict=True) if system_state_of(copy).issuer != issuer
        ]
        if lacking:
            self._table.transact_or_refuse([self._set_issuer(key, issuer) for key in lacking])
        return bool(lacking)

    def record_replaced(self, kids: Iterable[str], now: int) -> SystemState:
        """Record replaced keys in every copy. Return the state as it was written."""
        replaced = tuple(kids)
        self._write(lambda state: state.with_replaced(replaced, now))
        return merged(map(system_state_of, self._seen))

    def _write(self, change: Callable[[SystemState], SystemState]) -> bool:
        """Change the state. Return False if every copy had it before. Raises Unavailable.

        A role without read permission learns the current state from the items that failed conditions return.
        """
        for _ in range(_ATTEMPTS):
            before = self._seen
            after = change(merged(map(system_state_of, before)))
            # `before` may be outdated, so write even if nothing seems to change: the conditions detect it.
            is_change = any(copy is None or system_state_of(copy) != after for copy in before)
            try:
                self._table.transact_or_refuse([self._put(*one, after) for one in enumerate(before)])
            except Refused as refused:
                # An empty item means that the copy does not exist although `before` has it.
                self._seen = [refused.items.get(at, copy) or None for at, copy in enumerate(before)]
                continue
            self._seen = [_written(copy, after) for copy in before]
            return is_change
        raise Unavailable("too many changes of the system's state at once")

    def _set_issuer(self, key: Item, issuer: str) -> TransactWriteItemTypeDef:
        return {
            "Update": {
                "TableName": self._table.name,
                "Key": key,
                "UpdateExpression": "SET issuer = :issuer",
                "ExpressionAttributeValues": {":issuer": {"S": issuer}},
            }
        }

    def _put(self, copy: int, before: Item | None, after: SystemState) -> TransactWriteItemTypeDef:
        """Return the write of one copy, on condition that it is still `before`."""
        values = {f":{name}": value for name, value in _written(before, after).items()}
        condition = "attribute_not_exists(revision)"
        if before and "revision" in before:
            condition, values[":seen"] = "revision = :seen", number(integer(before, "revision"))
        return {
            "Update": {
                "TableName": self._table.name,
                "Key": _KEYS[copy],
                "UpdateExpression": "SET epoch = :epoch, api_keys_epoch = :api_keys_epoch, "
                "replaced_at = :replaced_at, revision = :revision",
                "ConditionExpression": condition,
                "ExpressionAttributeValues": values,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def _written(before: Item | None, after: SystemState) -> Item:
    """Return the attributes of a copy after a write. Each write increments its revision."""
    kept = before or {}
    revision = integer(kept, "revision") if "revision" in kept else 0
    return {**system_state_values(after), "revision": number(revision + 1)}
