"""API keys as items: partition `KEYS#<user id>`, sort key `KEY#<key id>`.

Only `user_id` and `scope` share their name with an attribute of an account: the authorizer reads both kinds
of item with one projection, which must not contain more attributes of an account than it needs.
"""

from __future__ import annotations

from chalicelib.adapters.dynamodb.items import DAY, Item, integer, number
from chalicelib.domain.api_keys.api_key import ApiKey, owner_of_key
from chalicelib.domain.tokens.scopes import Scope

EXPIRED_DAYS = 30
"""Days for which an expired key is kept, so that the list of keys still shows it."""
_SORT_KEY = "KEY#"


def keys_partition(user_id: str) -> str:
    """Return the partition of an account's API keys."""
    return f"KEYS#{user_id}"


def api_key_key(key_id: str) -> Item:
    """Return the key of an API key's item. Raises ValueError for text that is no id of a key."""
    user_id = owner_of_key(key_id)
    if user_id is None:
        raise ValueError("not the id of an API key")
    return {"pk": {"S": keys_partition(user_id)}, "sk": {"S": f"{_SORT_KEY}{key_id}"}}


def api_key_item(key: ApiKey) -> Item:
    """Return an API key as an item."""
    item: Item = api_key_key(key.key_id) | {
        "key_id": {"S": key.key_id},
        "user_id": {"S": key.user_id},
        "name": {"S": key.name},
        "scope": {"S": str(key.scope)},
        "secret_hash": {"B": key.secret_hash},
        "epoch": number(key.epoch),
        "issued_at": number(key.created_at),
    }
    return item if key.expires_at is None else item | expiry(key.expires_at)


def expiry(expires_at: int) -> Item:
    """Return the attributes of a key that expires."""
    return {"expires_at": number(expires_at), "ttl": number(expires_at + EXPIRED_DAYS * DAY)}


def api_key_of(item: Item) -> ApiKey:
    """Read an API key."""
    return ApiKey(
        key_id=item["sk"]["S"].removeprefix(_SORT_KEY),
        user_id=item["user_id"]["S"],
        name=item["name"]["S"],
        scope=Scope.of(item["scope"]["S"].split()),
        secret_hash=bytes(item["secret_hash"]["B"]),
        epoch=integer(item, "epoch"),
        created_at=integer(item, "issued_at"),
        expires_at=integer(item, "expires_at") if "expires_at" in item else None,
    )
