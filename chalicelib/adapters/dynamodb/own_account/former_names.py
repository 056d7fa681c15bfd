"""Former user names by owner. No other item leads from an account to the names that are reserved for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.adapters.dynamodb.items import Item, integer, name_key, number
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.accounts.names import SignInName

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


def former_names_partition(user_id: str) -> str:
    """Return the partition of a user's former names."""
    return f"NAMES#{user_id}"


def former_name_key(user_id: str, name: SignInName) -> Item:
    """Return the key of a former name of a user."""
    return {"pk": {"S": former_names_partition(user_id)}, "sk": name_key(name)["pk"]}


def former_name_item(user_id: str, username: str, until: int) -> Item:
    """Return a former name, which stays reserved until a Unix time, as an item."""
    return former_name_key(user_id, SignInName.of(username)) | {
        "user_id": {"S": user_id},
        "username": {"S": username},
        "reserved_until": number(until),
        "ttl": number(until),
    }


def releases(table: Table, user_id: str, now: int) -> list[list[TransactWriteItemTypeDef]]:
    """Return for each former name of a user the actions that end its reservation."""
    own: Item = {":user_id": {"S": user_id}}
    found: list[list[TransactWriteItemTypeDef]] = []
    for item in table.partition(former_names_partition(user_id)):
        actions = [table.delete_if_any({"pk": item["pk"], "sk": item["sk"]})]
        # After that time another account may have the name.
        if integer(item, "reserved_until") > now:
            key = name_key(SignInName.of(item["username"]["S"]))
            actions.append(table.delete(key, "reserved_for = :user_id", own))
        found.append(actions)
    return found
