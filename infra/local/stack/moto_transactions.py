"""Makes moto copy only the items that a transaction writes, instead of whole tables.

moto keeps a copy for a rollback if a condition fails. It copies a table once for each item of a transaction.
For the 64 items of a breach that takes seconds, longer than the time-out of any client.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_is_in_transaction: ContextVar[bool] = ContextVar("is_in_transaction", default=False)


def copy_written_items_only() -> None:
    """Change moto in this process. May be called more than once."""
    write = DynamoDBBackend.transact_write_items
    if hasattr(write, "__wrapped__"):
        return

    @wraps(write)
    def transact_write_items(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        undo = [_undo(self, write) for action in transact_items for write in action.values()]
        token = _is_in_transaction.set(True)
        try:
            write(self, transact_items)
        except Exception:
            for step in reversed(undo):
                step()
            raise
        finally:
            _is_in_transaction.reset(token)

    DynamoDBBackend.transact_write_items = transact_write_items  # type: ignore[method-assign]
    Table.__deepcopy__ = _copy  # type: ignore[attr-defined]


def _undo(backend: DynamoDBBackend, write: dict[str, Any]) -> Callable[[], None]:
    """Return a function that restores the item that an action of a transaction writes."""
    table, attributes = backend.tables.get(write.get("TableName", "")), write.get("Item") or write.get("Key")
    if (
        table is None
        or table.range_key_attr is None
        or not attributes
        or table.hash_key_attr not in attributes
    ):
        return lambda: None
    key = DynamoType(attributes[table.hash_key_attr])
    before = copy.deepcopy(dict(table.items.get(key, {})))
    return lambda: table.items.__setitem__(key, before)


def _copy(table: Table, memo: dict[int, Any]) -> Table:
    # A stream records each write, and Gatehouse's tables have a sort key: moto's own copy is kept for others.
    if _is_in_transaction.get() and table.stream_shard is None and table.range_key_attr is not None:
        return table
    made: Table = object.__new__(type(table))
    memo[id(table)] = made
    made.__dict__.update({name: copy.deepcopy(value, memo) for name, value in table.__dict__.items()})
    return made
