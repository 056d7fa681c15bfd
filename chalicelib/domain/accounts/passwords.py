"""What a password is: every byte of it counts, once normalised (NIST SP 800-63B-4 §3.1.1.2)."""

from __future__ import annotations

import unicodedata

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.secret import Secret

MAX_PASSWORD_BYTES = 1024
"""UTF-8 bytes; more is no better a password, and hashing it is work that an attacker could order."""


class Password(Secret[str]):
    """A password as presented, NFC-normalised; bounded in size, in no other way judged."""

    __slots__ = ()

    @classmethod
    def presented(cls, text: str) -> Password:
        """Take what someone typed. Raises InvalidRequest above 1,024 bytes, before anything is hashed."""
        try:
            normalised = unicodedata.normalize("NFC", text)
            size = len(normalised.encode())
        except UnicodeEncodeError as error:
            raise InvalidRequest("undecodable password") from error
        if size > MAX_PASSWORD_BYTES:
            raise InvalidRequest("oversized password", description="The password is too long.")
        return cls(normalised)


class PasswordHash(Secret[str]):
    """A password hash in the modular crypt format that bcrypt writes."""

    __slots__ = ()
