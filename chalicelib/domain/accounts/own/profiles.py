"""Profiles: one JSON object of the app for each user, stored and returned as the text that the app sent.

It is stored as text because a number that is parsed and serialized again may change: `1.0`, `1e400`, or one
of 30 digits.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.accounts.errors import PreconditionFailed
from chalicelib.domain.errors import InvalidRequest

MAX_PROFILE_BYTES = 16 * 1024
_TAG_BYTES = 18
_ENTITY_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
"""An entity tag (RFC 9110 §8.8.3)."""
_SEPARATOR = re.compile(r"[ \t]*,[ \t,]*|[ \t]*\Z")


@dataclass(frozen=True, slots=True)
class Profile:
    """A JSON object as text."""

    text: str

    @property
    def tag(self) -> str:
        """The strong entity tag of the text, with its quotation marks: equal texts have equal tags."""
        digest = hashlib.sha256(self.text.encode()).digest()[:_TAG_BYTES]
        return f'"{base64.urlsafe_b64encode(digest).decode()}"'


NO_PROFILE = Profile("{}")
"""The profile of a user who has stored none. `If-Match` can name its tag like any other."""


@dataclass(frozen=True, slots=True)
class Precondition:
    """The entity tags of `If-Match`, one of which must be the current one; None: any (RFC 9110 §13.1.1)."""

    tags: frozenset[str] | None = None

    @classmethod
    def of(cls, if_match: str) -> Precondition:
        """Read the header. A weak tag never matches. Raises InvalidRequest for a malformed value."""
        text = if_match.strip(" \t")
        if text == "*":
            return cls()
        tags: set[str] = set()
        at = 0
        while at < len(text):
            found = _ENTITY_TAG.match(text, at)
            separator = _SEPARATOR.match(text, found.end()) if found else None
            if found is None or separator is None:
                raise _malformed()
            if not found[1]:
                tags.add(found[2])
            at = separator.end()
        if not text:
            raise _malformed()
        return cls(frozenset(tags))

    def require(self, current: Profile) -> None:
        """Raise PreconditionFailed if `current` is not among the tags that the caller expects."""
        if self.tags is not None and current.tag not in self.tags:
            raise PreconditionFailed("profile has changed")


def _malformed() -> InvalidRequest:
    return InvalidRequest(
        "malformed If-Match", description="The header If-Match must be * or a list of quoted entity tags."
    )


class Profiles(Protocol):
    """The stored profiles. Every method raises `errors.Unavailable` on an I/O failure."""

    def profile(self, user_id: str) -> Profile:
        """Return a user's profile, strongly consistent."""

    def put_profile(self, user_id: str, profile: Profile, now: int, *, before: Profile | None) -> bool:
        """Replace a user's profile; with `before`, only if that is still the profile.

        Return False if it is not. Raises AccountChanged if the account does not exist or is disabled.
        """
