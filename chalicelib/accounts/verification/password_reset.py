"""Password reset with a mailed code."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.accounts.notices import Notices
from chalicelib.accounts.verification.codes import CodeCheck
from chalicelib.accounts.verification.requests import Requester, VerificationRequests
from chalicelib.domain.accounts.changes import ChangeFactory, ChangeKind
from chalicelib.domain.accounts.errors import InvalidCode
from chalicelib.domain.accounts.new_names import email_address
from chalicelib.domain.accounts.own_changes import AccountState, NewDevice, OwnChanges
from chalicelib.domain.accounts.password_rules import PasswordRules
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.mail import MailKind
from chalicelib.domain.ports import Audit, Clock, Entropy, PasswordHasher
from chalicelib.domain.secret import Secret
from chalicelib.domain.sessions.session import EndReason, active
from chalicelib.domain.sign_in.device_keys import DEVICE_SECRET_BYTES, DeviceKey
from chalicelib.domain.verification.verification import Purpose, Verification, VerificationToken

_TURNS = 20
"""Attempts to write the reset while sign-ins and refreshes of the account interfere."""


@dataclass(frozen=True, slots=True)
class PasswordReset:
    """Password reset. The code is bound to an account's id, and to its state when the code was requested."""

    requests: VerificationRequests
    codes: CodeCheck
    own_changes: OwnChanges
    rules: PasswordRules
    hasher: PasswordHasher
    change: ChangeFactory
    notify: Notices
    audit: Audit
    clock: Clock
    entropy: Entropy

    def begin(self, email: str, requester: Requester) -> VerificationToken:
        """Mail a code if the address has an account, and return the token of the verification in any case.

        Raises InvalidAccount for a malformed address, and Unavailable.
        """
        return self.requests.create(Purpose.PASSWORD_RESET, email_address(email), requester)

    def complete(
        self, token: VerificationToken, code: str, new_password: str, languages: str = ""
    ) -> DeviceKey:
        """Set a password, end every session, remove every device, and return the key of a new device.

        Raises InvalidCode, InvalidPassword, InvalidRequest and Unavailable.
        """
        accepted = self.rules.accept(new_password)
        with self.codes.right(token, code, Purpose.PASSWORD_RESET) as verification:
            state = self._state(verification)
            account = state.account
            self.rules.refuse_names(accepted, filter(None, [account.email, account.username]))
            password_hash = self.hasher.hash(accepted)
            self.notify(MailKind.PASSWORD_CHANGED, account, languages)
            device = NewDevice(
                DeviceKey(account.user_id, Secret(self.entropy(DEVICE_SECRET_BYTES))),
                verification.epoch,
                self.clock(),
            )
            self._write(state, password_hash, device, verification)
            return device.key

    def _write(
        self, state: AccountState, password_hash: PasswordHash, device: NewDevice, verification: Verification
    ) -> None:
        user_id = state.account.user_id
        change = self.change(user_id, ChangeKind.PASSWORD_RESET, user_id)
        for _ in range(_TURNS):
            live = active(state.sessions, device.at, device.epoch)
            ended = [one.ended(EndReason.PASSWORD_RESET, device.at) for one in live]
            if self.own_changes.set_password(
                state, password_hash, change, ended=ended, only_device=device, spent=verification
            ):
                self.audit.account_changed(change)
                for one in ended:
                    self.audit.session_ended(one)
                return
            self.codes.require_unspent(verification)
            state = self._state(verification)
        raise Unavailable("too many changes of one account at once")

    def _state(self, verification: Verification) -> AccountState:
        """Return the account that a code is bound to. Raises InvalidCode if it has changed meanwhile."""
        state = self.own_changes.account_state(verification.user_id)
        if state is None or state.account.disabled:
            raise InvalidCode("no account to reset")
        if state.account.security_version != verification.security_version:
            raise InvalidCode("account has changed since")
        return state
