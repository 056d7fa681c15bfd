"""What signing in needs from an adapter. Every method raises `errors.Unavailable` where it cannot know."""

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
    """The account was disabled, deleted, or given another password while a sign-in was under way."""


class SignIns(Protocol):
    """Signing in: how many attempts may fail, known devices, and the opening of sessions."""

    def begin(self, attempt: SignInAttempt, limits: SignInLimits) -> BegunSignIn:
        """Charge an attempt, and find whom its name belongs to; the same calls for any name.

        It is charged to the device where the key of a known device of that very account is presented, and to
        the name otherwise; before the password is checked, so that parallel guesses are all counted. Raises
        TooManyAttempts for an attempt beyond the limits, which is not charged.
        """

    def withdraw(self, charge: Charge) -> None:
        """Take a charge back, and no other: the password was right. A device starts anew."""

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
        """Write the session, take the charge back, note the device, store a new hash: all or nothing.

        Without a known device, `device_key` becomes one. At most `limit` sessions are active: the least
        recently used end, those that were opened beside this one last. Raises AccountChanged where the
        account is no longer the one whose password was checked.
        """

    def forget_devices(self, user_id: str) -> None:
        """Forget the known devices of an account: none of their keys counts any more."""

    def unlock(self, failures_ids: Iterable[str]) -> int:
        """Forget the failures of names. Return how many of the names had any."""
