"""The rules of refresh tokens: one successor, a lossless retry, reuse detected.

A session has a family of refresh tokens, one a generation. Exchanging the current one makes the next:

    secret(n+1) = HMAC-SHA-256(key = secret(n), message = nonce)        with 256 fresh random bits of nonce

The table keeps SHA-256(secret(n+1)), SHA-256(secret(n)) and that one nonce. So a retry, which presents
secret(n) again, derives the *same* successor, byte for byte, however often and however concurrently, with
no server-side key that could be rotated in between. A copy of the table holds hashes and nonces, from
which no secret follows. With such a copy the predecessor leads to the current token, as a retry does; a
token older than that leads nowhere, because the nonces between it and now are gone.

A retry is told from a second holder by the Idempotency-Key of the first use. Where there was one, only the
same key repeats, without limit of time: whoever copied the token alone cannot pass for a retry. Where there
was none, only a request without one repeats, and only within the retry window.

Every token ends in a tag, made with a key that only the table has. It makes a spent token of any
generation recognizable without keeping its hash, and sets it apart from a mangled or invented one. A reused
genuine token means theft; an unrecognized one is ignored. A tag grants no access; only the hash does.

Everything here is pure: time, randomness and state come in, a decision goes out (RFC 9700 §4.14.2).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, replace

from chalicelib.domain.errors import InvalidGrant
from chalicelib.domain.secret import Secret

SECRET_BYTES = 32
TAG_BYTES = 16
ID_BYTES = 16
_PREFIX = "ghr_"
"""Marks a leaked token for secret scanners."""
_GENERATION_BYTES = 4
# 2 * 16 + 4 + 32 + 16 = 84 bytes, which are 112 characters without a spare bit: no second spelling decodes to
# the same token.
_TOKEN = re.compile(_PREFIX + r"[A-Za-z0-9_-]{112}")


class RefreshSecret(Secret[bytes]):
    """The 256 bits that make a refresh token unguessable."""

    __slots__ = ()

    def digest(self) -> bytes:
        """Return what the table may know of it. The input is uniformly random, so no slow hash is needed."""
        return hashlib.sha256(self.reveal()).digest()

    def successor(self, nonce: bytes) -> RefreshSecret:
        """Derive the next generation's secret."""
        return RefreshSecret(hmac.digest(self.reveal(), nonce, "sha256"))


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A parsed refresh token: which session it belongs to, and the proof of holding it."""

    user_id: str
    session_id: str
    generation: int
    secret: RefreshSecret
    tag: Secret[bytes]

    @classmethod
    def parse(cls, text: str) -> RefreshToken:
        """Read a token as presented. Raises InvalidGrant for anything that was never one."""
        if not _TOKEN.fullmatch(text):
            raise InvalidGrant("malformed refresh token")
        body = base64.urlsafe_b64decode(text.removeprefix(_PREFIX))
        secret_at = 2 * ID_BYTES + _GENERATION_BYTES
        return cls(
            user_id=body[:ID_BYTES].hex(),
            session_id=body[ID_BYTES : 2 * ID_BYTES].hex(),
            generation=int.from_bytes(body[2 * ID_BYTES : secret_at], "big"),
            secret=RefreshSecret(body[secret_at : secret_at + SECRET_BYTES]),
            tag=Secret(body[secret_at + SECRET_BYTES :]),
        )

    def serialize(self) -> str:
        """Return the wire form (RFC 6749 §A.17), to be shown to its holder and to nobody else."""
        body = (
            bytes.fromhex(self.user_id)
            + bytes.fromhex(self.session_id)
            + self.generation.to_bytes(_GENERATION_BYTES, "big")
            + self.secret.reveal()
            + self.tag.reveal()
        )
        return _PREFIX + base64.urlsafe_b64encode(body).decode()


@dataclass(frozen=True, slots=True)
class Family:
    """What the table keeps of a session's refresh tokens. `repr` is safe: hashes, nonces and a tag key.

    `rotated_at` (Unix seconds) and `idempotency` belong to the latest exchange: when it was, and the digest
    of its Idempotency-Key, or None where it carried none.
    """

    tag_key: Secret[bytes]
    generation: int
    current: bytes
    previous: bytes | None = None
    nonce: bytes | None = None
    rotated_at: int = 0
    idempotency: bytes | None = None

    def token(self, user_id: str, session_id: str, secret: RefreshSecret) -> RefreshToken:
        """Return the token of the present generation, tagged."""
        tag = _tag(self.tag_key, session_id, self.generation, secret)
        return RefreshToken(user_id, session_id, self.generation, secret, Secret(tag))


@dataclass(frozen=True, slots=True)
class Exchange:
    """The current token was presented: `family` is to be written, `secret` is the successor's."""

    family: Family
    secret: RefreshSecret


