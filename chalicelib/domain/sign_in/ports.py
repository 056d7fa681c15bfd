"""The port of sign-ins. Every method raises `errors.Unavailable` on an I/O failure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.sessions.session import Session
from chalicelib.domain.sign_in.attempts import (
    BegunSignIn,
    Charge,
    OpenedSession,
    SignInAttempt,
    SignInCandidate,
)
from chalicelib.domain.sign_in.device_keys import DeviceKey
from chalicelib.domain.sign_in.limits import SignInLimits


class AccountChanged(Exception):
    """The account was disabled or deleted, or its password was changed, during the request."""


class SignIns(Protocol):
    """Sign-ins: limits for failed attempts, known devices, and opening sessions."""

    def begin(self, attempt: SignInAttempt, limits: SignInLimits) -> BegunSignIn:
        """Charge an attempt and read the account of its name, with the same calls for every name.

        The attempt is charged to the device if the presented device key belongs to this account, otherwise to
        the name; and before the password is checked, so that parallel guesses are all counted. Raises
        TooManyAttempts, without charging, for an attempt beyond the limits.
        """

    def withdraw(self, charge: Charge) -> None:
        """Withdraw one charge after a correct password; the count of a device is reset."""

    def open(
        self,
        session: Session,
        candidate: SignInCandidate,
        charge: Charge | None,
        *,
        device_key: DeviceKey,
        rehash: PasswordHash | None,
        limit: int,
    ) -> OpenedSession:
        """Write the session, withdraw the charge, update the device and store a new hash, atomically.

        If the attempt was not charged to a known device, `device_key` becomes one. At most `limit` sessions
        stay active: the least recently used are evicted, those of concurrent sign-ins last. Raises
        AccountChanged if the account has changed since its password was checked.
        """

    def forget_devices(self, user_id: str) -> None:
        """Delete the known devices of an account."""

    def unlock(self, failures_ids: Iterable[str]) -> int:
        """Delete the failures of names. Return how many of the names had any."""
