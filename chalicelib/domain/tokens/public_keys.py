"""Public keys (RFC 7517), with which other services verify access tokens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from chalicelib.domain.tokens.signing_keys import ES256, RS256, KeyMaterial, KeySet, SigningKey

PUBLIC_MEMBERS = {RS256: ("kty", "n", "e"), ES256: ("kty", "crv", "x", "y")}
"""The members of a public JWK, by algorithm (RFC 7518 §6)."""


def public_jwk(key: SigningKey) -> dict[str, str]:
    """Return the public JWK of an asymmetric key, with `alg` and `use`."""
    private = json.loads(key.material.reveal())
    return {
        **{member: private[member] for member in PUBLIC_MEMBERS[key.algorithm]},
        "kid": key.kid,
        "use": "sig",
        "alg": key.algorithm,
    }


def jwk_material(jwk: dict[str, str]) -> KeyMaterial:
    """Return a JWK as key material, in canonical form: equal keys give equal bytes."""
    return KeyMaterial(json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode())


def verifying_part(key: SigningKey) -> SigningKey:
    """Return the key without its private part. An HMAC key has none, and is returned whole."""
    if not key.is_public:
        return key
    members = {
        name: value for name, value in public_jwk(key).items() if name in PUBLIC_MEMBERS[key.algorithm]
    }
    return replace(key, material=jwk_material({**members, "kid": key.kid}))


def published_keys(keys: KeySet, now: int) -> list[dict[str, str]]:
    """Return the public keys that verify at `now`, then the one that signs next."""
    return [public_jwk(key) for key in _without_repetition(keys, now)]


def _without_repetition(keys: KeySet, now: int) -> Iterator[SigningKey]:
    following = keys.current.following
    seen: set[str] = set()
    for key in [*keys.verifying(now), *([following.key] if following else [])]:
        if key.is_public and key.kid not in seen:
            seen.add(key.kid)
            yield key
