"""PyJWT as the token codec, made strict: canonical base64url, and JSON without duplicate members or NaN."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

import jwt
from jwt.api_jws import PyJWS

from chalicelib.domain.errors import InvalidToken
from chalicelib.domain.ports import UnverifiedToken
from chalicelib.domain.tokens.claims import TOKEN_TYPE
from chalicelib.domain.tokens.signing_keys import SigningKey

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_KID = re.compile(r"[\x21-\x7e]{1,128}")
_SEGMENTS = 3
_jws = PyJWS(algorithms=["HS256"])


class PyJwtCodec:
    """Signs and verifies compact JWS (RFC 7515), only with the algorithm of the key."""

    def sign(self, claims: Mapping[str, Any], key: SigningKey) -> str:
        """Return a signed token; `kid` names the key and `typ` the type of token (RFC 8725 §3.11)."""
        headers = {"typ": TOKEN_TYPE, "kid": key.kid}
        return jwt.encode(dict(claims), key.material.reveal(), algorithm=key.algorithm, headers=headers)

    def peek(self, token: str) -> UnverifiedToken:
        """Return the unverified `kid` and `iat`, for key selection only. Raises InvalidToken."""
        header, payload = _unverified(token)
        kid, issued_at = header.get("kid"), _json_object(payload).get("iat")
        if header.get("typ") != TOKEN_TYPE or "crit" in header:
            raise InvalidToken("token of another kind")
        if not isinstance(kid, str) or not _KID.fullmatch(kid):
            raise InvalidToken("malformed kid")
        if not isinstance(issued_at, int) or isinstance(issued_at, bool):
            raise InvalidToken("bad claim iat")
        return UnverifiedToken(kid, issued_at)

    def verify(self, token: str, key: SigningKey) -> Mapping[str, Any]:
        """Return the claims of a token that `key` signed with its algorithm. Raises InvalidToken."""
        if self.peek(token).kid != key.kid:
            raise InvalidToken("signed by another key")
        return _json_object(verify_jws(token, key))


def verify_jws(token: str, key: SigningKey) -> bytes:
    """Return the payload of a compact JWS whose signature `key` made (RFC 7515 §5.2). Raises InvalidToken."""
    header, _ = _unverified(token)
    if header.get("alg") != key.algorithm or "crit" in header:
        raise InvalidToken("token of another algorithm")
    try:
        payload = _jws.decode(token, key.material.reveal(), algorithms=[key.algorithm])
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise InvalidToken("bad signature") from error
    return bytes(payload)


def _unverified(token: str) -> tuple[Mapping[str, Any], bytes]:
    """Split a compact serialisation into header and payload. Raises InvalidToken unless strictly encoded."""
    segments = token.split(".")
    if len(segments) != _SEGMENTS:
        raise InvalidToken("malformed token")
    header, payload, _ = [_strict_base64url(segment) for segment in segments]
    return _json_object(header), payload


def _strict_base64url(segment: str) -> bytes:
    """Decode without padding, white space or spare bits (RFC 7515 §2), so that a token has one spelling."""
    if not _SEGMENT.fullmatch(segment) or len(segment) % 4 == 1:
        raise InvalidToken("malformed token")
    decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() != segment:
        raise InvalidToken("malformed token")
    return decoded


def _json_object(text: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidToken("malformed json") from error
    if not isinstance(value, dict):
        raise InvalidToken("malformed json")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        # Parsers disagree on which duplicate member counts (RFC 7515 §4).
        raise ValueError("repeated member")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
