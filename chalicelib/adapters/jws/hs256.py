"""HS256: HMAC with SHA-256 (RFC 7518 §3.2), by PyJWT."""

from __future__ import annotations

from jwt.algorithms import HMACAlgorithm

_hmac = HMACAlgorithm(HMACAlgorithm.SHA256)


def sign(signed: bytes, material: bytes) -> bytes:
    """Return the signature of `signed`."""
    return _hmac.sign(signed, material)


def verify(signature: bytes, signed: bytes, material: bytes) -> bool:
    """Return whether a signature is that of `signed`, in constant time."""
    return _hmac.verify(signed, material, signature)
