"""Deleting the user's own account."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from chalicelib.accounts.notices import Notices
from chalicelib.accounts.own.current_password import CurrentPassword
from chalicelib.domain.accounts.changes import ChangeFactory, ChangeKind
from chalicelib.domain.accounts.own_changes import AccountState, OwnChanges
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.mail import MailKind
from chalicelib.domain.ports import Audit, Clock
from chalicelib.domain.sessions.session import EndReason, active
from chalicelib.domain.tokens.claims import VerifiedClaims

_TURNS = 20
"""Sign-ins and other changes of one account that may come between."""


@dataclass(frozen=True, slots=True)
class AccountDeletion:
    """Deletes an account.

    Account, hash, profile, names, sessions and devices go in one transaction, so nothing is left that opens
    anything, and the names are free. Ended and expired sessions and a long list of former names go after it;
    what an interruption leaves of them expires by itself.
    """

    current_password: CurrentPassword
    own_changes: OwnChanges
    change: ChangeFactory
    notify: Notices
    audit: Audit
    clock: Clock

    def __call__(self, claims: VerifiedClaims, current_password: str, languages: str) -> None:
        """Delete the account of a session.

        Raises InvalidToken, InvalidRequest, InvalidGrant, TooManyAttempts and Unavailable.
        """
        state = self.current_password.check(claims, current_password)
        self.notify(MailKind.ACCOUNT_DELETED, state.account, languages, to_address=True)
        self._delete(state)
        with suppress(Unavailable):
            self.own_changes.remove_rest(state.account.user_id, self.clock())

    def _delete(self, state: AccountState) -> None:
        user_id, version = state.account.user_id, state.account.security_version
        change = self.change(user_id, ChangeKind.DELETED, user_id)
        for _ in range(_TURNS):
            now = self.clock()
            live = active(state.sessions, now, 0)
            if self.own_changes.delete_account(state, live, change):
                self.audit.account_changed(change)
                for one in live:
                    self.audit.session_ended(one.ended(EndReason.DELETED, now))
                return
            again = self.own_changes.account_state(user_id)
            if again is None:
                return
            if again.account.security_version != version:
                raise Unavailable("account changed while it was deleted")
            state = again
        raise Unavailable("too many changes of one account at once")
