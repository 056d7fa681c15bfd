"""Service accounts: no address and no password; they exist only to own API keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import ChangeFactory, ChangeKind
from chalicelib.domain.accounts.new_names import username
from chalicelib.domain.ports import Accounts, Audit, Clock, Entropy
from chalicelib.domain.sessions.refresh_tokens import ID_BYTES
from chalicelib.domain.tokens.scopes import Scope, check_permissions


@dataclass(frozen=True, slots=True)
class ServiceAccountCreation:
    """Creates service accounts, for operators."""

    accounts: Accounts
    clock: Clock
    entropy: Entropy
    change: ChangeFactory
    audit: Audit

    def __call__(self, name: str, permissions: Iterable[str], actor: str) -> Account:
        """Create an account that nobody can sign in to. Its name is a user name.

        Raises InvalidAccount for a malformed or taken name and malformed permissions, and Unavailable.
        """
        held = Scope.of(permissions)
        check_permissions(held)
        account = Account(
            user_id=self.entropy(ID_BYTES).hex(),
            email="",
            username=username(name),
            permissions=held,
            created_at=self.clock(),
        )
        change = self.change(account.user_id, ChangeKind.CREATED, actor, after=held)
        self.accounts.create(account, None, change)
        self.audit.account_changed(change)
        return account
