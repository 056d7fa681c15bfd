"""Names as items: taken ones, and those that are reserved for a former owner."""

from __future__ import annotations

from chalicelib.adapters.dynamodb.items import Item, name_key, number
from chalicelib.domain.accounts.names import SignInName


def name_item(name: SignInName, user_id: str) -> Item:
    """Return a name that finds an account as an item."""
    return name_key(name) | {"user_id": {"S": user_id}}


def reserved_name_item(name: SignInName, user_id: str, until: int) -> Item:
    """Return a former name as an item: until a Unix time, only its former owner can take it."""
    return name_key(name) | {
        "reserved_for": {"S": user_id},
        "reserved_until": number(until),
        "ttl": number(until),
    }


AVAILABLE = "attribute_not_exists(pk) OR reserved_for = :user_id OR reserved_until <= :now"
"""Condition that a name can be taken: with the user id of the account, and Unix time."""


def available_values(user_id: str, now: int) -> Item:
    """Return the values of the condition that a name can be taken."""
    return {":user_id": {"S": user_id}, ":now": number(now)}
