"""API keys over dictionaries, by the same rules as the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.api_keys.api_key import ApiKey, active_keys, owner_of_key
from chalicelib.domain.api_keys.ports import ApiKeyView, KeyOwner
from tests.fake_outage import remote
from tests.fake_verifications import FakeVerifications


class FakeApiKeys(FakeVerifications):
    """Serves `ApiKeys`."""

    def __init__(self) -> None:
        super().__init__()
        self.api_keys: dict[str, ApiKey] = {}

    @remote
    def api_key(self, key_id: str) -> ApiKeyView:
        """Return a key with what it depends on of its owner."""
        return self._view(key_id)

    @remote
    def api_key_and_account(self, key_id: str) -> ApiKeyView:
        """Return a key with its owner's account."""
        return replace(self._view(key_id), account=self.accounts.get(owner_of_key(key_id) or ""))

    @remote
    def stored_keys(self, user_id: str) -> list[ApiKey]:
        """Return the keys of an account."""
        return self._keys_of(user_id)

    @remote
    def add_key(
        self, account: Account, key: ApiKey, change: AccountChange, surplus: Sequence[ApiKey] = ()
    ) -> bool:
        """Add a key, if nobody has added another one."""
        stored = self.accounts.get(account.user_id)
        seen = (False, account.security_version, account.api_key_creations)
        if stored is None or seen != (stored.disabled, stored.security_version, stored.api_key_creations):
            return False
        assert key.key_id not in self.api_keys
        self.accounts[account.user_id] = replace(stored, api_key_creations=stored.api_key_creations + 1)
        self.api_keys[key.key_id] = key
        for one in surplus:
            self.api_keys.pop(one.key_id, None)
        self._record(change)
        return True

    @remote
    def set_expiry(self, key: ApiKey, expires_at: int, change: AccountChange) -> bool:
        """Let a key expire at another time."""
        if key.key_id not in self.api_keys:
            return False
        self.api_keys[key.key_id] = replace(self.api_keys[key.key_id], expires_at=expires_at)
        self._record(change)
        return True

    @remote
    def remove_key(self, key: ApiKey, change: AccountChange) -> bool:
        """End a key."""
        if self.api_keys.pop(key.key_id, None) is None:
            return False
        self._record(change)
        return True

    @remote
    def remove_keys(self, user_id: str) -> int:
        """End every key of an account."""
        mine = self._keys_of(user_id)
        for one in mine:
            del self.api_keys[one.key_id]
        return len(mine)

    def all_stored_keys(self) -> Iterator[ApiKey]:
        """Return the keys of every account."""
        return iter(sorted(self.api_keys.values(), key=lambda one: one.key_id))

    def _keys_of(self, user_id: str) -> list[ApiKey]:
        mine = [one for one in self.api_keys.values() if one.user_id == user_id]
        return sorted(mine, key=lambda one: one.key_id)

    def _end_active_keys(self, user_id: str, now: int) -> None:
        for one in active_keys(self._keys_of(user_id), now):
            del self.api_keys[one.key_id]

    def _view(self, key_id: str) -> ApiKeyView:
        owner = self.accounts.get(owner_of_key(key_id) or "")
        known = KeyOwner(owner.disabled, owner.permissions) if owner else None
        return ApiKeyView(self.api_keys.get(key_id), known, self.system_state)
