"""Signing up: a verification of the address, then the account, with the password sent beside the code."""

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
    """Whether people may sign up, and with addresses of which domains (in A-labels; none: of all)."""

    is_open: bool
    domains: frozenset[str]

    def require_open(self) -> None:
        """Raise AccessDenied where sign-up is off."""
        if not self.is_open:
            raise AccessDenied("sign-up is off")

    def refuses(self, address: str) -> bool:
        """Return whether an address may not sign up."""
        domain = SignInName.of(address).canonical.rpartition("@")[2]
        return bool(self.domains) and domain not in self.domains


@dataclass(frozen=True, slots=True)
class Registration:
    """Sign-up. Until the code has come back, only the verification is stored: no account, no password."""

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

        `password` is judged and not kept, so that a form can refuse it before the mail. Raises AccessDenied,
        InvalidAccount for an address that is none, InvalidPassword, InvalidRequest and Unavailable.
        """
        self.policy.require_open()
        address = email_address(email)
        if password is not None:
            self.rules.accept(password, [address])
        is_refused = self.policy.refuses(address)
        return self.requests.create(Purpose.SIGN_UP, address, requester, is_refused=is_refused)

    def resend(self, token: VerificationToken, requester: Requester) -> None:
        """Mail a new code in place of the one before. Raises AccessDenied, InvalidCode and Unavailable.

        Where sign-up is off, the verifications of password resets and changes of address are renewed still.
        """
        if not self.policy.is_open and self.requests.purpose(token) in {None, Purpose.SIGN_UP}:
            self.policy.require_open()
        self.requests.renew(token, requester)

    def complete(self, token: VerificationToken, code: str, password: str) -> DeviceKey:
        """Create the account of a verified address, and return the key of its first device.

        An address that is taken meanwhile answers as a wrong code does. Raises AccessDenied, InvalidCode,
        InvalidPassword, InvalidRequest and Unavailable.
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
