"""Ports: the interfaces of the adapters, as Protocols. `chalicelib.adapters` implements them.

On an I/O failure every method raises `errors.Unavailable`; it never returns a negative.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from chalicelib.domain.accounts.account import Account
    from chalicelib.domain.accounts.changes import AccountChange
    from chalicelib.domain.accounts.names import SignInName
    from chalicelib.domain.accounts.passwords import Password, PasswordHash
    from chalicelib.domain.sessions.session import EndedSession, EndedSessionPage, EndReason, Session
    from chalicelib.domain.tokens.signing_keys import KeySet, SigningKey
    from chalicelib.domain.tokens.system_state import SystemState


class Clock(Protocol):
    """The source of time."""

    def __call__(self) -> int:
        """Return Unix time in whole seconds."""


class Entropy(Protocol):
    """The source of randomness."""

    def __call__(self, size: int, /) -> bytes:
        """Return `size` random bytes of cryptographic quality."""


class Sleep(Protocol):
    """A pause."""

    def __call__(self, seconds: float, /) -> None:
        """Wait for `seconds`."""


class Verdict(Enum):
    """The result of comparing a password with a stored hash."""

    MATCH = "match"
    MISMATCH = "mismatch"
    CORRUPT = "corrupt"


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """A verdict, and whether the hash has another cost than the setting. If so, re-hash on a match."""

    verdict: Verdict
    is_outdated: bool = False


class PasswordHasher(Protocol):
    """Slow, salted password hashing."""

    def hash(self, password: Password) -> PasswordHash:
        """Return a new hash with the cost of the setting. Raises Unavailable after the request's deadline."""

    def check(
        self, password: Password, stored: PasswordHash | None, *, fails_anyway: bool = False
    ) -> PasswordCheck:
        """Compare in constant time. Every failed sign-in costs the same work, with any stored hash or none.

        `fails_anyway` states that the sign-in will fail even if the password matches. Raises Unavailable
        after the request's deadline.
        """

    def accepts(self, stored: PasswordHash) -> bool:
        """Return whether a hash from another system is readable and costs no more than a failed sign-in."""


class Audit(Protocol):
    """The audit trail. No event contains a credential."""

    def session_started(self, session: Session) -> None:
        """Record a sign-in."""

    def session_refreshed(self, session: Session) -> None:
        """Record a rotation."""

    def refresh_repeated(self, session: Session) -> None:
        """Record the retry of a refresh: the client sent a spent token again and got the same successor."""

    def session_ended(self, session: EndedSession) -> None:
        """Record an end, with its reason."""

    def refresh_token_reuse(self, session: Session) -> None:
        """Record the reuse of a spent token that is not a retry."""

    def corrupt_hash(self, user_id: str) -> None:
        """Record that a stored password hash is unreadable. This triggers an alarm."""

    def account_changed(self, change: AccountChange) -> None:
        """Record a change of an account, after it is written to the table."""


class Keys(Protocol):
    """The signing keys."""

    def current(self, *, epoch: int = 0) -> KeySet:
        """Return keys of `epoch` or later, from a cache if it is fresh."""

    def for_kid(self, kid: str, issued_at: int) -> KeySet:
        """Return the key set for a token, read again if `kid` is unknown and may be newer than the cache.

        Both arguments are unverified and only decide whether to read again. Raises TooManyUnknownKeys if the
        look-ups are used up.
        """

    def published(self) -> KeySet:
        """Return the current and the previous key, from a cache if it is fresh."""


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """A token that was taken apart and not verified. `kid` and `issued_at` are for key selection only.

    `claims` and `parts` are for the codec that made this.
    """

    kid: str
    issued_at: int
    claims: Mapping[str, Any] = field(repr=False)
    parts: object = field(repr=False)


class TokenCodec(Protocol):
    """Signature and encoding of JWTs, without the meaning of the claims."""

    def sign(self, claims: Mapping[str, Any], key: SigningKey) -> str:
        """Return the compact serialisation (RFC 7515 §7.1)."""

    def parse(self, token: str) -> UnverifiedToken:
        """Take a token apart. Raises InvalidToken for a malformed token."""

    def verify(self, unverified: UnverifiedToken, key: SigningKey) -> Mapping[str, Any]:
        """Return the claims of a token that `key` signed. Raises InvalidToken for any other."""


@dataclass(frozen=True, slots=True)
class SessionView:
    """The current session and system state, with the account if requested."""

    session: Session | None
    system: SystemState
    account: Account | None = None

    @property
    def epoch(self) -> int:
        """The epoch in the table. The later one of this and the signing key's epoch counts."""
        return self.system.epoch


class SessionReader(Protocol):
    """The read access of the authorizer."""

    def session(self, user_id: str, session_id: str) -> SessionView:
        """Return a session, strongly consistent, in one round trip."""


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Some accounts in the order of their ids. `next` is the id after which the next page begins, or None."""

    accounts: tuple[Account, ...]
    next: str | None


class Accounts(Protocol):
    """The accounts and their sign-in names. Each change is written in one transaction with its audit item."""

    def create(self, account: Account, password_hash: PasswordHash | None, change: AccountChange) -> None:
        """Add an account with its names, and its hash if it has one, atomically. Raises NameTaken."""

    def account(self, user_id: str) -> Account | None:
        """Return an account, strongly consistent."""

    def find(self, name: SignInName) -> Account | None:
        """Return the account with a sign-in name; for operators, not for sign-ins."""

    def page(self, after: str | None, limit: int) -> AccountPage:
        """Return at most `limit` accounts in the order of their ids, those after the id `after`.

        Eventually consistent: an account of the last seconds may be missing. Each one returned is up to date.
        """

    def administer(self, before: Account, after: Account, changes: Sequence[AccountChange]) -> bool:
        """Write permissions, `disabled` and metadata of `after` on condition that they are those of `before`.

        If `disabled` changes, the codes that were mailed are void; no sign-in to a disabled account succeeds.
        Return False, and change nothing, if the account has changed or does not exist.
        """

    def record(self, change: AccountChange) -> None:
        """Write the audit item of a change that is made in other items."""

    def changes(self, user_id: str, limit: int) -> list[AccountChange]:
        """Return at most `limit` changes of an account, the newest first, even after its deletion."""


class Sessions(SessionReader, Protocol):
    """The sessions of all users."""

    def session_and_account(self, user_id: str, session_id: str) -> SessionView:
        """Return a session and its account in one strongly consistent round trip."""

    def rotate(self, before: Session, after: Session) -> Session | None:
        """Write `after` on condition that the token family is that of `before`.

        Return what the table contains then: `after`, the session that another request wrote, or None.
        """

    def stored(self, user_id: str) -> list[Session]:
        """Return every session that has not been ended, including expired ones.

        `MAX_SESSIONS` limits the active ones. Those that expired within `ENDED_SESSION_DAYS` are added: with
        the default settings about as many.
        """

    def ended(self, user_id: str, *, limit: int, before: str | None = None) -> EndedSessionPage:
        """Return at most `limit` ended sessions, the newest first.

        `before` is the cursor of a page (`older`). A forged cursor selects another page of the same user.
        """

    def end(self, sessions: list[Session], reason: EndReason, now: int) -> list[EndedSession]:
        """End sessions. Return those that this call ended: a session that has ended before is no error."""

    def all_stored(self) -> Iterator[Session]:
        """Return the `stored` sessions of every user. This is a scan, for operators only."""
