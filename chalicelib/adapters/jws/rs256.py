"""RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3), by `cryptography`.

Importing this module raises Unavailable if the package was built without `cryptography`.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from chalicelib.adapters.jws.base64url import integer, text_of
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.tokens.signing_keys import MINIMUM_RSA_BITS

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
except ImportError:
    raise Unavailable("this package has no cryptography for RS256 keys") from None

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

PUBLIC_EXPONENT = 65_537
_KEYS = 16
"""Maximum number of cached parsed keys, more than a key set has."""


def sign(signed: bytes, material: bytes) -> bytes:
    """Return the signature of `signed`. `material` is a private JWK. Raises ValueError for another."""
    return _private_key(material).sign(signed, padding.PKCS1v15(), hashes.SHA256())


def verify(signature: bytes, signed: bytes, material: bytes) -> bool:
    """Return whether a signature is that of `signed`. Raises ValueError unless `material` is an RSA JWK."""
    try:
        _public_key(material).verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def new_key(kid: str) -> dict[str, str]:
    """Return a new private JWK (RFC 7518 §6.3), with the prime factors, which make signing faster."""
    numbers = rsa.generate_private_key(PUBLIC_EXPONENT, MINIMUM_RSA_BITS).private_numbers()
    public = numbers.public_numbers
    members = {
        "n": public.n,
        "e": public.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    return {"kty": "RSA", "kid": kid, **{name: text_of(value) for name, value in members.items()}}


@lru_cache(maxsize=_KEYS)
def _private_key(material: bytes) -> RSAPrivateKey:
    jwk = json.loads(material)
    values = {name: integer(jwk[name]) for name in ("d", "p", "q", "dp", "dq", "qi")}
    numbers = rsa.RSAPrivateNumbers(
        p=values["p"],
        q=values["q"],
        d=values["d"],
        dmp1=values["dp"],
        dmq1=values["dq"],
        iqmp=values["qi"],
        public_numbers=_public_numbers(jwk),
    )
    # The check of the prime factors takes 130 ms in every cold start. The rotation tests each key before it
    # is used (`test_secret`).
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


@lru_cache(maxsize=_KEYS)
def _public_key(material: bytes) -> RSAPublicKey:
    return _public_numbers(json.loads(material)).public_key()


def _public_numbers(jwk: dict[str, str]) -> rsa.RSAPublicNumbers:
    return rsa.RSAPublicNumbers(e=integer(jwk["e"]), n=integer(jwk["n"]))
