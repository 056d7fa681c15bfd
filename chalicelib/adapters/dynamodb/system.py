"""The state of the system in DynamoDB: 64 copies, written in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.items import (
    SYSTEM_COPIES,
    Item,
    integer,
    number,
    system_copy_key,
    system_key,
    system_state_of,
    system_state_values,
)
from chalicelib.adapters.dynamodb.table import Refused, Table
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.tokens.system_state import SystemState, merged

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_KEYS = tuple(system_copy_key(copy) for copy in range(SYSTEM_COPIES))
_ATTEMPTS = 8
"""Writes of others that one write can meet; there is a rotation a month, and a breach now and then."""
_Copies = list[Item | None]


class DynamoDBSystem:
    """The state of the system, for whoever replaces keys. A user's requests read their copy by themselves.

    Every write merges all copies and makes them equal, if none of them has changed meanwhile. So copies that
    differ, as in a table that was restored, are equal again after it.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def state(self) -> SystemState:
        """Return what the copies add up to."""
        return merged(map(system_state_of, self._table.batch_get(*_KEYS)))

    def epoch(self, user_id: str) -> int:
        """Return the epoch of one user's copy."""
        return system_state_of(self._table.get(system_key(user_id))).epoch

    def advance_epoch(self, epoch: int) -> bool:
        """Raise the epoch in every copy."""
        return self._write(lambda state: state.with_epoch(epoch))

    def record_replaced(self, kids: Iterable[str], now: int) -> None:
        """Record replaced keys in every copy."""
        replaced = tuple(kids)
        self._write(lambda state: state.with_replaced(replaced, now))

    def _write(self, change: Callable[[SystemState], SystemState]) -> bool:
        """Change the state; return False where every copy was so already. Raises Unavailable.

        A role that may write and not read learns what is there from the writes that are refused.
        """
        copies: _Copies = [None] * SYSTEM_COPIES
        for _ in range(_ATTEMPTS):
            after = change(merged(map(system_state_of, copies)))
            if all(copy is not None and system_state_of(copy) == after for copy in copies):
                return False
            try:
                self._table.transact_or_refuse([self._put(*one, after) for one in enumerate(copies)])
            except Refused as refused:
                # An empty item is a copy that is not there, which was refused since it should have been.
                copies = [refused.items.get(at, copy) or None for at, copy in enumerate(copies)]
                continue
            return True
        raise Unavailable("too many changes of the system's state at once")

    def _put(self, copy: int, before: Item | None, after: SystemState) -> TransactWriteItemTypeDef:
        """Return the write of one copy, for as long as it is what it was `before`."""
        values = {f":{name}": value for name, value in system_state_values(after).items()}
        values[":next"] = number(1)
        condition = "attribute_not_exists(pk)"
        if before:
            revision = integer(before, "revision")
            values |= {":revision": number(revision), ":next": number(revision + 1)}
            condition = "revision = :revision"
        return {
            "Update": {
                "TableName": self._table.name,
                "Key": _KEYS[copy],
                "UpdateExpression": "SET epoch = :epoch, replaced_at = :replaced_at, revision = :next",
                "ConditionExpression": condition,
                "ExpressionAttributeValues": values,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }
