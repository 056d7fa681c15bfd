"""Change of the user's own address: the new one is verified, and the old one gets a notice."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.accounts.notices import Notices
from chalicelib.accounts.own.current_password import CurrentPassword
from chalicelib.accounts.own_account import OwnAccount
from chalicelib.accounts.verification.codes import CodeCheck
from chalicelib.accounts.verification.requests import Requester, VerificationRequests
from chalicelib.domain.accounts.changes import ChangeFactory, ChangeKind
from chalicelib.domain.accounts.errors import InvalidCode
from chalicelib.domain.accounts.new_names import email_address
from chalicelib.domain.mail import MailKind
from chalicelib.domain.ports import Audit
from chalicelib.domain.tokens.claims import VerifiedClaims
from chalicelib.domain.verification.ports import VerifiedChanges
from chalicelib.domain.verification.verification import Purpose, VerificationToken


@dataclass(frozen=True, slots=True)
class EmailChange:
    """Change of address. The old address stays until the code is entered."""

    own_account: OwnAccount
    current_password: CurrentPassword
    requests: VerificationRequests
    codes: CodeCheck
    changes: VerifiedChanges
    change: ChangeFactory
    notify: Notices
    audit: Audit

    def begin(
        self, claims: VerifiedClaims, email: str, current_password: str, requester: Requester
    ) -> VerificationToken:
        """Mail a code to the new address and a notice to the old one; return the verification's token.

        A taken address gets the same response; its owner gets a notice, and no code is correct. Raises
        InvalidAccount for a malformed address, InvalidToken, InvalidRequest, InvalidGrant, TooManyAttempts
        and Unavailable.
        """
        address = email_address(email)
        account = self.current_password.check(claims, current_password).account
        self.notify(MailKind.EMAIL_CHANGE_NOTICE, account, requester.languages)
        return self.requests.create(Purpose.EMAIL_CHANGE, address, requester, bound_to=account)

    def complete(self, claims: VerifiedClaims, token: VerificationToken, code: str, languages: str) -> None:
        """Set the verified address. Raises InvalidToken, InvalidCode and Unavailable."""
        account, _ = self.own_account.load(claims)
        with self.codes.right(token, code, Purpose.EMAIL_CHANGE) as verification:
            if verification.user_id != account.user_id:
                raise InvalidCode("code of another account", user_id=account.user_id)
            if verification.security_version != account.security_version:
                raise InvalidCode("account has changed since", user_id=account.user_id)
            self.notify(MailKind.EMAIL_CHANGED, account, languages, to_address=True)
            change = self.change(account.user_id, ChangeKind.EMAIL_CHANGED, account.user_id)
            if not self.changes.set_email(account, verification, change):
                raise InvalidCode("code spent, address taken or account changed", user_id=account.user_id)
        self.audit.account_changed(change)
