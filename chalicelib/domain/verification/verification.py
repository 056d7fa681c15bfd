"""Verifications: a mailed code, with the token of the client that requested it, proves control of an address.

The client holds the token, the mailbox the code, and the table a digest of the token and an HMAC of the code
under the token. So neither a copy of the table nor a mailbox alone is enough, and no slow hash is needed: the
HMAC key has 256 random bits.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from chalicelib.domain.mail import CODE_SECONDS
from chalicelib.domain.secret import Secret

TOKEN_BYTES = 32
CODE_ENTROPY_BYTES = 16
"""Random bytes that a code is made of: enough that every code is practically equally likely."""
CODE_DIGITS = 8
MAX_TRIES = 5
"""Maximum number of tries of one verification. A new code does not add any."""
KEEP_SECONDS = 86_400
"""Lifetime of a verification in the table, in seconds."""
_PREFIX = "ghv_"
"""Marks a leaked token for secret scanners."""


class Purpose(StrEnum):
    """The purpose of a verification. It is accepted for no other."""

    SIGN_UP = "sign_up"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a purpose
    EMAIL_CHANGE = "email_change"


class VerificationToken(Secret[str]):
    """The token of a verification. Any text can be presented as one; a look-up shows whether it exists."""

    __slots__ = ()

    @classmethod
    def of(cls, random: bytes) -> Self:
        """Return the token made of `TOKEN_BYTES` random bytes."""
        return cls(_PREFIX + base64.urlsafe_b64encode(random).rstrip(b"=").decode())

    def digest(self) -> str:
        """Return the digest that the table stores: SHA-256 in hexadecimal digits."""
        return hashlib.sha256(self._encoded()).hexdigest()

    def mac(self, code: str) -> bytes:
        """Return the HMAC-SHA-256 of a code under this token."""
        return hmac.digest(self._encoded(), b"code " + code.encode("utf-8", "surrogatepass"), "sha256")

    def _encoded(self) -> bytes:
        return self.reveal().encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Verification:
    """A mailed code and its purpose. Times are Unix seconds.

    `user_id` and `security_version` are those of the account that the code is bound to. For a sign-up,
    `user_id` is the id of the account to be created. `epoch` is that of the system: a breach voids the code.
    """

    digest: str
    purpose: Purpose
    address: str
    user_id: str
    security_version: int
    epoch: int
    code_mac: bytes = field(repr=False)
    created_at: int
    expires_at: int
    tries: int = 0

    def fits(self, token: VerificationToken, code: str) -> bool:
        """Return whether `code` is correct, in constant time."""
        return hmac.compare_digest(self.code_mac, token.mac(code))

    def may_be_renewed(self, now: int) -> bool:
        """Return whether a new code can be requested: not after the last try, and not after expiry."""
        return now < self.expires_at and self.tries < MAX_TRIES

    def renewed(self, code_mac: bytes, now: int) -> Self:
        """Return the verification with a new code, which voids the former one. Used tries still count."""
        return replace(self, code_mac=code_mac, expires_at=now + CODE_SECONDS)


def new_code(random: bytes) -> Secret[str]:
    """Return the code made of `CODE_ENTROPY_BYTES` random bytes."""
    return Secret(f"{int.from_bytes(random) % 10**CODE_DIGITS:0{CODE_DIGITS}}")
