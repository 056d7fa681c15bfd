"""What verifications need from an adapter. Every method raises `errors.Unavailable` where it cannot know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.sign_in.device_keys import DeviceKey
from chalicelib.domain.verification.mail_budget import MailBudget
from chalicelib.domain.verification.verification import Purpose, Verification


@dataclass(frozen=True, slots=True)
class AddressQuery:
    """An address of a request. `placeholder_id`, which no account has, is read where none has the address."""

    name: SignInName
    budget_id: str
    placeholder_id: str
    device_key: DeviceKey | None


@dataclass(frozen=True, slots=True)
class AddressView:
    """What is known of an address: its budget, its account, and the epoch of the system.

    `is_known_device` tells that the device key presented is one of that account.
    """

    budget: MailBudget
    account: Account | None
    is_known_device: bool
    epoch: int


class Verifications(Protocol):
    """The verifications and the mail budgets."""

    def look_up(self, query: AddressQuery) -> AddressView:
        """Return what is known of an address, by the same calls for any address."""

    def find_verification(self, digest: str) -> Verification | None:
        """Return a verification, strongly consistent."""

    def write(
        self, budget_id: str, budget: MailBudget, verification: Verification, before: Verification | None
    ) -> bool:
        """Write a budget and a verification, or neither.

        Return False where the budget is no longer the one before this revision, or where the verification no
        longer is `before` (None: is there already).
        """

    def charge(self, digest: str, purpose: Purpose, now: int) -> Verification | None:
        """Count one try. Return None, and count nothing, where there is no such verification to be tried."""

    def refund(self, digest: str) -> None:
        """Take one try back, where the verification is still there."""


class VerifiedChanges(Protocol):
    """Changes of accounts that a right code makes. Each spends the code in its own transaction.

    Each returns False, and changes nothing, where the code was spent or replaced, or the account has changed.
    """

    def register(
        self,
        account: Account,
        password_hash: PasswordHash,
        device_key: DeviceKey,
        verification: Verification,
        change: AccountChange,
    ) -> bool:
        """Create an account with its first device. Return False also where its address is taken."""

    def set_email(self, account: Account, verification: Verification, change: AccountChange) -> bool:
        """Set the address of the verification. Return False also where it is taken."""
