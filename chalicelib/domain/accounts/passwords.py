"""Passwords: Unicode text, NFC-normalised, of which every byte counts (NIST SP 800-63B-4 §3.1.1.2)."""

from __future__ import annotations

import unicodedata

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.secret import Secret

MAX_PASSWORD_BYTES = 1024
"""Maximum UTF-8 bytes after normalisation. It bounds the work that an unauthenticated request can cause."""
MAX_PRESENTED_BYTES = 4 * MAX_PASSWORD_BYTES
"""Maximum UTF-8 bytes before normalisation, which takes quadratic time. No text has more than 3.5 times the
bytes of its NFC, so no valid password is rejected."""


class Password(Secret[str]):
    """A password, NFC-normalised and of limited size. No other rules apply to it."""

    __slots__ = ()

    @classmethod
    def presented(cls, text: str) -> Password:
        """Return the password of a request. Raises InvalidRequest above 1,024 bytes and for invalid Unicode.

        The size is checked before normalising and hashing.
        """
        try:
            if _size(text) > MAX_PRESENTED_BYTES or _size(normalised := _nfc(text)) > MAX_PASSWORD_BYTES:
                raise InvalidRequest(
                    "oversized password",
                    description=f"The password is longer than {MAX_PASSWORD_BYTES} bytes.",
                )
        except UnicodeEncodeError as error:
            raise InvalidRequest(
                "undecodable password", description="The password is not Unicode text."
            ) from error
        return cls(normalised)


class PasswordHash(Secret[str]):
    """A password hash in the modular crypt format that bcrypt writes."""

    __slots__ = ()


def _size(text: str) -> int:
    # Every character has at least one byte, so text with too many characters need not be encoded.
    return len(text) if len(text) > MAX_PRESENTED_BYTES else len(text.encode())


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
