"""Change of the user's own password."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.accounts.notices import Notices
from chalicelib.accounts.own.current_password import CurrentPassword
from chalicelib.domain.accounts.changes import ChangeFactory, ChangeKind
from chalicelib.domain.accounts.own_changes import AccountState, OwnChanges
from chalicelib.domain.accounts.password_rules import PasswordRules
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.mail import MailKind
from chalicelib.domain.ports import Audit, Clock, PasswordHasher
from chalicelib.domain.sessions.session import EndReason, active
from chalicelib.domain.tokens.claims import VerifiedClaims

_TURNS = 20
"""Attempts to write the change while sign-ins and refreshes of the account interfere."""


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """Sets a new password and ends every session except that of the request."""

    current_password: CurrentPassword
    own_changes: OwnChanges
    rules: PasswordRules
    hasher: PasswordHasher
    change: ChangeFactory
    notify: Notices
    audit: Audit
    clock: Clock

    def __call__(
        self, claims: VerifiedClaims, current_password: str, new_password: str, languages: str
    ) -> None:
        """Change the password.

        Raises InvalidToken, InvalidRequest, InvalidGrant, InvalidPassword, TooManyAttempts, Unavailable, and
        Conflict where another change came between that left the session alone.
        """
        state = self.current_password.check(claims, current_password)
        account = state.account
        accepted = self.rules.accept(new_password, filter(None, [account.email, account.username]))
        password_hash = self.hasher.hash(accepted)
        self.notify(MailKind.PASSWORD_CHANGED, account, languages)
        self._write(claims, state, password_hash)

    def _write(self, claims: VerifiedClaims, state: AccountState, password_hash: PasswordHash) -> None:
        user_id, version = state.account.user_id, state.account.security_version
        change = self.change(user_id, ChangeKind.PASSWORD_CHANGED, user_id)
        for _ in range(_TURNS):
            now = self.clock()
            # Those of a past epoch are ended as well: no epoch is earlier than 0.
            others = [one for one in active(state.sessions, now, 0) if one.session_id != claims.session_id]
            ended = [one.ended(EndReason.PASSWORD_CHANGED, now) for one in others]
            if self.own_changes.set_password(state, password_hash, change, ended=ended):
                self.audit.account_changed(change)
                for one in ended:
                    self.audit.session_ended(one)
                return
            again = self.own_changes.account_state(user_id)
            # Another password was set, or the account was disabled: the check of the password is void.
            if again is None or again.account.security_version != version:
                self.current_password.refuse_stale(claims)
            state = again
        raise Unavailable("too many changes of one account at once")
