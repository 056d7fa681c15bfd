"""Rules for which accounts an administrator may read and change."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.errors import Conflict
from chalicelib.domain.errors import InsufficientScope
from chalicelib.domain.tokens.scopes import Scope

READ, WRITE = "users:read", "users:write"
"""Permissions of administrators: to read every account, and to change accounts."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A caller with its effective permissions: those that both its credential and, now, its account has."""

    user_id: str
    permissions: Scope

    def require(self, needed: Scope) -> None:
        """Raise InsufficientScope, which names what is missing, unless the caller holds `needed`."""
        missing = Scope(needed.permissions - self.permissions.permissions)
        if missing.permissions:
            raise InsufficientScope(str(missing))

    def require_over(self, account: Account) -> None:
        """Raise InsufficientScope if `account` is an administrator with a permission that the caller lacks.

        Otherwise an administrator could disable or delete one with more permissions.
        """
        if WRITE in account.permissions.permissions:
            self.require(account.permissions)

    def refuse_self(self, account: Account) -> None:
        """Raise Conflict if `account` is the caller's own."""
        if account.user_id == self.user_id:
            raise Conflict("own account", user_id=self.user_id)
