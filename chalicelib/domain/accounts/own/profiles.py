"""Profiles: one JSON object of the app for each user, stored and returned as the text that the app sent.

It is stored as text because a number that is parsed and serialized again may change: `1.0`, `1e400`, or one
of 30 digits.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Protocol

MAX_PROFILE_BYTES = 16 * 1024
_TAG_BYTES = 18


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


class Profiles(Protocol):
    """The stored profiles. Every method raises `errors.Unavailable` on an I/O failure."""

    def profile(self, user_id: str) -> Profile:
        """Return a user's profile, strongly consistent."""

    def put_profile(self, user_id: str, profile: Profile, now: int, *, before: Profile | None) -> bool:
        """Replace a user's profile; with `before`, only if that is still the profile.

        Return False if it is not. Raises AccountChanged if the account does not exist or is disabled.
        """
