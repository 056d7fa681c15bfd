"""Claims of access tokens (RFC 7519 §4.1, RFC 9068 §2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from chalicelib.domain.errors import InvalidScope, InvalidToken
from chalicelib.domain.tokens.scopes import Scope

TOKEN_TYPE = "at+jwt"  # noqa: S105 - a media type (RFC 9068 §2.1)
TOKEN_TYPES = frozenset({TOKEN_TYPE, f"application/{TOKEN_TYPE}"})
"""The values of `typ`, in lower case, that a resource server accepts (RFC 9068 §4)."""
MAX_TOKEN_BYTES = 8 * 1024
MAX_TOKEN_SECONDS = 24 * 3600
"""Maximum lifetime of an access token, from `iat` to `exp`. Gatehouse issues none with a longer one."""
API_KEY_PREFIX = "ghk_"
"""Prefix of the id of every API key. No id of a session begins with it."""
_PRINTABLE = re.compile(r"[\x21-\x7e]{1,512}")
_LATEST = 2**53 - 1
"""Largest integer that every JSON parser represents exactly (RFC 7159 §6)."""


class Credential(StrEnum):
    """The kind of credential that a caller has presented."""

    SESSION = "session"
    """The access token of a session: a signed-in user."""
    API_KEY = "api_key"
    """An API key, or an access token that came from one: a server."""


@dataclass(frozen=True, slots=True)
class AccessTokenClaims:
    """The claims of an access token. Times are Unix seconds."""

    subject: str
    session_id: str
    client_id: str
    scope: Scope
    issuer: str
    audience: str
    token_id: str
    issued_at: int
    expires_at: int

    @property
    def credential(self) -> Credential:
        """The kind of credential, according to the `sid`: the id of a session or of an API key."""
        is_key = self.session_id.startswith(API_KEY_PREFIX)
        return Credential.API_KEY if is_key else Credential.SESSION

    def to_mapping(self) -> dict[str, str | int]:
        """Return the claims by their registered names, flat, as the context of an authorizer requires."""
        return {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": self.audience,
            "exp": self.expires_at,
            "iat": self.issued_at,
            "jti": self.token_id,
            "client_id": self.client_id,
            "scope": str(self.scope),
            "sid": self.session_id,
        }


@dataclass(frozen=True, slots=True)
class VerifiedClaims(AccessTokenClaims):
    """The claims of a token whose signature, issuer, audience, type and expiry have been verified.

    Only `oauth.bearer` creates them from a token, and `api.claims` from the authorizer's context, which API
    Gateway fills with the former. The type keeps unverified claims out of the use cases.
    """

    @classmethod
    def from_mapping(cls, claims: Mapping[str, Any]) -> Self:
        """Read claims and check their JSON types. Raises InvalidToken.

        The mapping must be verified already; only its structure is checked here.
        """
        return cls(
            subject=_text(claims, "sub"),
            session_id=_text(claims, "sid"),
            client_id=_text(claims, "client_id"),
            scope=_scope(claims),
            issuer=_text(claims, "iss"),
            audience=_text(claims, "aud"),
            token_id=_text(claims, "jti"),
            issued_at=_seconds(claims, "iat"),
            expires_at=_seconds(claims, "exp"),
        )


def not_before(claims: Mapping[str, Any]) -> int:
    """Return `nbf` (RFC 7519 §4.1.5), or 0 without one. Raises InvalidToken for a malformed one."""
    return _seconds(claims, "nbf") if "nbf" in claims else 0


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not _PRINTABLE.fullmatch(value):
        raise InvalidToken(f"bad claim {name}")
    return value


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    # bool is a subclass of int, but `true` is not a NumericDate.
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LATEST:
        raise InvalidToken(f"bad claim {name}")
    return value


def _scope(claims: Mapping[str, Any]) -> Scope:
    value = claims.get("scope")
    if value == "":
        return Scope(frozenset())
    if not isinstance(value, str):
        raise InvalidToken("bad claim scope")
    try:
        return Scope.parse(value)
    except InvalidScope as error:
        raise InvalidToken("bad claim scope") from error
