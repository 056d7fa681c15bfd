"""The token codec: compact JWS, with canonical base64url, and JSON without duplicate members or NaN.

PyJWT signs and verifies HS256, `cryptography` RS256 and ES256 (`adapters/jws`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from chalicelib.adapters.jws import algorithms
from chalicelib.adapters.jws.base64url import decoded, encoded
from chalicelib.domain.errors import InvalidToken, Unavailable
from chalicelib.domain.ports import UnverifiedToken
from chalicelib.domain.tokens.claims import TOKEN_TYPE, TOKEN_TYPES
from chalicelib.domain.tokens.signing_keys import HS256, SigningKey

_KID = re.compile(r"[\x21-\x7e]{1,128}")
_SEGMENTS = 3
_NOT_UNDERSTOOD = frozenset({"crit", "b64"})
"""Header members that change what is verified (RFC 7515 §4.1.11, RFC 7797 §3): their tokens are refused."""


class PyJwtCodec:
    """Signs and verifies compact JWS (RFC 7515), only with the algorithm of the key.

    Every method that takes a key raises Unavailable if this package was built without its algorithm, and
    UnreadableKey for a key that is none.
    """

    def __init__(self, algorithm: str = HS256) -> None:
        """Load an algorithm, which the first token most likely has, if this package has it."""
        with suppress(Unavailable):
            algorithms.signatures(algorithm)

    def sign(self, claims: Mapping[str, Any], key: SigningKey) -> str:
        """Return a signed token; `kid` names the key and `typ` the type of token (RFC 8725 §3.11)."""
        header = {"alg": key.algorithm, "typ": TOKEN_TYPE, "kid": key.kid}
        signed = ".".join(encoded(_json_text(part)) for part in (header, dict(claims)))
        return f"{signed}.{encoded(algorithms.sign(signed.encode(), key))}"

    def peek(self, token: str) -> UnverifiedToken:
        """Return the unverified `kid` and `iat`, for key selection only. Raises InvalidToken."""
        header, payload = _unverified(token)
        kid, issued_at = header.get("kid"), _json_object(payload).get("iat")
        if not _is_access_token(header.get("typ")) or "crit" in header:
            raise InvalidToken("token of another kind")
        if not isinstance(kid, str) or not _KID.fullmatch(kid):
            raise InvalidToken("malformed kid")
        if not isinstance(issued_at, int) or isinstance(issued_at, bool):
            raise InvalidToken("bad claim iat")
        return UnverifiedToken(kid, issued_at)

    def verify(self, token: str, key: SigningKey) -> Mapping[str, Any]:
        """Return the claims of a token that `key` signed with its algorithm. Raises InvalidToken."""
        header, _ = _unverified(token)
        if self.peek(token).kid != key.kid:
            raise InvalidToken("signed by another key")
        if not key.is_public and header.get("typ") != TOKEN_TYPE:
            # The other spellings are RFC 9068's, which does not know HS256.
            raise InvalidToken("token of another kind")
        return _json_object(verify_jws(token, key))


def verify_jws(token: str, key: SigningKey) -> bytes:
    """Return the payload of a compact JWS whose signature `key` made (RFC 7515 §5.2).

    Raises InvalidToken, and for the key what `PyJwtCodec` does.
    """
    header, payload = _unverified(token)
    if header.get("alg") != key.algorithm or _NOT_UNDERSTOOD & header.keys():
        raise InvalidToken("token of another algorithm")
    signed, _, signature = token.rpartition(".")
    if not algorithms.verify(_decoded(signature), signed.encode(), key):
        raise InvalidToken("bad signature")
    return payload


def _is_access_token(typ: object) -> bool:
    """Compare a media type: without case, `application/` may be left out (RFC 7515 §4.1.9, RFC 9068 §4)."""
    return isinstance(typ, str) and typ.lower() in TOKEN_TYPES


def _unverified(token: str) -> tuple[Mapping[str, Any], bytes]:
    """Split a compact serialisation into header and payload. Raises InvalidToken unless strictly encoded."""
    segments = token.split(".")
    if len(segments) != _SEGMENTS:
        raise InvalidToken("malformed token")
    header, payload, _ = [_decoded(segment) for segment in segments]
    return _json_object(header), payload


def _decoded(segment: str) -> bytes:
    try:
        return decoded(segment)
    except ValueError as error:
        raise InvalidToken("malformed token") from error


def _json_text(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


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
