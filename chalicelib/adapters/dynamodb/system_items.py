"""Items of the system state: equal copies, so that no single item is read by every request."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.items import integer, number
from chalicelib.domain.tokens.system_state import SystemState

if TYPE_CHECKING:
    from chalicelib.adapters.dynamodb.items import Item

SYSTEM_COPIES = 64
"""Copies of the system state. One item is limited to 3,000 strongly consistent reads a second.

All copies fit into one transaction, which is limited to 100 items.
"""


def system_key(hexadecimal: str) -> Item:
    """Return the key of the copy that belongs to a user id or another hexadecimal digest."""
    try:
        first = int(hexadecimal[:2], 16)
    except ValueError:
        # Not an id, so no account has it; it is looked up like any other.
        first = hashlib.sha256(hexadecimal.encode()).digest()[0]
    return system_copy_key(first % SYSTEM_COPIES)


def system_copy_key(number_of_copy: int) -> Item:
    """Return the key of one copy."""
    return {"pk": {"S": f"EPOCH#{number_of_copy:02x}"}, "sk": {"S": "EPOCH"}}


def system_state_of(item: Item | None) -> SystemState:
    """Read a copy of the system state.

    Before the first rotation or breach a copy has at most an issuer, and before the first deploy none exists.
    """
    if item is None:
        return SystemState()
    replaced = item.get("replaced_at", {"M": {}})["M"]
    return SystemState(
        integer(item, "epoch") if "epoch" in item else 0,
        {kid: int(at["N"]) for kid, at in replaced.items()},
        item.get("issuer", {"S": ""})["S"],
        integer(item, "api_keys_epoch") if "api_keys_epoch" in item else 0,
    )


def system_state_values(state: SystemState) -> Item:
    """Return the attributes of a copy of the system state."""
    return {
        "epoch": number(state.epoch),
        "api_keys_epoch": number(state.api_keys_epoch),
        "replaced_at": {"M": {kid: number(at) for kid, at in state.replaced_at.items()}},
    }
