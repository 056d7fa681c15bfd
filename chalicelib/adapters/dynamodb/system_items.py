"""How the state of the system lies in the table: equal copies, since no item may be read by everybody."""

from __future__ import annotations

import hashlib

from chalicelib.adapters.dynamodb.items import Item, integer, number
from chalicelib.domain.tokens.system_state import SystemState

SYSTEM_COPIES = 64
"""Copies of the system's state: one item would carry 3,000 strongly consistent reads a second, and no more.

All of them fit into one transaction, which takes 100 items.
"""


def system_key(hexadecimal: str) -> Item:
    """Return where the copy of the system's state lies that goes with a user id, or with any other digest."""
    try:
        first = int(hexadecimal[:2], 16)
    except ValueError:
        # No id of ours, and so of nobody; it still has to be looked up like any other.
        first = hashlib.sha256(hexadecimal.encode()).digest()[0]
    return system_copy_key(first % SYSTEM_COPIES)


def system_copy_key(number_of_copy: int) -> Item:
    """Return where one of the copies lies."""
    return {"pk": {"S": f"EPOCH#{number_of_copy:02x}"}, "sk": {"S": "EPOCH"}}


def system_state_of(item: Item | None) -> SystemState:
    """Read a copy of the system's state; before the first rotation and the first breach there is none."""
    if item is None:
        return SystemState()
    return SystemState(
        integer(item, "epoch"), {kid: int(at["N"]) for kid, at in item["replaced_at"]["M"].items()}
    )


def system_state_values(state: SystemState) -> Item:
    """Return the attributes of a copy of the system's state."""
    return {
        "epoch": number(state.epoch),
        "replaced_at": {"M": {kid: number(at) for kid, at in state.replaced_at.items()}},
    }
