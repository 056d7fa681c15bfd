"""Administration of accounts: change permissions, disable, enable, delete, end sessions."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange, ChangeFactory, ChangeKind
from chalicelib.domain.accounts.ids import is_id
from chalicelib.domain.api_keys.ports import ApiKeys
from chalicelib.domain.errors import NotFound, Unavailable
from chalicelib.domain.ports import Accounts, Audit, Clock, Keys, Sessions
from chalicelib.domain.sessions.session import EndedSession, EndReason, active
from chalicelib.domain.sessions.termination import SessionTerminator
from chalicelib.domain.sign_in.ports import SignIns
from chalicelib.domain.tokens.key_ports import (
    System,
)
from chalicelib.domain.tokens.scopes import Scope, check_permissions

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Administration:
    """Operations on other people's accounts.

    `actor` is the ARN of an operator's AWS identity, or the id of a user. Every change leaves an audit item,
    written in the transaction that makes it. Every method raises Unavailable if the table cannot be reached.
    """

    accounts: Accounts
    sessions: Sessions
    sign_ins: SignIns
    api_keys: ApiKeys
    system: System
    keys: Keys
    terminate: SessionTerminator
    clock: Clock
    change: ChangeFactory
    audit: Audit

    def account(self, user_id: str) -> Account:
        """Return an account. Raises NotFound."""
        account = self.accounts.account(user_id) if is_id(user_id) else None
        if account is None:
            raise NotFound("no such user")
        return account

    def changes(self, user_id: str, limit: int) -> list[AccountChange]:
        """Return at most `limit` changes of an account, the newest first, even after its deletion."""
        return self.accounts.changes(user_id, limit) if is_id(user_id) else []

    def permit(self, user_id: str, granted: Scope, withdrawn: Scope, actor: str) -> Account:
        """Grant and withdraw permissions; tokens carry them after the next refresh.

        A call that changes nothing leaves no audit item. Raises NotFound, InvalidAccount for a malformed or
        too long list of permissions, and Unavailable also after losing every race.
        """
        for _ in range(_ATTEMPTS):
            account = self.account(user_id)
            before = account.permissions
            after = Scope((before.permissions | granted.permissions) - withdrawn.permissions)
            check_permissions(after)
            if after == before:
                return account
            change = self.change(user_id, ChangeKind.PERMISSIONS, actor, before=before, after=after)
            if self.accounts.set_permissions(account, after, change):
                self.audit.account_changed(change)
                return replace(account, permissions=after)
        raise Unavailable("lost every race for permissions")

    def disable(self, user_id: str, actor: str) -> list[EndedSession]:
        """Disable an account, end its sessions (ASVS 7.4.2) and its API keys. Raises NotFound.

        In this order: once disabled, nobody can open a session or create a key that the next steps would not
        see. No key of a disabled account is valid, so none is used meanwhile.
        """
        self._set_disabled(user_id, actor, disabled=True)
        self.api_keys.remove_keys(user_id)
        return self._end_active(user_id, EndReason.DISABLED)

    def enable(self, user_id: str, actor: str) -> None:
        """Enable an account again. Raises NotFound.

        Keys that an interrupted `disable` has left are ended before, so none of them becomes valid again.
        """
        if self.account(user_id).disabled:
            self.api_keys.remove_keys(user_id)
        self._set_disabled(user_id, actor, disabled=False)

    def delete(self, user_id: str, actor: str) -> None:
        """Delete an account permanently, its sessions first and its devices last. Raises NotFound."""
        self.disable(user_id, actor)
        change = self.change(user_id, ChangeKind.DELETED, actor)
        if not self.accounts.delete(self.account(user_id), change):
            raise NotFound("no such user")
        self.audit.account_changed(change)
        self.sign_ins.forget_devices(user_id)

    def end_sessions(self, user_id: str, actor: str) -> list[EndedSession]:
        """End every active session of a user. Sessions that have expired stay as they are.

        The audit item is written first: each session ends in its own transaction, and none may end unaudited.
        """
        change = self.change(user_id, ChangeKind.SESSIONS_ENDED, actor)
        self.accounts.record(change)
        self.audit.account_changed(change)
        return self._end_active(user_id, EndReason.ADMINISTRATOR)

    def epoch(self, user_id: str) -> int:
        """Return the minimum epoch of an active session of this user: the later one of table and key."""
        return self.keys.current(epoch=self.system.epoch(user_id)).current.epoch

    def _end_active(self, user_id: str, reason: EndReason) -> list[EndedSession]:
        epoch = self._epoch_if_known(user_id)
        return self.terminate(active(self.sessions.stored(user_id), self.clock(), epoch), reason)

    def _epoch_if_known(self, user_id: str) -> int:
        """Return `epoch`, or the table's epoch alone while the key cannot be read.

        Sessions can be ended during such an outage, too. With an earlier epoch more sessions count as active,
        so none is missed.
        """
        try:
            return self.epoch(user_id)
        except Unavailable:
            return self.system.epoch(user_id)

    def _set_disabled(self, user_id: str, actor: str, *, disabled: bool) -> None:
        kind = ChangeKind.DISABLED if disabled else ChangeKind.ENABLED
        change = self.change(user_id, kind, actor)
        if not is_id(user_id) or not self.accounts.set_disabled(user_id, change, disabled=disabled):
            raise NotFound("no such user")
        self.audit.account_changed(change)
