"""Reads an API key, and of its owner's account only the attributes that the authorizer's role may read."""

from __future__ import annotations

from chalicelib.adapters.dynamodb.api_keys.items import api_key_key, api_key_of
from chalicelib.adapters.dynamodb.items import Item, account_key
from chalicelib.adapters.dynamodb.system_items import system_key, system_state_of
from chalicelib.adapters.dynamodb.table import Table
from chalicelib.domain.api_keys.ports import ApiKeyView, KeyOwner
from chalicelib.domain.tokens.scopes import Scope

_OF_OWNERS = ("pk", "sk", "user_id", "disabled", "scope")
_OF_KEYS = ("name", "secret_hash", "epoch", "issued_at", "expires_at")
_OF_SYSTEM = ("api_keys_epoch", "issuer", "replaced_at")
ATTRIBUTES = (*_OF_OWNERS, *_OF_KEYS, *_OF_SYSTEM)
"""All attributes that are read. A BatchGetItem has one projection for every item."""


class DynamoDBApiKeyReader:
    """Reads one key. Raises Unavailable if the table cannot be reached."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def api_key(self, key_id: str) -> ApiKeyView:
        """Return a key, its owner's state and the state of the system."""
        key = api_key_key(key_id)
        user_id = key["pk"]["S"].partition("#")[2]
        items = self._table.batch_get(key, account_key(user_id), system_key(user_id), attributes=ATTRIBUTES)
        return view_of(*items)


def view_of(key: Item | None, owner: Item | None, system: Item | None) -> ApiKeyView:
    """Return the view of the items of a key, its owner and the system."""
    found = None
    if owner is not None:
        found = KeyOwner(owner["disabled"]["BOOL"], Scope.of(owner["scope"]["S"].split()))
    return ApiKeyView(api_key_of(key) if key else None, found, system_state_of(system))
