"""The rules of refresh tokens: one successor, a lossless retry, reuse detected.

A session has a family of refresh tokens, one per generation. Exchanging the current one creates the next:

    secret(n+1) = HMAC-SHA-256(key = secret(n), message = nonce)        with 256 fresh random bits of nonce

The table keeps SHA-256(secret(n+1)), SHA-256(secret(n)) and that one nonce. So a retry, which presents
secret(n) again, derives the *same* successor, byte for byte, however often and however concurrently, with
no server-side key that could be rotated in between. A copy of the table holds hashes and nonces, from
which no secret follows. With such a copy the predecessor leads to the current token, as a retry does; a
token older than that leads nowhere, because the nonces between it and now are gone.

The Idempotency-Key of the first use distinguishes a retry from a second holder. If the first use had a key, a
retry must have the same one, without limit of time: a thief who copied only the token cannot send it. If it
had none, a retry must have none either, and be within the retry window.

Every token ends in a tag, an HMAC under a key that only the table contains. It identifies a spent token of
any generation without storing its hash, and distinguishes it from a mangled or forged one. A reused genuine
token means theft; an unrecognized one is ignored. A tag grants no access; only the hash does.

The functions here are pure: time, randomness and state are arguments (RFC 9700 §4.14.2).
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
        """Return the hash to store. The secret is uniformly random, so no slow hash is needed."""
        return hashlib.sha256(self.reveal()).digest()

    def successor(self, nonce: bytes) -> RefreshSecret:
        """Derive the next generation's secret."""
        return RefreshSecret(hmac.digest(self.reveal(), nonce, "sha256"))


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A parsed, unverified refresh token: the session it belongs to, the secret and the tag."""

    user_id: str
    session_id: str
    generation: int
    secret: RefreshSecret
    tag: Secret[bytes]

    @classmethod
    def parse(cls, text: str) -> RefreshToken:
        """Parse a token. Raises InvalidGrant for text that is not of its form."""
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
        """Return the wire form (RFC 6749 §A.17). It is a credential: never log it."""
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
    """The stored state of a session's refresh tokens. `repr` shows no secret.

    `rotated_at` is the time of the latest exchange in Unix seconds, `idempotency` the digest of its
    Idempotency-Key, or None if it had none.
    """

    tag_key: Secret[bytes]
    generation: int
    current: bytes
    previous: bytes | None = None
    nonce: bytes | None = None
    rotated_at: int = 0
    idempotency: bytes | None = None

    def token(self, user_id: str, session_id: str, secret: RefreshSecret) -> RefreshToken:
        """Return the token of the current generation."""
        tag = _tag(self.tag_key, session_id, self.generation, secret)
        return RefreshToken(user_id, session_id, self.generation, secret, Secret(tag))


@dataclass(frozen=True, slots=True)
class Exchange:
    """The current token was presented: write `family`; `secret` is that of the successor."""

    family: Family
    secret: RefreshSecret


@dataclass(frozen=True, slots=True)
class Replay:
    """A retry was presented. `secret` is that of the same successor as before; nothing is written."""

    secret: RefreshSecret


@dataclass(frozen=True, slots=True)
class Reuse:
    """A spent token was presented that is no retry: the session must end (RFC 9700 §4.14.2)."""


@dataclass(frozen=True, slots=True)
class Unrecognized:
    """The token was never issued for this session, or is mangled: it proves nothing about the session."""


Decision = Exchange | Replay | Reuse | Unrecognized


def start(secret: RefreshSecret, tag_key: Secret[bytes]) -> Family:
    """Return a new family whose first secret is `secret`."""
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
    """Decide how to handle `token`.

    `now` is in Unix seconds, `retry_window` in seconds, `nonce` 32 new random bytes. The tag is verified
    before any other part of the token is used.
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
    """Return whether the token was issued for this family, in any generation."""
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
    # The successor is unused: its use would have made it the predecessor.
    if family.idempotency is not None:
        # Required within the window, too: otherwise a thief could repeat every refresh with another key.
        return idempotency_key is not None and hmac.compare_digest(
            _fingerprint(idempotency_key), family.idempotency
        )
    # `abs`: a clock that was set back must not keep the window open until it has caught up.
    return idempotency_key is None and abs(now - family.rotated_at) <= retry_window


def _fingerprint(idempotency_key: str) -> bytes:
    return hashlib.sha256(idempotency_key.encode()).digest()


def _tag(key: Secret[bytes], session_id: str, generation: int, secret: RefreshSecret) -> bytes:
    message = bytes.fromhex(session_id) + generation.to_bytes(_GENERATION_BYTES, "big") + secret.reveal()
    return hmac.digest(key.reveal(), message, "sha256")[:TAG_BYTES]
