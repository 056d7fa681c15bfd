"""Administration of accounts: list, change, disable, enable, delete, end sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from chalicelib.accounts.removal import AccountRemoval
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange, ChangeFactory, ChangeKind
from chalicelib.domain.accounts.ids import is_id
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.api_keys.ports import ApiKeys
from chalicelib.domain.errors import NotFound, Unavailable
from chalicelib.domain.ports import AccountPage, Accounts, Audit, Clock, Keys, Sessions
from chalicelib.domain.sessions.session import EndedSession, EndReason, active
from chalicelib.domain.sessions.termination import SessionTerminator
from chalicelib.domain.tokens.key_ports import (
    System,
)
from chalicelib.domain.tokens.scopes import Scope, check_permissions

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Administration:
    """Operations on the accounts of other users.

    `actor` is the ARN of an operator's AWS identity, or the id of a user. Every change has an audit item,
    written in the same transaction. Every method raises Unavailable if the table cannot be reached.
    """

    accounts: Accounts
    sessions: Sessions
    api_keys: ApiKeys
    system: System
    keys: Keys
    terminate: SessionTerminator
    remove: AccountRemoval
    clock: Clock
    change: ChangeFactory
    audit: Audit

    def account(self, user_id: str) -> Account:
        """Return an account. Raises NotFound."""
        account = self.accounts.account(user_id) if is_id(user_id) else None
        if account is None:
            raise NotFound("no such user")
        return account

    def page(self, after: str | None, limit: int) -> AccountPage:
        """Return at most `limit` accounts by the order of their ids, those after the id `after`."""
        return self.accounts.page(after, limit)

    def find(self, *, email: str | None, username: str | None) -> Account | None:
        """Return the account with an address or with a user name, in any spelling that matches."""
        name = SignInName.of(email or username or "")
        account = self.accounts.find(name)
        if account is None:
            return None
        own = account.username if email is None else account.email
        return account if own is not None and SignInName.of(own) == name else None

    def changes(self, user_id: str, limit: int) -> list[AccountChange]:
        """Return at most `limit` changes of an account, the newest first, even after its deletion."""
        return self.accounts.changes(user_id, limit) if is_id(user_id) else []

    def edit(self, user_id: str, edit: Callable[[Account], Account], actor: str) -> Account:
        """Set permissions, `disabled` and metadata to those that `edit` returns for the stored account.

        If another request changes them meanwhile, `edit` is called again with the new account; an exception
        from `edit` aborts the change. Tokens carry the new permissions after the next refresh. A call that
        changes nothing writes no audit item. Raises NotFound, InvalidAccount for a malformed or too long list
        of permissions, and Unavailable, also after losing every race.
        """
        for _ in range(_ATTEMPTS):
            before = self.account(user_id)
            after = edit(before)
            check_permissions(after.permissions)
            changes = list(self._changes(before, after, actor))
            if not changes:
                return before
            if before.disabled and not after.disabled:
                # What an interrupted `disable` has left: no key may become valid again.
                self.api_keys.remove_keys(user_id)
            if self.accounts.administer(before, after, changes):
                for change in changes:
                    self.audit.account_changed(change)
                return after
        raise Unavailable("lost every race for an account")

    def permit(self, user_id: str, granted: Scope, withdrawn: Scope, actor: str) -> Account:
        """Grant and withdraw permissions. Raises as `edit` does."""

        def edit(account: Account) -> Account:
            held = (account.permissions.permissions | granted.permissions) - withdrawn.permissions
            return replace(account, permissions=Scope(held))

        return self.edit(user_id, edit, actor)

    def disable(self, user_id: str, actor: str) -> list[EndedSession]:
        """Disable an account, end its sessions (ASVS 7.4.2) and its API keys. Raises NotFound.

        The account is disabled first, so that afterwards nobody can open a session or create a key that the
        next steps miss. No key of a disabled account is valid, so none can be used in the meantime.
        """
        self.edit(user_id, lambda account: replace(account, disabled=True), actor)
        return self.end_sessions_of_disabled(user_id)

    def end_sessions_of_disabled(self, user_id: str) -> list[EndedSession]:
        """End sessions and API keys of an account that was disabled before. The call is idempotent."""
        self.api_keys.remove_keys(user_id)
        return self._end_active(user_id, EndReason.DISABLED)

    def enable(self, user_id: str, actor: str) -> None:
        """Enable an account again. Raises NotFound."""
        self.edit(user_id, lambda account: replace(account, disabled=False), actor)

    def delete(
        self,
        user_id: str,
        actor: str,
        *,
        before: Callable[[Account], object] = lambda _: None,
        check: Callable[[Account], object] = lambda _: None,
    ) -> None:
        """Delete an account permanently.

        `before` is called once with the account, `check` each time that the account has changed meanwhile; an
        exception from either aborts the deletion. Raises NotFound for an account that does not exist, after
        removing the items that an interrupted deletion has left.
        """
        state = self.remove.state(user_id) if is_id(user_id) else None
        if state is None:
            if is_id(user_id):
                self.remove.remove_rest(user_id)
            raise NotFound("no such user")
        before(state.account)
        self.remove(state, actor, check)

    def end_sessions(self, user_id: str, actor: str) -> list[EndedSession]:
        """End every active session of a user. Expired sessions are not changed.

        The audit item is written first: each session ends in its own transaction, and none may end unaudited.
        """
        self.record(user_id, ChangeKind.SESSIONS_ENDED, actor)
        return self._end_active(user_id, EndReason.ADMINISTRATOR)

    def record(self, user_id: str, kind: ChangeKind, actor: str) -> None:
        """Write the audit item of a change that is made in other items."""
        change = self.change(user_id, kind, actor)
        self.accounts.record(change)
        self.audit.account_changed(change)

    def epoch(self, user_id: str) -> int:
        """Return the minimum epoch of an active session of this user: the later one of table and key."""
        return self.keys.current(epoch=self.system.epoch(user_id)).current.epoch

    def _changes(self, before: Account, after: Account, actor: str) -> Iterator[AccountChange]:
        user_id, had, has = before.user_id, before.permissions, after.permissions
        if has != had:
            yield self.change(user_id, ChangeKind.PERMISSIONS, actor, before=had, after=has)
        if after.disabled != before.disabled:
            yield self.change(user_id, ChangeKind.DISABLED if after.disabled else ChangeKind.ENABLED, actor)
        if after.metadata != before.metadata:
            yield self.change(user_id, ChangeKind.METADATA, actor)

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