@dataclass(frozen=True, slots=True)
class Replay:
    """A retry: the predecessor with the key of its first use. `secret` is the successor's; no write."""

    secret: RefreshSecret


@dataclass(frozen=True, slots=True)
class Reuse:
    """A spent token was presented, and it is no retry: the session must end (RFC 9700 §4.14.2)."""


@dataclass(frozen=True, slots=True)
class Unrecognized:
    """Never issued for this session, or mangled on the way: it says nothing about the session."""


Decision = Exchange | Replay | Reuse | Unrecognized


def start(secret: RefreshSecret, tag_key: Secret[bytes]) -> Family:
    """Begin a family with the first, wholly random, secret."""
    return Family(tag_key=tag_key, generation=0, current=secret.digest())


def decide(
    family: Family,
    token: RefreshToken,
    *,
    now: int,
    retry_window: int,
    idempotency_key: str | None,
    nonce: bytes,
) -> Decision:
    """Decide what presenting `token` now means for its family.

    `now` is in Unix seconds, `retry_window` in seconds, `nonce` 32 fresh random bytes that an exchange uses
    up. The tag is checked first: nothing else in the token is trusted before.
    """
    if not is_genuine(family, token):
        return Unrecognized()
    digest = token.secret.digest()
    if token.generation == family.generation and hmac.compare_digest(digest, family.current):
        return _exchange(family, token.secret, now, idempotency_key, nonce)
    if (
        family.previous is not None
        and family.nonce is not None
        and hmac.compare_digest(digest, family.previous)
        and _is_retry(family, now, retry_window, idempotency_key)
    ):
        return Replay(token.secret.successor(family.nonce))
    return Reuse()


def is_genuine(family: Family, token: RefreshToken) -> bool:
    """Tell whether the token was once issued for this family, in whatever generation."""
    expected = _tag(family.tag_key, token.session_id, token.generation, token.secret)
    return hmac.compare_digest(expected, token.tag.reveal())


def _exchange(
    family: Family, secret: RefreshSecret, now: int, idempotency_key: str | None, nonce: bytes
) -> Exchange:
    successor = secret.successor(nonce)
    rotated = replace(
        family,
        generation=family.generation + 1,
        current=successor.digest(),
        previous=family.current,
        nonce=nonce,
        rotated_at=now,
        idempotency=None if idempotency_key is None else _fingerprint(idempotency_key),
    )
    return Exchange(rotated, successor)


def _is_retry(family: Family, now: int, retry_window: int, idempotency_key: str | None) -> bool:
    # The successor is unused by construction: its use would have made it the predecessor.
    if family.idempotency is not None:
        # Also inside the window: else a thief with a key of its own could follow every refresh unnoticed.
        return idempotency_key is not None and hmac.compare_digest(
            _fingerprint(idempotency_key), family.idempotency
        )
    # In either direction: a clock that was set back must not hold the window open until it has caught up.
    return idempotency_key is None and abs(now - family.rotated_at) <= retry_window


def _fingerprint(idempotency_key: str) -> bytes:
    return hashlib.sha256(idempotency_key.encode()).digest()


def _tag(key: Secret[bytes], session_id: str, generation: int, secret: RefreshSecret) -> bytes:
    message = bytes.fromhex(session_id) + generation.to_bytes(_GENERATION_BYTES, "big") + secret.reveal()
    return hmac.digest(key.reveal(), message, "sha256")[:TAG_BYTES]
