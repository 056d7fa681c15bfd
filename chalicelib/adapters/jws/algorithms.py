"""The algorithm of each key. Modules are imported at the first key of their algorithm.

PyJWT and `cryptography` cost a cold start tens of milliseconds, and a stage needs one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from chalicelib.domain.errors import UnreadableKey
from chalicelib.domain.tokens.signing_keys import ES256, HS256, RS256

if TYPE_CHECKING:
    from chalicelib.domain.tokens.signing_keys import SigningKey


class Signatures(Protocol):
    """Signatures of one algorithm. `material` is that of a key."""

    def sign(self, signed: bytes, material: bytes, /) -> bytes:
        """Return the signature of `signed`. Raises ValueError for material of another kind."""

    def verify(self, signature: bytes, signed: bytes, material: bytes, /) -> bool:
        """Return whether a signature is that of `signed`. Raises ValueError for material of another kind."""


def signatures(algorithm: str) -> Signatures:
    """Return an algorithm of RFC 7518 §3.1.

    Raises Unavailable if this package was built without it, and UnreadableKey for one that no key can have.
    """
    if algorithm == HS256:
        from chalicelib.adapters.jws import hs256

        return hs256
    if algorithm == RS256:
        from chalicelib.adapters.jws import rs256

        return rs256
    if algorithm == ES256:
        from chalicelib.adapters.jws import es256

        return es256
    raise UnreadableKey("signing key of an unknown algorithm")


def sign(signed: bytes, key: SigningKey) -> bytes:
    """Return the signature of a key. Raises Unavailable, and UnreadableKey for unusable material."""
    algorithm = signatures(key.algorithm)
    try:
        return algorithm.sign(signed, key.material.reveal())
    except (ValueError, KeyError, TypeError):
        # Without the cause, which may quote the key.
        raise UnreadableKey("unusable signing key") from None


def verify(signature: bytes, signed: bytes, key: SigningKey) -> bool:
    """Return whether a key made a signature. Raises Unavailable, and UnreadableKey for unusable material."""
    algorithm = signatures(key.algorithm)
    try:
        return algorithm.verify(signature, signed, key.material.reveal())
    except (ValueError, KeyError, TypeError):
        raise UnreadableKey("unusable signing key") from None
