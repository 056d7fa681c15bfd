"""What an operator does to accounts: disable, enable, delete, end sessions."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.domain.accounts.account import Account, is_id
from chalicelib.domain.errors import NotFound, Unavailable
from chalicelib.domain.ports import (
    Accounts,
    Clock,
    Keys,
    Sessions,
)
from chalicelib.domain.sessions.session import EndedSession, EndReason, active
from chalicelib.domain.sessions.termination import SessionTerminator
from chalicelib.domain.tokens.key_ports import (
    System,
)
from chalicelib.domain.tokens.scopes import Scope, check_permissions

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Administration:
    """Operations on somebody else's account."""

    accounts: Accounts
    sessions: Sessions
    system: System
    keys: Keys
    terminate: SessionTerminator
    clock: Clock

    def account(self, user_id: str) -> Account:
        """Return an account. Raises NotFound."""
        account = self.accounts.account(user_id) if is_id(user_id) else None
        if account is None:
            raise NotFound("no such user")
        return account

    def permit(self, user_id: str, granted: Scope, withdrawn: Scope) -> Account:
        """Grant and withdraw permissions; tokens carry them from their next refresh on.

        Raises NotFound, InvalidAccount for what cannot be permitted, and Unavailable after losing every race.
        """
        for _ in range(_ATTEMPTS):
            account = self.account(user_id)
            after = Scope((account.permissions.permissions | granted.permissions) - withdrawn.permissions)
            check_permissions(after)
            if self.accounts.set_permissions(account, after):
                return replace(account, permissions=after)
        raise Unavailable("lost every race for permissions")

    def disable(self, user_id: str) -> list[EndedSession]:
        """Disable an account and end its sessions (ASVS 7.4.2). Raises NotFound.

        In this order: once disabled, no sign-in can open a session that the second step would not see.
        """
        self._set_disabled(user_id, disabled=True)
        return self.end_sessions(user_id, EndReason.DISABLED)

    def enable(self, user_id: str) -> None:
        """Enable an account again. Raises NotFound."""
        self._set_disabled(user_id, disabled=False)

    def delete(self, user_id: str) -> None:
        """Remove an account for good, its sessions first. Raises NotFound."""
        self.disable(user_id)
        if not self.accounts.delete(self.account(user_id)):
            raise NotFound("no such user")

    def end_sessions(self, user_id: str, reason: EndReason) -> list[EndedSession]:
        """End every session of a user that stands; one that has expired keeps that as its reason."""
        return self.terminate(
            active(self.sessions.stored(user_id), self.clock(), self.epoch(user_id)), reason
        )

    def epoch(self, user_id: str) -> int:
        """Return the epoch that a session of this user must have: the later one of table and key."""
        return self.keys.current(epoch=self.system.epoch(user_id)).current.epoch

    def _set_disabled(self, user_id: str, *, disabled: bool) -> None:
        if not is_id(user_id) or not self.accounts.set_disabled(user_id, disabled=disabled):
            raise NotFound("no such user")
