"""Ports: what the rules need from the adapters, as Protocols. `chalicelib.adapters` serves them.

Every method that talks to the adapters raises `errors.Unavailable` when it cannot know the answer. None of
them turns an outage into a no.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.accounts.names import SignInName
from chalicelib.domain.accounts.passwords import Password, PasswordHash
from chalicelib.domain.sessions.session import EndedSession, EndedSessionPage, EndReason, Session
from chalicelib.domain.tokens.scopes import Scope
from chalicelib.domain.tokens.signing_keys import KeySet, SigningKey
from chalicelib.domain.tokens.system_state import SystemState


class Clock(Protocol):
    """The one seam for time."""

    def __call__(self) -> int:
        """Return Unix time in whole seconds."""


class Entropy(Protocol):
    """The one seam for randomness."""

    def __call__(self, size: int, /) -> bytes:
        """Return `size` bytes from the operating system's generator."""


class Sleep(Protocol):
    """The one seam for waiting."""

    def __call__(self, seconds: float, /) -> None:
        """Wait."""


class Verdict(Enum):
    """What comparing a password with a stored hash says."""

    MATCH = "match"
    MISMATCH = "mismatch"
    CORRUPT = "corrupt"


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """A verdict, and whether the hash has another cost than today's setting (on a match, rehash now)."""

    verdict: Verdict
    is_outdated: bool = False


class PasswordHasher(Protocol):
    """Slow, salted password hashing."""

    def hash(self, password: Password) -> PasswordHash:
        """Return a new hash at today's cost."""

    def check(
        self, password: Password, stored: PasswordHash | None, *, fails_anyway: bool = False
    ) -> PasswordCheck:
        """Compare. A sign-in that fails costs one and the same work, whatever is stored, or if nothing is.

        `fails_anyway` says that it fails also where the password matches.
        """

    def accepts(self, stored: PasswordHash) -> bool:
        """Tell whether a hash made elsewhere may be stored: readable, and no dearer than a failed sign-in."""


class Audit(Protocol):
    """The events that an operator must be able to find again. None of them carries a credential."""

    def session_started(self, session: Session) -> None:
        """Record a sign-in."""

    def session_refreshed(self, session: Session) -> None:
        """Record a rotation."""

    def refresh_repeated(self, session: Session) -> None:
        """Record a retry: a spent token was sent again and got the same successor."""

    def session_ended(self, session: EndedSession) -> None:
        """Record an end, with its reason."""

    def refresh_token_reuse(self, session: Session) -> None:
        """Record that a spent token was used again, and not as a retry."""

    def corrupt_hash(self, user_id: str) -> None:
        """Record that a stored password hash is unreadable; an alarm hangs on it."""

    def account_changed(self, change: AccountChange) -> None:
        """Record a change of an account, once it is in the table."""


class Keys(Protocol):
    """The signing keys."""

    def current(self, *, epoch: int = 0) -> KeySet:
        """Return keys of `epoch` or later, from a bounded cache where that is new enough."""

    def for_kid(self, kid: str, issued_at: int) -> KeySet:
        """Return the keys that may know `kid`, after another look where the cached ones may be too old.

        Both come from a token that nobody has verified, and only decide whether a look is worth while.
        Raises TooManyUnknownKeys where the looks are used up.
        """


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """What a token says of itself. Good for finding a key, and for nothing else."""

    kid: str
    issued_at: int


class TokenCodec(Protocol):
    """The cryptography of a JWT: its signature and its encoding, not the meaning of its claims."""

    def sign(self, claims: Mapping[str, Any], key: SigningKey) -> str:
        """Return the compact serialisation (RFC 7515 §7.1)."""

    def peek(self, token: str) -> UnverifiedToken:
        """Return what a token says of itself, if it is of our form at all. Raises InvalidToken otherwise."""

    def verify(self, token: str, key: SigningKey) -> Mapping[str, Any]:
        """Return the claims of a token that `key` signed. Raises InvalidToken otherwise."""


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as it stands, with the account where that was asked for, and the state of the system."""

    session: Session | None
    system: SystemState
    account: Account | None = None

    @property
    def epoch(self) -> int:
        """The table's epoch. What counts is the later of this one and that of the signing key."""
        return self.system.epoch


class SessionReader(Protocol):
    """The one read of the authorizer."""

    def session(self, user_id: str, session_id: str) -> SessionView:
        """Return a session, strongly consistent, in one round trip."""


class Accounts(Protocol):
    """The accounts and their sign-in names. Each change is written with its audit item, or not at all."""

    def create(self, account: Account, password_hash: PasswordHash, change: AccountChange) -> None:
        """Add an account with its hash and its names, or nothing. Raises InvalidAccount for a taken name."""

    def account(self, user_id: str) -> Account | None:
        """Return an account, strongly consistent."""

    def find(self, name: SignInName) -> Account | None:
        """Return the account that a sign-in name finds; for operators, not for a sign-in."""

    def set_permissions(self, account: Account, permissions: Scope, change: AccountChange) -> bool:
        """Replace the permissions, if they still are those of `account`. Return whether they were."""

    def set_disabled(self, user_id: str, change: AccountChange, *, disabled: bool) -> bool:
        """Disable or enable an account: from then on no session opens. Return False where there is none."""

    def delete(self, account: Account, change: AccountChange) -> bool:
        """Remove an account and its names. Return False where they are no longer those given."""

    def record(self, change: AccountChange) -> None:
        """Write the audit item of something that is done in other items."""

    def changes(self, user_id: str, limit: int) -> list[AccountChange]:
        """Return at most `limit` changes of an account, the newest first, also of one that was deleted."""


class Sessions(SessionReader, Protocol):
    """The sessions of all users."""

    def session_and_account(self, user_id: str, session_id: str) -> SessionView:
        """Return a session and its account in one strongly consistent round trip."""

    def rotate(self, before: Session, after: Session) -> Session | None:
        """Write `after` if the family still is that of `before`.

        Return what is now in the table: `after` itself, or what another request wrote first, or None.
        """

    def stored(self, user_id: str) -> list[Session]:
        """Return every session that has not been ended, expired ones among them.

        The limit of sessions bounds the active ones; besides there are those that have expired within
        `ENDED_SESSION_DAYS`, with the default settings about as many again.
        """

    def ended(self, user_id: str, *, limit: int, before: str | None = None) -> EndedSessionPage:
        """Return up to `limit` of what is still known of ended sessions, the newest first.

        `before` is the cursor of a page (`older`). One that was made up selects some page of the same user's.
        """

    def end(self, sessions: list[Session], reason: EndReason, now: int) -> list[EndedSession]:
        """End sessions; return those that this call ended. Ending one twice is no error."""

    def all_stored(self) -> Iterator[Session]:
        """Return what `stored` does, of every user: a scan, for operators only."""
