"""Canonical base64url (RFC 7515 §2): no padding, white space or spare bits, so that text has one form."""

from __future__ import annotations

import base64
import re

_ALPHABET = re.compile(r"[A-Za-z0-9_-]+")
_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LAST = (frozenset(_CHARACTERS), frozenset(""), frozenset(_CHARACTERS[::16]), frozenset(_CHARACTERS[::4]))
"""Last characters without spare bits, by the length of the text modulo 4. No text has a remainder of 1."""


def decoded(text: str) -> bytes:
    """Decode. Raises ValueError if `text` is empty or is not the canonical encoding."""
    if not _ALPHABET.fullmatch(text) or text[-1] not in _LAST[len(text) % 4]:
        raise ValueError("not canonical base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(value: bytes) -> str:
    """Encode."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def integer(text: str) -> int:
    """Decode an unsigned big-endian integer (RFC 7518 §2). Raises ValueError."""
    return int.from_bytes(decoded(text), "big")


def text_of(value: int, size: int = 0) -> str:
    """Encode an unsigned integer in `size` bytes, or in the minimum number of bytes."""
    return encoded(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))
