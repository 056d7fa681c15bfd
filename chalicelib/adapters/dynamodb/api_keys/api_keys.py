"""API keys in DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from chalicelib.adapters.dynamodb.api_keys.items import (
    api_key_item,
    api_key_key,
    api_key_of,
    expiry,
    keys_partition,
)
from chalicelib.adapters.dynamodb.api_keys.reader import DynamoDBApiKeyReader, view_of
from chalicelib.adapters.dynamodb.audit_items import change_item
from chalicelib.adapters.dynamodb.items import account_key, account_of, number
from chalicelib.adapters.dynamodb.system_items import system_key
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.api_keys.api_key import ApiKey
from chalicelib.domain.api_keys.ports import ApiKeyView

_EXISTS, _NOT_EXISTS = "attribute_exists(pk)", "attribute_not_exists(pk)"


class DynamoDBApiKeys(DynamoDBApiKeyReader):
    """The API keys in the table. Every method raises Unavailable if the table cannot be reached."""

    def api_key_and_account(self, key_id: str) -> ApiKeyView:
        """Return a key, its owner's account and the state of the system."""
        key = api_key_key(key_id)
        user_id = key["pk"]["S"].partition("#")[2]
        items = self._table.batch_get(key, account_key(user_id), system_key(user_id))
        return replace(view_of(*items), account=account_of(items[1]) if items[1] else None)

    def stored_keys(self, user_id: str) -> list[ApiKey]:
        """Return the keys of an account."""
        return [api_key_of(item) for item in self._table.partition(keys_partition(user_id))]

    def add_key(
        self, account: Account, key: ApiKey, change: AccountChange, surplus: Sequence[ApiKey] = ()
    ) -> bool:
        """Add a key on condition that no other one was added since the account was read."""
        update = self._table.update_action(
            account_key(account.user_id),
            "SET api_key_creations = api_key_creations + :one",
            condition="disabled = :enabled AND security_version = :security AND api_key_creations = :seen",
            values={
                ":one": number(1),
                ":enabled": {"BOOL": False},
                ":security": number(account.security_version),
                ":seen": number(account.api_key_creations),
            },
        )
        added = self._table.put(api_key_item(key), _NOT_EXISTS)
        recorded = self._table.put(change_item(change), _NOT_EXISTS)
        deleted = [self._table.delete_if_any(api_key_key(one.key_id)) for one in surplus]
        return self._table.transact([update, added, recorded, *deleted])

    def set_expiry(self, key: ApiKey, expires_at: int, change: AccountChange) -> bool:
        """Let a key expire at another time."""
        update = self._table.update_action(
            api_key_key(key.key_id),
            "SET expires_at = :expires_at, #ttl = :ttl",
            condition=_EXISTS,
            values={f":{name}": value for name, value in expiry(expires_at).items()},
            names={"#ttl": "ttl"},
        )
        return self._table.transact([update, self._table.put(change_item(change), _NOT_EXISTS)])

    def remove_key(self, key: ApiKey, change: AccountChange) -> bool:
        """End a key."""
        deletion = self._table.delete(api_key_key(key.key_id), _EXISTS)
        return self._table.transact([deletion, self._table.put(change_item(change), _NOT_EXISTS)])

    def remove_keys(self, user_id: str) -> int:
        """Delete the keys one by one."""
        items = self._table.partition(keys_partition(user_id))
        for item in items:
            self._table.remove({"pk": item["pk"], "sk": item["sk"]})
        return len(items)

    def all_stored_keys(self) -> Iterator[ApiKey]:
        """Return the keys of every account."""
        return map(api_key_of, self._table.scan("KEYS#"))
