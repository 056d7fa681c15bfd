"""A adapters of hand-written fakes, one a port, in which the real services stands."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from typing import Any

from chalicelib.adapters.jws.key_generator import JwsKeyGenerator
from chalicelib.adapters.mail.text_files import MailTextFiles
from chalicelib.adapters.pyjwt_codec import PyJwtCodec
from chalicelib.domain.accounts.changes import AccountChange
from chalicelib.domain.accounts.passwords import Password, PasswordHash
from chalicelib.domain.ports import PasswordCheck, TokenCodec, Verdict
from chalicelib.domain.sessions.session import EndedSession, Session
from chalicelib.services import Services
from chalicelib.settings import Settings
from tests.fake_keys import FakeKeys
from tests.fake_mail import FakeMailQueue, FakeMailSender, FakeOutbox
from tests.fake_outage import Remote
from tests.fake_store import FakeStore

__all__ = [
    "FakeAdapters",
    "FakeClock",
    "FakeEntropy",
    "FakeHasher",
    "FakeKeys",
    "FakeMailQueue",
    "FakeServices",
    "FakeStore",
    "RecordingAudit",
    "Remote",
    "fake_services",
]

START = 1_700_000_000
"""When the fake clock starts, in Unix seconds."""


@dataclass
class FakeClock:
    """Time stands still until somebody moves it."""

    now: int = START

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: int) -> None:
        """Let time pass."""
        self.now += seconds


class FakeEntropy:
    """Looks random, is the same in every run of the same seed, and never repeats."""

    def __init__(self, seed: str = "gatehouse") -> None:
        self._seed = seed
        self._count = itertools.count()

    def __call__(self, size: int, /) -> bytes:
        return hashlib.shake_256(f"{self._seed} {next(self._count)}".encode()).digest(size)


class FakeHasher:
    """Costs nothing, and remembers what would have cost: `calls` has "hash" and "check", in order.

    A hash reads `$fake$<cost>$<salt>$<digest>`; raise `cost` to make what is stored outdated. What does not
    read so is corrupt.
    """

    def __init__(self, cost: int = 12) -> None:
        self.cost = cost
        self.calls: list[str] = []
        self._salts = itertools.count(1)

    def hash(self, password: Password) -> PasswordHash:
        """Return a new hash."""
        self.calls.append("hash")
        return self._hash(password, self.cost, str(next(self._salts)))

    def check(
        self, password: Password, stored: PasswordHash | None, *, fails_anyway: bool = False
    ) -> PasswordCheck:
        """Compare."""
        self.calls.append("check in vain" if fails_anyway else "check")
        if stored is None:
            return PasswordCheck(Verdict.MISMATCH)
        parts = stored.reveal().split("$")
        if len(parts) != 5 or parts[1] != "fake":
            return PasswordCheck(Verdict.CORRUPT)
        cost = int(parts[2])
        matches = stored == self._hash(password, cost, parts[3])
        return PasswordCheck(Verdict.MATCH if matches else Verdict.MISMATCH, is_outdated=cost < self.cost)

    def accepts(self, stored: PasswordHash) -> bool:
        """Tell whether a hash made elsewhere may be stored."""
        parts = stored.reveal().split("$")
        return len(parts) == 5 and parts[1] == "fake" and int(parts[2]) <= self.cost

    @staticmethod
    def _hash(password: Password, cost: int, salt: str) -> PasswordHash:
        digest = hashlib.sha256(f"{salt} {password.reveal()}".encode()).hexdigest()
        return PasswordHash(f"$fake${cost}${salt}${digest}")


@dataclass
class FakePasswords:
    """Serves both lists of passwords that may not be set: knows those in `held`."""

    held: set[str] = field(default_factory=set)

    def contains(self, password: str | Password) -> bool:
        """Tell whether a password is held."""
        return (password if isinstance(password, str) else password.reveal()) in self.held


@dataclass
class RecordingAudit:
    """Keeps the events in order: their names, and what each is about."""

    events: list[tuple[str, Session | EndedSession | str]] = field(default_factory=list)
    changes: list[AccountChange] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Return the names of the events, in order."""
        return [name for name, _ in self.events]

    def session_started(self, session: Session) -> None:
        """Keep a sign-in."""
        self.events.append(("session_started", session))

    def session_refreshed(self, session: Session) -> None:
        """Keep a rotation."""
        self.events.append(("session_refreshed", session))

    def refresh_repeated(self, session: Session) -> None:
        """Keep a retry."""
        self.events.append(("refresh_repeated", session))

    def session_ended(self, session: EndedSession) -> None:
        """Keep an end."""
        self.events.append(("session_ended", session))

    def refresh_token_reuse(self, session: Session) -> None:
        """Keep that a spent token came back."""
        self.events.append(("refresh_token_reuse", session))

    def corrupt_hash(self, user_id: str) -> None:
        """Keep that a stored hash is unreadable."""
        self.events.append(("corrupt_hash", user_id))

    def account_changed(self, change: AccountChange) -> None:
        """Keep a change of an account, apart from what happens to sessions."""
        self.changes.append(change)


class FakeAdapters:
    """Every port served by a fake, except the codec and the texts of mails, which do no I/O worth faking."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.entropy = FakeEntropy()
        self.slept: list[float] = []
        self.store = FakeStore()
        self.api_keys = self.api_key_reader = self.store
        self.keys = FakeKeys(self.clock)
        self.hasher = FakeHasher()
        self.codec: TokenCodec = PyJwtCodec()
        self.key_generator = JwsKeyGenerator(self.entropy)
        self.audit = RecordingAudit()
        self.common_passwords = FakePasswords()
        self.breached_passwords = FakePasswords()
        self.mail_queue = FakeMailQueue()
        self.mail_sender: FakeMailSender | None = FakeMailSender()
        self.mail_texts = MailTextFiles()
        self.outbox = FakeOutbox()
        self.undeliverable_addresses = self.store.undeliverable

    @property
    def accounts(self) -> FakeStore:
        """Accounts of the store."""
        return self.store

    @property
    def sessions(self) -> FakeStore:
        """Sessions of the store."""
        return self.store

    @property
    def sign_ins(self) -> FakeStore:
        """Sign-ins of the store."""
        return self.store

    @property
    def verifications(self) -> FakeStore:
        """Verifications of the store."""
        return self.store

    @property
    def own_changes(self) -> FakeStore:
        """Changes of one's own account, of the store."""
        return self.store

    @property
    def personal_data(self) -> FakeStore:
        """What an export contains, of the store."""
        return self.store

    @property
    def profiles(self) -> FakeStore:
        """Profiles of the store."""
        return self.store

    @property
    def verified_changes(self) -> FakeStore:
        """Changes that a code makes, of the store."""
        return self.store

    @property
    def system(self) -> FakeStore:
        """The system's state of the store."""
        return self.store

    def sleep(self, seconds: float, /) -> None:
        """Note a pause, and make none."""
        self.slept.append(seconds)

    @property
    def key_versions(self) -> FakeKeys:
        """Versions of the secret."""
        return self.keys


@dataclass(frozen=True)
class FakeServices(Services):
    """The real services in the fake adapters."""

    adapters: FakeAdapters


def fake_services(adapters: FakeAdapters | None = None, **settings: Any) -> FakeServices:
    """Build the real services on fakes; `settings` are those that differ from their defaults."""
    return FakeServices(Settings(**settings), adapters or FakeAdapters())
