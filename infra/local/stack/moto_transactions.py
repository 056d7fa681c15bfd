"""Makes moto copy a table once for a transaction, and not once for each of its items.

moto keeps a copy to go back to where a condition fails. A breach writes 64 items in one transaction, and 64
copies of the whole table take seconds, which is longer than any client waits.
"""

from __future__ import annotations

import copy
from contextvars import ContextVar
from functools import wraps
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table

_copies: ContextVar[dict[int, Table] | None] = ContextVar("copies", default=None)


def copy_tables_once() -> None:
    """Change moto in this process. May be called more than once."""
    write = DynamoDBBackend.transact_write_items
    if hasattr(write, "__wrapped__"):
        return

    @wraps(write)
    def transact_write_items(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        token = _copies.set({})
        try:
            write(self, transact_items)
        finally:
            _copies.reset(token)

    DynamoDBBackend.transact_write_items = transact_write_items  # type: ignore[method-assign]
    Table.__deepcopy__ = _copy_once  # type: ignore[attr-defined]


def _copy_once(table: Table, memo: dict[int, Any]) -> Table:
    copies = _copies.get()
    if copies is not None and id(table) in copies:
        return copies[id(table)]
    made: Table = object.__new__(type(table))
    memo[id(table)] = made
    made.__dict__.update({name: copy.deepcopy(value, memo) for name, value in table.__dict__.items()})
    if copies is not None:
        copies[id(table)] = made
    return made
