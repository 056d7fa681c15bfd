"""Device keys prove that a device has signed in to an account before; its attempts are counted separately.

A device key grants no access: without the password it opens no session. It contains the user id, so that it
can be read in the same call as the sign-in name.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.domain.secret import Secret

DEVICE_SECRET_BYTES = 32
MAX_DEVICES = 20
"""Maximum number of devices of an account. A further one replaces the least recently used."""
_USER_ID_BYTES = 16
_PREFIX = "ghd_"
"""Marks a leaked key for secret scanners."""
# 16 + 32 bytes are 64 characters without a spare bit: no second spelling decodes to the same key.
_KEY = re.compile(_PREFIX + r"[A-Za-z0-9_-]{64}")


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """A device key: the user id of its account, and 256 random bits."""

    user_id: str
    secret: Secret[bytes]

    @classmethod
    def parse(cls, text: str) -> DeviceKey | None:
        """Parse a key. Return None for text that is not of its form: it is ignored."""
        if not _KEY.fullmatch(text):
            return None
        body = base64.urlsafe_b64decode(text.removeprefix(_PREFIX))
        return cls(body[:_USER_ID_BYTES].hex(), Secret(body[_USER_ID_BYTES:]))

    def serialize(self) -> str:
        """Return the wire form. It is confidential: never log it."""
        body = bytes.fromhex(self.user_id) + self.secret.reveal()
        return _PREFIX + base64.urlsafe_b64encode(body).decode()

    def digest(self) -> str:
        """Return the hash to store. The key is uniformly random, so no slow hash is needed."""
        return hashlib.sha256(self.serialize().encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device that has signed in. Times are Unix seconds.

    `epoch` is that of the signing key at its first sign-in, `failures` the number of failed sign-ins since
    the last correct password.
    """

    user_id: str
    digest: str
    epoch: int
    created_at: int
    last_used_at: int
    failures: int = 0
    last_attempt_at: int = 0


def devices_to_evict(devices: Iterable[KnownDevice], count: int, epoch: int) -> list[KnownDevice]:
    """Return `count` devices to remove: those of a past epoch first, then the longest unused."""

    def order(device: KnownDevice) -> tuple[bool, int, int, str]:
        return device.epoch >= epoch, device.last_used_at, device.created_at, device.digest

    return sorted(devices, key=order)[:count]
