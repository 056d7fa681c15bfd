"""Deletion of an account with everything that belongs to it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import ChangeFactory, ChangeKind
from chalicelib.domain.accounts.own_changes import AccountState, OwnChanges
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.ports import Audit, Clock
from chalicelib.domain.sessions.session import EndReason, active

_TURNS = 20
"""Sign-ins and other changes of one account that may come between."""


@dataclass(frozen=True, slots=True)
class AccountRemoval:
    """Deletes an account.

    Account, hash, profile, names, sessions and devices go in one transaction, so nothing is left that opens
    anything, and the names are free. Ended and expired sessions and a long list of former names go after it;
    what an interruption leaves of them expires by itself, or goes when the deletion is repeated.
    """

    own_changes: OwnChanges
    change: ChangeFactory
    audit: Audit
    clock: Clock

    def state(self, user_id: str) -> AccountState | None:
        """Return what `__call__` needs of an account, or None if it does not exist. Raises Unavailable."""
        return self.own_changes.account_state(user_id, with_hash=False)

    def __call__(self, state: AccountState, actor: str, check: Callable[[Account], object]) -> None:
        """Delete the account of `state`, unless it no longer exists.

        `check` is called with the account when it has changed meanwhile; what it raises ends the deletion.
        Raises Unavailable.
        """
        self._delete(state, actor, check)
        self.remove_rest(state.account.user_id)

    def remove_rest(self, user_id: str) -> None:
        """Remove what is left of a deleted account. An outage is ignored: all of it expires by itself."""
        with suppress(Unavailable):
            self.own_changes.remove_rest(user_id, self.clock())

    def _delete(self, state: AccountState, actor: str, check: Callable[[Account], object]) -> None:
        user_id = state.account.user_id
        change = self.change(user_id, ChangeKind.DELETED, actor)
        for _ in range(_TURNS):
            now = self.clock()
            # Those of a past epoch are deleted as well: no epoch is earlier than 0.
            live = active(state.sessions, now, 0)
            if self.own_changes.delete_account(state, live, change):
                self.audit.account_changed(change)
                for one in live:
                    self.audit.session_ended(one.ended(EndReason.DELETED, now))
                return
            again = self.own_changes.account_state(user_id, with_hash=False)
            if again is None:
                return
            check(again.account)
            state = again
        raise Unavailable("too many changes of one account at once")
