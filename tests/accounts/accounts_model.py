"""What the contract says of accounts, names, codes and sessions, for a state machine to compare with."""

from __future__ import annotations

from dataclasses import dataclass, field

from chalicelib.domain.accounts.own_changes import RESERVED_SECONDS
from chalicelib.domain.mail import CODE_SECONDS
from chalicelib.domain.tokens.claims import VerifiedClaims
from chalicelib.domain.verification.verification import MAX_TRIES, Purpose, VerificationToken


@dataclass
class Person:
    """An account that exists."""

    user_id: str
    email: str
    password: str
    username: str | None = None
    disabled: bool = False
    voids: int = 0
    """Changes that void the codes that were mailed before."""


@dataclass
class Code:
    """A code that was asked for. `person` and `voids` are what it is bound to."""

    token: VerificationToken
    code: str
    purpose: Purpose
    address: str
    is_mailed: bool
    expires_at: int
    person: Person | None = None
    voids: int = 0
    tries: int = 0
    is_spent: bool = False


@dataclass
class OpenSession:
    """A session that the client knows of."""

    person: Person
    claims: VerifiedClaims
    refresh_token: str
    ended: bool = False


@dataclass
class Model:
    """Everything that a client and an operator may expect."""

    people: list[Person] = field(default_factory=list)
    deleted: list[Person] = field(default_factory=list)
    codes: list[Code] = field(default_factory=list)
    sessions: list[OpenSession] = field(default_factory=list)
    reserved: dict[str, tuple[Person, int]] = field(default_factory=dict)

    def owner(self, name: str) -> Person | None:
        """Return whose a name is."""
        return next((one for one in self.people if name in {one.email, one.username}), None)

    def is_here(self, person: Person) -> bool:
        """Return whether an account exists. Two accounts may look alike."""
        return any(one is person for one in self.people)

    def is_available(self, username: str, person: Person, now: int) -> bool:
        """Return whether a person can take a user name."""
        former, until = self.reserved.get(username, (person, 0))
        is_reserved = former is not person and self.is_here(former) and now < until
        return self._is_free_for(username, person) and not is_reserved

    def _is_free_for(self, name: str, person: Person) -> bool:
        owner = self.owner(name)
        return owner is None or owner is person

    def can_be_tried(self, code: Code, now: int) -> bool:
        """Return whether a try of this code is looked at."""
        return not code.is_spent and code.tries < MAX_TRIES and now < code.expires_at

    def opens(self, code: Code, now: int) -> bool:
        """Return whether the code, entered rightly, changes something."""
        if not self.can_be_tried(code, now) or not code.is_mailed:
            return False
        if code.purpose is Purpose.SIGN_UP:
            return self.owner(code.address) is None
        person = code.person
        if person is None or not self.is_here(person) or person.disabled or person.voids != code.voids:
            return False
        return code.purpose is Purpose.PASSWORD_RESET or self._is_free_for(code.address, person)

    def end_sessions(self, person: Person, *, but: OpenSession | None = None) -> None:
        """Note that a person's sessions have ended."""
        for one in self.sessions:
            one.ended |= one.person is person and one is not but

    def rename(self, person: Person, username: str | None, now: int) -> None:
        """Note a new user name."""
        if person.username is not None and person.username != username:
            self.reserved[person.username] = (person, now + RESERVED_SECONDS)
        person.username = username

    def delete(self, person: Person) -> None:
        """Note a deletion."""
        self.people = [one for one in self.people if one is not person]
        self.deleted.append(person)
        self.end_sessions(person)


def expiry(now: int) -> int:
    """Return when a code asked for now expires."""
    return now + CODE_SECONDS
