"""Ports of API keys. On an I/O failure every method raises `errors.Unavailable`, never a negative."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.api_keys.api_key import ApiKey
from chalicelib.domain.tokens.scopes import Scope
from chalicelib.domain.tokens.system_state import SystemState


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """The state of the owner on which a key depends."""

    disabled: bool
    permissions: Scope


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    """A key with its owner and the state of the system, from one read; the whole account if requested."""

    key: ApiKey | None
    owner: KeyOwner | None
    system: SystemState
    account: Account | None = None

    def refusal(self, now: int, epoch: int) -> str | None:
        """Return why the key must not be used now, or None. `epoch` is the signing key's of API keys."""
        if self.key is None:
            return "unknown api key"
        if self.owner is None:
            return "owner of api key deleted"
        if not self.key.is_active(now, max(epoch, self.system.api_keys_epoch)):
            return "api key expired"
        return "owner of api key disabled" if self.owner.disabled else None

    @property
    def scope(self) -> Scope:
        """The permissions of the key that its owner still holds."""
        if self.key is None or self.owner is None:
            return Scope.of(())
        return Scope(self.key.scope.permissions & self.owner.permissions.permissions)


class ApiKeyReader(Protocol):
    """The read access of the authorizer."""

    def api_key(self, key_id: str) -> ApiKeyView:
        """Return a key, strongly consistent, in one round trip. `key_id` has the form of an id."""


class ApiKeys(ApiKeyReader, Protocol):
    """The API keys of all accounts. Each change is written in one transaction with its audit item."""

    def api_key_and_account(self, key_id: str) -> ApiKeyView:
        """Return a key and its owner's account, strongly consistent, in one round trip."""

    def stored_keys(self, user_id: str) -> list[ApiKey]:
        """Return the keys of an account, some of which may have expired."""

    def add_key(
        self, account: Account, key: ApiKey, change: AccountChange, surplus: Sequence[ApiKey] = ()
    ) -> bool:
        """Add a key if the account is enabled and unchanged since it was read, and delete those of `surplus`.

        Return False, and write nothing, if a key was created or password, address or state changed.
        """

    def set_expiry(self, key: ApiKey, expires_at: int, change: AccountChange) -> bool:
        """Let a key expire at another time. Return False if the key no longer exists."""

    def remove_key(self, key: ApiKey, change: AccountChange) -> bool:
        """End a key. Return False if it no longer exists."""

    def remove_keys(self, user_id: str) -> int:
        """End every key of an account that is disabled or deleted, and return how many there were."""

    def all_stored_keys(self) -> Iterator[ApiKey]:
        """Return the keys of every account. This is a scan, for operators only."""
