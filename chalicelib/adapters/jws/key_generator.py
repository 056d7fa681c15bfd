"""Makes new signing keys: text for HMAC, a JWK for the asymmetric algorithms."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from chalicelib.domain.errors import UnreadableKey
from chalicelib.domain.ports import Entropy
from chalicelib.domain.tokens.public_keys import jwk_material
from chalicelib.domain.tokens.signing_keys import ES256, HS256, RS256, KeyMaterial

KEY_BYTES = 48
"""Random bytes of an HMAC key: 384 bits, written as 64 characters."""


@dataclass(frozen=True, slots=True)
class JwsKeyGenerator:
    """Makes keys. Those of `cryptography` come from OpenSSL's random numbers, not from `entropy`."""

    entropy: Entropy

    def __call__(self, algorithm: str, kid: str, /) -> KeyMaterial:
        """Return a new key. Raises Unavailable if this package was built without the algorithm."""
        if algorithm == HS256:
            return KeyMaterial(base64.urlsafe_b64encode(self.entropy(KEY_BYTES)))
        if algorithm == RS256:
            from chalicelib.adapters.jws import rs256

            return jwk_material(rs256.new_key(kid))
        if algorithm == ES256:
            from chalicelib.adapters.jws import es256

            return jwk_material(es256.new_key(kid))
        raise UnreadableKey("signing key of an unknown algorithm")
