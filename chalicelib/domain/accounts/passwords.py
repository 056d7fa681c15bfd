"""What a password is: every byte of it counts, once normalised (NIST SP 800-63B-4 §3.1.1.2)."""

from __future__ import annotations

import unicodedata

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.secret import Secret

MAX_PASSWORD_BYTES = 1024
"""UTF-8 bytes once normalised; more is no better a password, and is work that anyone could order."""
MAX_PRESENTED_BYTES = 4 * MAX_PASSWORD_BYTES
"""UTF-8 bytes as presented. No spelling of a text has more than 3.5 times the bytes of its NFC, so it
refuses no spelling of a password that is short enough; it bounds normalising, which takes quadratic time."""


class Password(Secret[str]):
    """A password as presented, NFC-normalised; bounded in size, in no other way judged."""

    __slots__ = ()

    @classmethod
    def presented(cls, text: str) -> Password:
        """Take what someone typed. Raises InvalidRequest above 1,024 bytes and for what is no Unicode text.

        The size is looked at first: before anything is normalised, and so before anything is hashed.
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
    # No character has less than one byte: what is too long need not be encoded to know it.
    return len(text) if len(text) > MAX_PRESENTED_BYTES else len(text.encode())


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
