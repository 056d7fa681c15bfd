"""The token codec: compact JWS, with canonical base64url, and JSON without duplicate members or NaN.

PyJWT signs and verifies HS256, `cryptography` RS256 and ES256 (`adapters/jws`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from chalicelib.adapters.jws import algorithms
from chalicelib.adapters.jws.base64url import decoded, encoded
from chalicelib.domain.errors import InvalidToken, Unavailable
from chalicelib.domain.ports import UnverifiedToken
from chalicelib.domain.tokens.claims import TOKEN_TYPE, TOKEN_TYPES
from chalicelib.domain.tokens.signing_keys import HS256

if TYPE_CHECKING:
    from chalicelib.domain.tokens.signing_keys import SigningKey

_KID = re.compile(r"[\x21-\x7e]{1,128}")
_SEGMENTS = 3
_NOT_UNDERSTOOD = frozenset({"crit", "b64"})
"""Header members that change what is verified (RFC 7515 §4.1.11, RFC 7797 §3): their tokens are refused."""


class PyJwtCodec:
    """Signs and verifies compact JWS (RFC 7515), only with the algorithm of the key.

    Every method with a key argument raises Unavailable if this package was built without its algorithm, and
    UnreadableKey if the key is invalid.
    """

    def __init__(self, algorithm: str = HS256) -> None:
        """Load an algorithm in advance, if this package has it: the first token probably uses it."""
        with suppress(Unavailable):
            algorithms.signatures(algorithm)

    def sign(self, claims: Mapping[str, Any], key: SigningKey) -> str:
        """Return a signed token; `kid` names the key and `typ` the type of token (RFC 8725 §3.11)."""
        header = {"alg": key.algorithm, "typ": TOKEN_TYPE, "kid": key.kid}
        signed = ".".join(encoded(_json_text(part)) for part in (header, dict(claims)))
        return f"{signed}.{encoded(algorithms.sign(signed.encode(), key))}"

    def parse(self, token: str) -> UnverifiedToken:
        """Split and decode a token. Raises InvalidToken unless it is a strictly encoded access token."""
        jws = _Jws.parse(token)
        kid, claims = jws.header.get("kid"), _json_object(jws.payload)
        issued_at = claims.get("iat")
        if not _is_access_token(jws.header.get("typ")) or "crit" in jws.header:
            raise InvalidToken("token of another kind")
        if not isinstance(kid, str) or not _KID.fullmatch(kid):
            raise InvalidToken("malformed kid")
        if not isinstance(issued_at, int) or isinstance(issued_at, bool):
            raise InvalidToken("bad claim iat")
        return UnverifiedToken(kid, issued_at, claims, jws)

    def verify(self, unverified: UnverifiedToken, key: SigningKey) -> Mapping[str, Any]:
        """Return the claims of a token that `key` signed with its algorithm. Raises InvalidToken."""
        jws = unverified.parts
        if not isinstance(jws, _Jws) or unverified.kid != key.kid:
            raise InvalidToken("signed by another key")
        if not key.is_public and jws.header.get("typ") != TOKEN_TYPE:
            # The other spellings are RFC 9068's, which does not know HS256.
            raise InvalidToken("token of another kind")
        jws.verify(key)
        return unverified.claims


@dataclass(frozen=True, slots=True)
class _Jws:
    """A compact JWS (RFC 7515 §7.1), split and decoded once."""

    header: Mapping[str, Any]
    payload: bytes
    signed: bytes
    signature: bytes

    @classmethod
    def parse(cls, token: str) -> Self:
        """Split and decode. Raises InvalidToken unless every segment is strictly encoded."""
        segments = token.split(".")
        if len(segments) != _SEGMENTS:
            raise InvalidToken("malformed token")
        try:
            header, payload, signature = map(decoded, segments)
        except ValueError as error:
            raise InvalidToken("malformed token") from error
        return cls(_json_object(header), payload, token[: token.rindex(".")].encode(), signature)

    def verify(self, key: SigningKey) -> None:
        """Raise InvalidToken unless `key` made the signature (RFC 7515 §5.2)."""
        if self.header.get("alg") != key.algorithm or _NOT_UNDERSTOOD & self.header.keys():
            raise InvalidToken("token of another algorithm")
        if not algorithms.verify(self.signature, self.signed, key):
            raise InvalidToken("bad signature")


def verify_jws(token: str, key: SigningKey) -> bytes:
    """Return the payload of a compact JWS whose signature `key` made (RFC 7515 §5.2).

    Raises InvalidToken, and for the key what `PyJwtCodec` does.
    """
    jws = _Jws.parse(token)
    jws.verify(key)
    return jws.payload


def _is_access_token(typ: object) -> bool:
    """Compare a media type: without case, `application/` may be left out (RFC 7515 §4.1.9, RFC 9068 §4)."""
    return isinstance(typ, str) and typ.lower() in TOKEN_TYPES


def _json_text(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _json_object(text: bytes) -> Mapping[str, Any]:
    try:
        value = _DECODER.decode(text.decode("utf-8"))
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


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse)
