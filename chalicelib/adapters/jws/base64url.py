"""Canonical base64url (RFC 7515 §2): no padding, white space or spare bits, so that text has one form."""

from __future__ import annotations

import base64
import re

_ALPHABET = re.compile(r"[A-Za-z0-9_-]+")


def decoded(text: str) -> bytes:
    """Decode. Raises ValueError unless `text` is the one encoding of what it decodes to, and not empty."""
    if not _ALPHABET.fullmatch(text) or len(text) % 4 == 1:
        raise ValueError("not base64url")
    value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encoded(value) != text:
        raise ValueError("not canonical")
    return value


def encoded(value: bytes) -> str:
    """Encode."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def integer(text: str) -> int:
    """Decode an unsigned big-endian integer (RFC 7518 §2). Raises ValueError."""
    return int.from_bytes(decoded(text), "big")


def text_of(value: int, size: int = 0) -> str:
    """Encode an unsigned integer in `size` bytes, or in as few as it takes."""
    return encoded(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))
