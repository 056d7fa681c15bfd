"""Changes that users make to their own accounts: the port, and the state that such a change is based on.

Every method raises `errors.Unavailable` on an I/O failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.accounts.passwords import PasswordHash
from chalicelib.domain.api_keys.api_key import ApiKey
from chalicelib.domain.sessions.session import EndedSession, Session
from chalicelib.domain.sign_in.device_keys import DeviceKey, KnownDevice
from chalicelib.domain.verification.verification import Verification

RESERVED_SECONDS = 90 * 86_400
"""Seconds for which a user name that was given up stays reserved for its former owner."""
PASSWORD_TRIES = 10
"""Wrong current passwords of one session before it has to wait between tries."""


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account with its hash, and its sessions, devices and API keys, which were read after the account."""

    account: Account
    password_hash: PasswordHash | None
    sessions: Sequence[Session]
    devices: Sequence[KnownDevice]
    api_keys: Sequence[ApiKey] = ()


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device that replaces all devices of an account. `epoch` is that of the system, `at` Unix time."""

    key: DeviceKey
    epoch: int
    at: int


class OwnChanges(Protocol):
    """Changes of the user's own account, each in one transaction with its audit item."""

    def account_state(self, user_id: str, *, with_hash: bool = True) -> AccountState | None:
        """Return the state of an account, strongly consistent, or None if there is no account.

        Without `with_hash` the password hash is not read: the role of some callers must not read it.
        """

    def set_password(
        self,
        state: AccountState,
        password_hash: PasswordHash,
        change: AccountChange,
        *,
        ended: Sequence[EndedSession],
        only_device: NewDevice | None = None,
        spent: Verification | None = None,
    ) -> bool:
        """Set a password, end sessions and void the codes that were mailed; with `spent`, spend that code.

        With `only_device`, every other device is removed and every API key ends. Return False, and change
        nothing, if the account, its sessions, devices or keys are no longer those of `state`, or the code was
        spent.
        """

    def set_username(self, before: Account, after: Account, change: AccountChange) -> bool:
        """Set the user name of `after`, and reserve that of `before` for its former owner.

        Raises Conflict if the name belongs to another user or is reserved for one. Return False, and change
        nothing, if the account is no longer `before`.
        """

    def delete_account(self, state: AccountState, live: Sequence[Session], change: AccountChange) -> bool:
        """Delete an account with its hash, profile, names, devices, API keys and the sessions `live`.

        Names that are reserved for it are released, as many as fit in the transaction.

        Return False, and change nothing, if the account, its sessions or its devices are no longer those of
        `state`.
        """

    def remove_rest(self, user_id: str, now: int) -> None:
        """Remove the remaining items of a deleted account: expired or ended sessions and keys, former names.

        `now` is Unix time. The call is idempotent.
        """

    def charge_session(self, session_id: str, now: int, wait_seconds: int) -> None:
        """Count one try of the current password on a session, before it is compared.

        Raises TooManyAttempts if the session has to wait; that try is not counted.
        """

    def clear_session(self, session_id: str) -> None:
        """Reset the tries of a session, because the current password was correct."""
