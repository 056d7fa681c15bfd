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
"""Writes of others that one write can meet; there is a rotation a month, and a breach now and then."""
_Copies = list[Item | None]


class DynamoDBSystem:
    """The state of the system, for whoever replaces keys. A user's requests read their copy by themselves.

    Every write merges all copies and makes them equal, if none of them has changed meanwhile. So copies that
    differ, as in a table that was restored, are equal again after it.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._seen: _Copies = [None] * SYSTEM_COPIES

    def state(self) -> SystemState:
        """Return what the copies add up to."""
        self._seen = self._table.batch_get(*_KEYS)
        return merged(map(system_state_of, self._seen))

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
        for _ in range(_ATTEMPTS):
            before = self._seen
            after = change(merged(map(system_state_of, before)))
            # What was seen may be old, so it is written even where nothing seems to change: that is the look.
            is_change = any(copy is None or system_state_of(copy) != after for copy in before)
            try:
                self._table.transact_or_refuse([self._put(*one, after) for one in enumerate(before)])
            except Refused as refused:
                # An empty item is a copy that is not there, which was refused since it should have been.
                self._seen = [refused.items.get(at, copy) or None for at, copy in enumerate(before)]
                continue
            self._seen = [_written(copy, after) for copy in before]
            return is_change
        raise Unavailable("too many changes of the system's state at once")

    def _put(self, copy: int, before: Item | None, after: SystemState) -> TransactWriteItemTypeDef:
        """Return the write of one copy, for as long as it is what it was `before`."""
        values = {f":{name}": value for name, value in _written(before, after).items()}
        condition = "attribute_not_exists(pk)"
        if before:
            condition, values[":seen"] = "revision = :seen", number(integer(before, "revision"))
        return {
            "Update": {
                "TableName": self._table.name,
                "Key": _KEYS[copy],
                "UpdateExpression": "SET epoch = :epoch, replaced_at = :replaced_at, revision = :revision",
                "ConditionExpression": condition,
                "ExpressionAttributeValues": values,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def _written(before: Item | None, after: SystemState) -> Item:
    """Return the attributes of a copy once it has been written; the revision tells that it was."""
    revision = integer(before, "revision") if before else 0
    return {**system_state_values(after), "revision": number(revision + 1)}
