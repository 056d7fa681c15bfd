"""Administration of the API keys of all accounts, for operators."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.accounts.administration import Administration
from chalicelib.accounts.notices import Notices
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.errors import InvalidAccount
from chalicelib.domain.api_keys.api_key import (
    ApiKey,
    ApiKeySecret,
    not_ended_by_breach,
    owner_of_key,
    surplus_keys,
)
from chalicelib.domain.api_keys.factory import ApiKeyFactory, ApiKeyOrder
from chalicelib.domain.api_keys.ports import ApiKeys
from chalicelib.domain.errors import NotFound, Unavailable
from chalicelib.domain.mail import MailKind
from chalicelib.domain.ports import Audit
from chalicelib.domain.tokens.scopes import Scope

_TURNS = 40


@dataclass(frozen=True, slots=True)
class ApiKeyAdministration:
    """Operations on the keys of any account. `actor` is the ARN of an operator's AWS identity.

    Every change has an audit item in its transaction, and an owner with an address gets a notice by mail.
    Every method raises Unavailable if the table cannot be reached.
    """

    administration: Administration
    api_keys: ApiKeys
    new_key: ApiKeyFactory
    notify: Notices
    audit: Audit

    def create(
        self, user_id: str, order: ApiKeyOrder, actor: str, *, tell_owner: bool = True
    ) -> tuple[ApiKey, ApiKeySecret]:
        """Create a key for an account, and return it with its secret.

        Raises NotFound, InvalidRequest, InvalidScope, InvalidAccount for a disabled account, and Conflict if
        it has the maximum number of keys.
        """
        order.check()
        account = self._enabled(user_id)
        if tell_owner:
            self._notify(MailKind.API_KEY_CREATED, account)
        for _ in range(_TURNS):
            account = self._enabled(user_id)
            # Read after the account, so that no key that was created before is missing.
            stored, least = self.api_keys.stored_keys(user_id), self._least_epoch()
            keys = not_ended_by_breach(stored, least)
            key, secret = self.new_key(order, account, keys, self.administration.epoch(user_id))
            change = self.new_key.created(key, actor)
            if self.api_keys.add_key(account, key, change, surplus_keys(stored, key.created_at, least)):
                self.audit.account_changed(change)
                return key, secret
        raise Unavailable("too many changes of one account at once")

    def stored(self, user_id: str) -> list[ApiKey]:
        """Return the keys of an account that no breach has ended, the oldest first."""
        return not_ended_by_breach(self.api_keys.stored_keys(user_id), self._least_epoch())

    def key(self, key_id: str) -> ApiKey:
        """Return a key. Raises NotFound."""
        key = self.api_keys.api_key(key_id).key if owner_of_key(key_id) else None
        if key is None:
            raise NotFound("no such api key")
        return key

    def revoke(self, key: ApiKey, actor: str) -> None:
        """End a key at once. Raises NotFound if it has ended."""
        self._notify(MailKind.API_KEY_REVOKED, self.administration.account(key.user_id))
        change = self.new_key.revoked(key, actor)
        if not self.api_keys.remove_key(key, change):
            raise NotFound("no such api key")
        self.audit.account_changed(change)

    def successor(self, key: ApiKey, expires_in: int | None = None) -> ApiKeyOrder:
        """Return the order of a key like `key`, without permissions that its owner no longer holds.

        The lifetime, in seconds, is that of `key` unless `expires_in` is given. Raises NotFound.
        """
        account = self.administration.account(key.user_id)
        scope = Scope(key.scope.permissions & account.permissions.permissions)
        if expires_in is None and key.expires_at is not None:
            expires_in = key.expires_at - key.created_at
        return ApiKeyOrder(key.name, scope, expires_in)

    def retire(self, key: ApiKey, ends_at: int, actor: str) -> int:
        """Let a key end at a Unix time, or when it expires if that is earlier. Return that time.

        A time in the past ends it at once. Raises NotFound if the key has ended.
        """
        if key.expires_at is not None and key.expires_at <= ends_at:
            return key.expires_at
        if not ends_at > self.new_key.clock():
            self.revoke(key, actor)
            return ends_at
        self._expire(key, ends_at, actor)
        return ends_at

    def _least_epoch(self) -> int:
        return self.administration.keys.current().current.api_keys_epoch

    def _expire(self, key: ApiKey, expires_at: int, actor: str) -> None:
        change = self.new_key.expiry_set(key, actor)
        if not self.api_keys.set_expiry(key, expires_at, change):
            raise NotFound("no such api key")
        self.audit.account_changed(change)

    def _enabled(self, user_id: str) -> Account:
        account = self.administration.account(user_id)
        if account.disabled:
            raise InvalidAccount("disabled user", description="A disabled account gets no API key.")
        return account

    def _notify(self, kind: MailKind, account: Account) -> None:
        if account.email:
            self.notify(kind, account, "")
