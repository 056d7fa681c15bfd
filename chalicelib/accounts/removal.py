"""Deletion of an account and its data."""

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
"""Attempts to write the deletion while sign-ins and other changes of the account interfere."""


@dataclass(frozen=True, slots=True)
class AccountRemoval:
    """Deletes an account.

    Account, hash, profile, names, sessions and devices are deleted in one transaction: after it no credential
    of the account works, and its names are free. Ended and expired sessions, and former names that do not fit
    in the transaction, are deleted after it. If that is interrupted, the rest expires, or is removed when the
    deletion is repeated.
    """

    own_changes: OwnChanges
    change: ChangeFactory
    audit: Audit
    clock: Clock

    def state(self, user_id: str) -> AccountState | None:
        """Return the state of an account for `__call__`, or None if it does not exist. Raises Unavailable."""
        return self.own_changes.account_state(user_id, with_hash=False)

    def __call__(self, state: AccountState, actor: str, check: Callable[[Account], object]) -> None:
        """Delete the account of `state`, unless it no longer exists.

        `check` is called with the account each time that it has changed meanwhile; an exception from it
        aborts the deletion. Raises Unavailable.
        """
        self._delete(state, actor, check)
        self.remove_rest(state.account.user_id)

    def remove_rest(self, user_id: str) -> None:
        """Remove the remaining items of a deleted account. An outage is ignored, since they also expire."""
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
