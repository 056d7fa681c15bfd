"""API keys for servers: an id that contains the owner's user id, and a secret of 256 random bits.

With the user id in the id, one read returns key, owner and epoch. The secret ends with a checksum, so that a
typo is recognized before the table is read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.domain.secret import Secret
from chalicelib.domain.tokens.claims import API_KEY_PREFIX
from chalicelib.domain.tokens.scopes import Scope

KEY_ID_BYTES = 8
"""Random bytes of a key's id. They distinguish the keys of one account, and are not secret."""
KEY_SECRET_BYTES = 32
MAX_NAME_CHARACTERS = 100
MAX_ACTIVE_KEYS = 30
"""Upper bound of `MAX_API_KEYS`: a reset or deletion ends all active keys in one transaction."""
MAX_INACTIVE_KEYS = 50
"""Maximum number of an account's ended keys that are still stored, so that its owner sees them."""
_USER_ID_BYTES = 16
_CHECKSUM_BYTES = 4
SECRET_PREFIX = "ghs_"  # noqa: S105 - marks a leaked secret for secret scanners
# 24 and 36 bytes are 32 and 48 characters without a spare bit: each value has one spelling.
_ID = re.compile(API_KEY_PREFIX + r"[A-Za-z0-9_-]{32}")
_SECRET = re.compile(SECRET_PREFIX + r"[A-Za-z0-9_-]{48}")


def new_key_id(user_id: str, random: bytes) -> str:
    """Return the id of a new key of an account. `random` has `KEY_ID_BYTES` bytes."""
    return API_KEY_PREFIX + base64.urlsafe_b64encode(bytes.fromhex(user_id) + random).decode()


def owner_of_key(key_id: str) -> str | None:
    """Return the user id in the id of a key, or None for text of another form."""
    if not _ID.fullmatch(key_id):
        return None
    return base64.urlsafe_b64decode(key_id.removeprefix(API_KEY_PREFIX))[:_USER_ID_BYTES].hex()


class ApiKeySecret(Secret[bytes]):
    """The secret of a key: `KEY_SECRET_BYTES` random bytes."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> ApiKeySecret | None:
        """Parse a secret. Return None for text of another form, and for one with a wrong checksum."""
        if not _SECRET.fullmatch(text):
            return None
        body = base64.urlsafe_b64decode(text.removeprefix(SECRET_PREFIX))
        secret = cls(body[:-_CHECKSUM_BYTES])
        return secret if body == secret.reveal() + secret._checksum() else None

    def serialize(self) -> str:
        """Return the wire form. It is confidential: never log it."""
        return SECRET_PREFIX + base64.urlsafe_b64encode(self.reveal() + self._checksum()).decode()

    def digest(self) -> bytes:
        """Return the hash to store. The secret is uniformly random, so no slow hash is needed."""
        return hashlib.sha256(self.reveal()).digest()

    def _checksum(self) -> bytes:
        return binascii.crc32(self.reveal()).to_bytes(_CHECKSUM_BYTES, "big")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key of an account. Times are Unix seconds.

    `scope` are the permissions that were given to it, `secret_hash` the SHA-256 of its secret, `epoch` that
    of the signing key when it was created. A key without `expires_at` does not expire.
    """

    key_id: str
    user_id: str
    name: str
    scope: Scope
    secret_hash: bytes
    epoch: int
    created_at: int
    expires_at: int | None = None

    def is_active(self, now: int, epoch: int = 0) -> bool:
        """Return whether the key has neither expired nor was ended by a breach.

        `epoch` is that of API keys: the later one of table and signing key. Expiry is checked here because
        DynamoDB deletes expired items only after days.
        """
        return self.epoch >= epoch and (self.expires_at is None or now < self.expires_at)

    def opens_with(self, secret: ApiKeySecret) -> bool:
        """Return whether a secret is that of the key, compared in constant time."""
        return hmac.compare_digest(self.secret_hash, secret.digest())


def active_keys(keys: Iterable[ApiKey], now: int, epoch: int = 0) -> list[ApiKey]:
    """Return the active keys, at most `MAX_ACTIVE_KEYS`.

    Without `epoch`, the result may contain keys that a breach has ended, but no active key is missing.
    """
    active = [one for one in keys if one.is_active(now, epoch)]
    return sorted(active, key=lambda one: -one.epoch)[:MAX_ACTIVE_KEYS]


def not_ended_by_breach(keys: Iterable[ApiKey], epoch: int) -> list[ApiKey]:
    """Return the keys of `epoch` or later, the oldest first, including those that have expired."""
    found = [one for one in keys if one.epoch >= epoch]
    return sorted(found, key=lambda one: (one.created_at, one.key_id))


def surplus_keys(keys: Iterable[ApiKey], now: int, epoch: int) -> list[ApiKey]:
    """Return the oldest of the keys that are no longer active, if more than `MAX_INACTIVE_KEYS` are stored.

    Keys with short lifetimes could otherwise fill an account until nobody can list or delete its keys in one
    request. At most `MAX_INACTIVE_KEYS` are returned, so that one transaction can delete them.
    """
    ended = [one for one in keys if not one.is_active(now, epoch)]
    ended.sort(key=lambda one: (-one.created_at, one.key_id))
    return ended[MAX_INACTIVE_KEYS:][-MAX_INACTIVE_KEYS:]


def is_key_name(text: str) -> bool:
    """Return whether text may be the name of a key: 1 to 100 printable characters, no blanks at the ends."""
    return 0 < len(text) <= MAX_NAME_CHARACTERS and text.isprintable() and text == text.strip()
