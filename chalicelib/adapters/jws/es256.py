"""ES256: ECDSA with P-256 and SHA-256 (RFC 7518 §3.4), by `cryptography`.

Importing this module raises Unavailable if the package was built without `cryptography`.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from chalicelib.adapters.jws.base64url import integer, text_of
from chalicelib.domain.errors import Unavailable

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
except ImportError:
    raise Unavailable("this package has no cryptography for ES256 keys") from None

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

INTEGER_BYTES = 32
_KEYS = 16
"""Maximum number of cached parsed keys, more than a key set has."""
_ECDSA = ec.ECDSA(hashes.SHA256())


def sign(signed: bytes, material: bytes) -> bytes:
    """Return the signature of `signed`: R and S, 32 bytes each. `material` is a private JWK.

    Raises ValueError for another.
    """
    r, s = decode_dss_signature(_private_key(material).sign(signed, _ECDSA))
    return r.to_bytes(INTEGER_BYTES, "big") + s.to_bytes(INTEGER_BYTES, "big")


def verify(signature: bytes, signed: bytes, material: bytes) -> bool:
    """Return whether a signature is that of `signed`. Raises ValueError unless `material` is a P-256 JWK."""
    key = _public_key(material)
    if len(signature) != 2 * INTEGER_BYTES:
        return False
    r = int.from_bytes(signature[:INTEGER_BYTES], "big")
    s = int.from_bytes(signature[INTEGER_BYTES:], "big")
    try:
        key.verify(encode_dss_signature(r, s), signed, _ECDSA)
    except InvalidSignature:
        return False
    return True


def new_key(kid: str) -> dict[str, str]:
    """Return a new private JWK (RFC 7518 §6.2)."""
    numbers = ec.generate_private_key(ec.SECP256R1()).private_numbers()
    members = {"x": numbers.public_numbers.x, "y": numbers.public_numbers.y, "d": numbers.private_value}
    coded = {name: text_of(value, INTEGER_BYTES) for name, value in members.items()}
    return {"kty": "EC", "crv": "P-256", "kid": kid, **coded}


@lru_cache(maxsize=_KEYS)
def _private_key(material: bytes) -> EllipticCurvePrivateKey:
    jwk = json.loads(material)
    return ec.EllipticCurvePrivateNumbers(integer(jwk["d"]), _public_numbers(jwk)).private_key()


@lru_cache(maxsize=_KEYS)
def _public_key(material: bytes) -> EllipticCurvePublicKey:
    return _public_numbers(json.loads(material)).public_key()


def _public_numbers(jwk: dict[str, str]) -> ec.EllipticCurvePublicNumbers:
    return ec.EllipticCurvePublicNumbers(integer(jwk["x"]), integer(jwk["y"]), ec.SECP256R1())
