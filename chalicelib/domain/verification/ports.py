"""Ports of verifications. Every method raises `errors.Unavailable` on an I/O failure."""

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
    """An address of a request. `placeholder_id`, which no account has, is read if the address has none."""

    name: SignInName
    budget_id: str
    placeholder_id: str
    device_key: DeviceKey | None


@dataclass(frozen=True, slots=True)
class AddressView:
    """The stored state of an address: its budget, its account, and the epoch of the system.

    `is_known_device` states that the presented device key belongs to that account.
    """

    budget: MailBudget
    account: Account | None
    is_known_device: bool
    epoch: int


class Verifications(Protocol):
    """The verifications and the mail budgets."""

    def look_up(self, query: AddressQuery) -> AddressView:
        """Return the state of an address, with the same calls for every address."""

    def find_verification(self, digest: str) -> Verification | None:
        """Return a verification, strongly consistent."""

    def write(
        self, budget_id: str, budget: MailBudget, verification: Verification, before: Verification | None
    ) -> bool:
        """Write a budget and a verification atomically.

        Return False, and change nothing, if the stored budget is not the revision before this one, or if the
        stored verification is not `before` (with None: if one is stored).
        """

    def charge(self, digest: str, purpose: Purpose, now: int) -> Verification | None:
        """Count one try. Return None, and count nothing, if no verification with this digest can be tried."""

    def refund(self, digest: str) -> None:
        """Withdraw one try, if the verification still exists."""


class VerifiedChanges(Protocol):
    """Changes of accounts that a correct code confirms. Each spends the code in the same transaction.

    Each returns False, and changes nothing, if the code was spent or replaced, or the account has changed.
    """

    def register(
        self,
        account: Account,
        password_hash: PasswordHash,
        device_key: DeviceKey,
        verification: Verification,
        change: AccountChange,
    ) -> bool:
        """Create an account with its first device. Return False also if its address is taken."""

    def set_email(self, account: Account, verification: Verification, change: AccountChange) -> bool:
        """Set the address of the verification. Return False also if it is taken."""
