"""The rules for new API keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange, ChangeFactory, ChangeKind
from chalicelib.domain.accounts.errors import Conflict
from chalicelib.domain.api_keys.api_key import (
    KEY_ID_BYTES,
    KEY_SECRET_BYTES,
    MAX_NAME_CHARACTERS,
    ApiKey,
    ApiKeySecret,
    active_keys,
    is_key_name,
    new_key_id,
)
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.ports import Clock, Entropy
from chalicelib.domain.tokens.scopes import Scope, resolve_scope

MAX_EXPIRY_SECONDS = 10 * 366 * 86_400
"""Longest lifetime of a key that expires: ten years."""


@dataclass(frozen=True, slots=True)
class ApiKeyOrder:
    """The properties of a key to create: its name, its permissions (None: all of the owner's), its lifetime.

    `expires_in` is in seconds, or None for a key that does not expire.
    """

    name: str
    scope: Scope | None = None
    expires_in: int | None = None

    def check(self) -> None:
        """Raise InvalidRequest, naming the parameter, for an invalid name or lifetime."""
        if not is_key_name(self.name):
            raise InvalidRequest(
                "bad name",
                description=f"The parameter name must have 1 to {MAX_NAME_CHARACTERS} printable characters, "
                "without blanks at its ends.",
            )
        if self.expires_in is not None and not 0 < self.expires_in <= MAX_EXPIRY_SECONDS:
            raise InvalidRequest(
                "bad expires_in",
                description=f"The parameter expires_in must be between 1 and {MAX_EXPIRY_SECONDS} seconds.",
            )


@dataclass(frozen=True, slots=True)
class ApiKeyFactory:
    """Makes keys. `limit` is the maximum number of active keys of an account."""

    clock: Clock
    entropy: Entropy
    change: ChangeFactory
    limit: int

    def __call__(
        self, order: ApiKeyOrder, account: Account, keys: Sequence[ApiKey], epoch: int
    ) -> tuple[ApiKey, ApiKeySecret]:
        """Return a new key and its secret, for an account that has `keys`, none of which a breach has ended.

        Raises Conflict if the account has the maximum number of keys, and InvalidScope for a permission that
        it does not hold.
        """
        now = self.clock()
        if len(active_keys(keys, now)) >= self.limit:
            raise Conflict("too many api keys", user_id=account.user_id)
        scope = resolve_scope(order.scope, account.permissions)
        secret = ApiKeySecret(self.entropy(KEY_SECRET_BYTES))
        key = ApiKey(
            key_id=new_key_id(account.user_id, self.entropy(KEY_ID_BYTES)),
            user_id=account.user_id,
            name=order.name,
            scope=scope,
            secret_hash=secret.digest(),
            epoch=epoch,
            created_at=now,
            expires_at=None if order.expires_in is None else now + order.expires_in,
        )
        return key, secret

    def created(self, key: ApiKey, actor: str) -> AccountChange:
        """Return the record of a creation."""
        return self.change(
            key.user_id, ChangeKind.API_KEY_CREATED, actor, after=key.scope, api_key=key.key_id
        )

    def revoked(self, key: ApiKey, actor: str) -> AccountChange:
        """Return the record of a revocation."""
        return self.change(
            key.user_id, ChangeKind.API_KEY_REVOKED, actor, before=key.scope, api_key=key.key_id
        )

    def expiry_set(self, key: ApiKey, actor: str) -> AccountChange:
        """Return the record of a new expiry."""
        return self.change(key.user_id, ChangeKind.API_KEY_EXPIRY, actor, api_key=key.key_id)
