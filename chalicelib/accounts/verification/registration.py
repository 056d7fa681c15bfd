"""Sign-up: verify the address, then create the account with the password sent with the code."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.accounts.verification.codes import CodeCheck
from chalicelib.accounts.verification.requests import Requester, VerificationRequests
from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import ChangeFactory, ChangeKind
from chalicelib.domain.accounts.errors import InvalidCode
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.new_names import email_address
from chalicelib.domain.accounts.password_rules import PasswordRules
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.errors import AccessDenied
from chalicelib.domain.ports import Audit, Clock, Entropy, PasswordHasher
from chalicelib.domain.secret import Secret
from chalicelib.domain.sign_in.device_keys import DEVICE_SECRET_BYTES, DeviceKey
from chalicelib.domain.tokens.scopes import Scope
from chalicelib.domain.verification.ports import VerifiedChanges
from chalicelib.domain.verification.verification import Purpose, Verification, VerificationToken


@dataclass(frozen=True, slots=True)
class SignUpPolicy:
    """Who may sign up: everybody or nobody, and with addresses of which domains (A-labels; empty: all)."""

    is_open: bool
    domains: frozenset[str]

    def require_open(self) -> None:
        """Raise AccessDenied if sign-up is off."""
        if not self.is_open:
            raise AccessDenied("sign-up is off")

    def refuses(self, address: str) -> bool:
        """Return whether an address may not sign up."""
        domain = SignInName.of(address).canonical.rpartition("@")[2]
        return bool(self.domains) and domain not in self.domains


@dataclass(frozen=True, slots=True)
class Registration:
    """Sign-up. Until the code is entered, only the verification is stored: no account, no password."""

    requests: VerificationRequests
    codes: CodeCheck
    changes: VerifiedChanges
    rules: PasswordRules
    hasher: PasswordHasher
    change: ChangeFactory
    audit: Audit
    clock: Clock
    entropy: Entropy
    policy: SignUpPolicy

    def begin(self, email: str, password: str | None, requester: Requester) -> VerificationToken:
        """Mail a code to an address and return the token of its verification.

        `password` is checked and not stored, so that a form can reject it before the mail. Raises
        AccessDenied, InvalidAccount for a malformed address, InvalidPassword, InvalidRequest and Unavailable.
        """
        self.policy.require_open()
        address = email_address(email)
        if password is not None:
            self.rules.accept(password, [address])
        is_refused = self.policy.refuses(address)
        return self.requests.create(Purpose.SIGN_UP, address, requester, is_refused=is_refused)

    def resend(self, token: VerificationToken, requester: Requester) -> None:
        """Replace the code and mail the new one. Raises AccessDenied, InvalidCode and Unavailable.

        If sign-up is off, codes of password resets and changes of address can still be replaced.
        """
        if not self.policy.is_open and self.requests.purpose(token) in {None, Purpose.SIGN_UP}:
            self.policy.require_open()
        self.requests.renew(token, requester)

    def complete(self, token: VerificationToken, code: str, password: str) -> DeviceKey:
        """Create the account of a verified address, and return the key of its first device.

        If the address was taken meanwhile, the result is that of a wrong code. Raises AccessDenied,
        InvalidCode, InvalidPassword, InvalidRequest and Unavailable.
        """
        self.policy.require_open()
        accepted = self.rules.accept(password)
        with self.codes.right(token, code, Purpose.SIGN_UP) as verification:
            self.rules.refuse_names(accepted, [verification.address])
            account = self._account(verification)
            device_key = DeviceKey(account.user_id, Secret(self.entropy(DEVICE_SECRET_BYTES)))
            return self._create(account, self.hasher.hash(accepted), device_key, verification)

    def _account(self, verification: Verification) -> Account:
        return Account(
            user_id=verification.user_id,
            email=verification.address,
            username=None,
            permissions=Scope.of(()),
            created_at=self.clock(),
            device_count=1,
        )

    def _create(
        self, account: Account, password_hash: PasswordHash, device_key: DeviceKey, verification: Verification
    ) -> DeviceKey:
        change = self.change(account.user_id, ChangeKind.CREATED, account.user_id)
        if not self.changes.register(account, password_hash, device_key, verification, change):
            raise InvalidCode("code spent or address taken")
        self.audit.account_changed(change)
        return device_key
