"""The check of the current password before a change of the user's own account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from chalicelib.accounts.own_account import OwnAccount
from chalicelib.domain.accounts.errors import Conflict
from chalicelib.domain.accounts.own_changes import AccountState, OwnChanges
from chalicelib.domain.accounts.passwords import Password
from chalicelib.domain.errors import InvalidGrant, InvalidToken
from chalicelib.domain.ports import Audit, Clock, PasswordHasher, Verdict
from chalicelib.domain.tokens.claims import VerifiedClaims


@dataclass(frozen=True, slots=True)
class CurrentPassword:
    """Checks the current password. Tries are charged to the session, so nobody else can use them up."""

    own_account: OwnAccount
    own_changes: OwnChanges
    hasher: PasswordHasher
    audit: Audit
    clock: Clock
    wait_seconds: int

    def check(self, claims: VerifiedClaims, current_password: str) -> AccountState:
        """Return the state of the account if the password is correct.

        Raises InvalidToken if the session has ended, InvalidRequest for a password that is too long,
        TooManyAttempts, InvalidGrant if the password is wrong, and Unavailable.
        """
        password = Password.presented(current_password)
        account, session = self.own_account.load(claims)
        self.own_changes.charge_session(session.session_id, self.clock(), self.wait_seconds)
        state = self.own_changes.account_state(account.user_id)
        check = self.hasher.check(password, state.password_hash if state else None)
        if state is None or state.account.disabled:
            raise InvalidToken("account has changed", user_id=account.user_id)
        if check.verdict is Verdict.CORRUPT:
            self.audit.corrupt_hash(account.user_id)
        if check.verdict is not Verdict.MATCH:
            raise InvalidGrant("wrong_current_password", user_id=account.user_id)
        self.own_changes.clear_session(session.session_id)
        return state

    def refuse_stale(self, claims: VerifiedClaims) -> NoReturn:
        """Refuse what was decided on an account that another change has replaced since the check.

        Raises InvalidToken only where that change has ended the session, since an app gives its session up
        for that; otherwise Conflict, after which the app may ask again. Raises Unavailable.
        """
        account, _ = self.own_account.load(claims)
        raise Conflict("account has changed", user_id=account.user_id)
