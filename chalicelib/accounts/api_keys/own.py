"""The API keys of the user's own account: create, list, end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.accounts.notices import Notices
from chalicelib.accounts.own.current_password import CurrentPassword
from chalicelib.accounts.own_account import OwnAccount
from chalicelib.domain.accounts.own_changes import AccountState, OwnChanges
from chalicelib.domain.api_keys.api_key import (
    ApiKey,
    ApiKeySecret,
    not_ended_by_breach,
    owner_of_key,
    surplus_keys,
)
from chalicelib.domain.api_keys.factory import ApiKeyFactory, ApiKeyOrder
from chalicelib.domain.api_keys.ports import ApiKeys
from chalicelib.domain.errors import InvalidToken, NotFound, Unavailable
from chalicelib.domain.mail import MailKind
from chalicelib.domain.ports import Audit, Keys
from chalicelib.domain.tokens.claims import VerifiedClaims

_TURNS = 40
"""Attempts to write a new key: of concurrent creations of an account, one succeeds at a time."""


@dataclass(frozen=True, slots=True)
class OwnApiKeys:
    """Operations on the keys of the user's own account.

    Every method raises InvalidToken if the session has ended, InsufficientScope for another credential than a
    session's, and Unavailable.
    """

    own_account: OwnAccount
    current_password: CurrentPassword
    own_changes: OwnChanges
    api_keys: ApiKeys
    keys: Keys
    new_key: ApiKeyFactory
    notify: Notices
    audit: Audit

    def create(
        self, claims: VerifiedClaims, current_password: str, order: ApiKeyOrder, languages: str
    ) -> tuple[ApiKey, ApiKeySecret]:
        """Create a key, and return it with its secret, which is not stored.

        Raises InvalidRequest, InvalidScope for a permission that the user does not hold, InvalidGrant for a
        wrong password, TooManyAttempts, and Conflict if the account has the maximum number of keys or has
        changed meanwhile.
        """
        order.check()
        state = self.current_password.check(claims, current_password)
        version, user_id = state.account.security_version, state.account.user_id
        epoch = self._epoch(claims, state)
        self.new_key(order, state.account, self._valid(state.api_keys), epoch)
        self.notify(MailKind.API_KEY_CREATED, state.account, languages)
        for _ in range(_TURNS):
            key, secret = self.new_key(order, state.account, self._valid(state.api_keys), epoch)
            change = self.new_key.created(key, user_id)
            surplus = surplus_keys(state.api_keys, key.created_at, self._least_epoch())
            if self.api_keys.add_key(state.account, key, change, surplus):
                self.audit.account_changed(change)
                return key, secret
            again = self.own_changes.account_state(user_id)
            # Another password was set, or the account was disabled: the check of the password is void.
            if again is None or again.account.security_version != version:
                self.current_password.refuse_stale(claims)
            state = again
        raise Unavailable("too many changes of one account at once")

    def listed(self, claims: VerifiedClaims) -> list[ApiKey]:
        """Return the keys, the newest first, including those that have expired recently."""
        account, _ = self.own_account.load(claims)
        return self._valid(self.api_keys.stored_keys(account.user_id))[::-1]

    def revoke(self, claims: VerifiedClaims, key_id: str, languages: str) -> None:
        """End a key. Raises NotFound if it has ended or belongs to another account."""
        account, _ = self.own_account.load(claims)
        key = self._own_key(account.user_id, key_id)
        self.notify(MailKind.API_KEY_REVOKED, account, languages)
        change = self.new_key.revoked(key, account.user_id)
        if not self.api_keys.remove_key(key, change):
            raise NotFound("no such api key", user_id=account.user_id)
        self.audit.account_changed(change)

    def _valid(self, keys: Iterable[ApiKey]) -> list[ApiKey]:
        return not_ended_by_breach(keys, self._least_epoch())

    def _least_epoch(self) -> int:
        # `OwnAccount.load` has checked that the cached signing key is not older than the last breach.
        return self.keys.current().current.api_keys_epoch

    def _own_key(self, user_id: str, key_id: str) -> ApiKey:
        key = self.api_keys.api_key(key_id).key if owner_of_key(key_id) == user_id else None
        if key is None:
            raise NotFound("no such api key", user_id=user_id)
        return key

    @staticmethod
    def _epoch(claims: VerifiedClaims, state: AccountState) -> int:
        """Return the epoch of the session, which is the current one while the session is active."""
        for session in state.sessions:
            if session.session_id == claims.session_id:
                return session.epoch
        raise InvalidToken("session ended", user_id=claims.subject)
