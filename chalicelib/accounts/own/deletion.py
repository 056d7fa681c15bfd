"""Deletion of the user's own account."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.accounts.notices import Notices
from chalicelib.accounts.own.current_password import CurrentPassword
from chalicelib.accounts.removal import AccountRemoval
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.mail import MailKind
from chalicelib.domain.tokens.claims import VerifiedClaims


@dataclass(frozen=True, slots=True)
class AccountDeletion:
    """Deletes the account of a session after checking the current password."""

    current_password: CurrentPassword
    remove: AccountRemoval
    notify: Notices

    def __call__(self, claims: VerifiedClaims, current_password: str, languages: str) -> None:
        """Delete the account of a session.

        Raises InvalidToken, InvalidRequest, InvalidGrant, TooManyAttempts and Unavailable.
        """
        state = self.current_password.check(claims, current_password)
        version = state.account.security_version

        def check(account: Account) -> None:
            if account.security_version != version:
                raise Unavailable("account changed while it was deleted")

        self.notify(MailKind.ACCOUNT_DELETED, state.account, languages, to_address=True)
        self.remove(state, state.account.user_id, check)
