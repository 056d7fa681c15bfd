"""Checks the form of the JWK of a signing key in the secret (RFC 7517), but not its mathematics."""

from __future__ import annotations

import re
from typing import Any

from chalicelib.adapters.jws.base64url import decoded, integer
from chalicelib.domain.tokens.signing_keys import ES256, MINIMUM_RSA_BITS, RS256

_PUBLIC = {RS256: ("n", "e"), ES256: ("x", "y")}
_PRIVATE = {RS256: ("d", "p", "q", "dp", "dq", "qi"), ES256: ("d",)}
_FIXED = {RS256: {"kty": "RSA"}, ES256: {"kty": "EC", "crv": "P-256"}}
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{32,64}")
"""As long as a version id (32 to 64 characters): functions look up no other unknown `kid`."""
_MAXIMUM_RSA_BITS = 4096
_PUBLIC_EXPONENT = 65_537
_COORDINATE_BYTES = 32


def checked_jwk(value: dict[str, Any], algorithm: str, *, private: bool) -> dict[str, str]:
    """Return the members of a JWK that its algorithm requires.

    Raises KeyError, TypeError or ValueError if one is missing or malformed, or for a key that is too small.
    """
    coded = _PUBLIC[algorithm] + (_PRIVATE[algorithm] if private else ())
    jwk = {name: value[name] for name in ("kid", *_FIXED[algorithm], *coded)}
    if not all(isinstance(member, str) for member in jwk.values()) or not _KEY_ID.fullmatch(jwk["kid"]):
        raise TypeError
    if any(jwk[name] != expected for name, expected in _FIXED[algorithm].items()):
        raise ValueError
    for name in coded:
        decoded(jwk[name])
    if not (_is_rsa(jwk) if algorithm == RS256 else _is_p256(jwk, coded)):
        raise ValueError
    return jwk


def _is_rsa(jwk: dict[str, str]) -> bool:
    is_sized = MINIMUM_RSA_BITS <= integer(jwk["n"]).bit_length() <= _MAXIMUM_RSA_BITS
    return is_sized and integer(jwk["e"]) == _PUBLIC_EXPONENT


def _is_p256(jwk: dict[str, str], members: tuple[str, ...]) -> bool:
    return all(len(decoded(jwk[name])) == _COORDINATE_BYTES for name in members)
