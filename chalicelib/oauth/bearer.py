"""Bearer token usage (RFC 6750 §2.1): from an Authorization header to verified claims.

`api_keys/basic.py` is imported only for callers with an API key.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.domain.errors import InvalidToken, Unauthorized, Unavailable
from chalicelib.domain.tokens.claims import (
    MAX_TOKEN_BYTES,
    MAX_TOKEN_SECONDS,
    Credential,
    VerifiedClaims,
    not_before,
)
from chalicelib.domain.tokens.system_state import CLOCK_LEEWAY_SECONDS

if TYPE_CHECKING:
    from chalicelib.domain.ports import Clock, Keys, SessionReader, TokenCodec
    from chalicelib.domain.sessions.session import Session
    from chalicelib.domain.tokens.signing_keys import KeySet, SigningKey
    from chalicelib.domain.tokens.system_state import SystemState
    from chalicelib.oauth.api_keys.basic import ApiKeyVerifier

_BASIC = re.compile(r"[Bb][Aa][Ss][Ii][Cc](?: .*)?", re.DOTALL)
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr](?: +(?P<token>.*))?", re.DOTALL)


def bearer_token(authorization: str) -> str:
    """Return the unverified text after the scheme. Raises Unauthorized without the Bearer scheme."""
    match = _BEARER.fullmatch(authorization)
    if match is None:
        raise Unauthorized("no access token")
    return match["token"] or ""


@dataclass(frozen=True, slots=True)
class _Statement:
    """The claims of a correctly signed token, its signing key, and the key set that contains this key."""

    claims: VerifiedClaims
    key: SigningKey
    keys: KeySet


@dataclass(frozen=True, slots=True)
class AccessTokenVerifier:
    """Verifies access tokens: signature and claims, then session and key against the table.

    `issuer` and `audience` are settings. If `issuer` is empty, the issuer is the one that the deployment has
    recorded in the table, or without a record `asked`, the URL of the API that calls the authorizer. With
    the record, other APIs can use the authorizer. If `audience` is empty, it is the issuer.
    `key_cache_seconds` is how long a function may sign with a key after its replacement. `api_keys` returns
    the verifier of API keys, which most requests do not need.
    """

    codec: TokenCodec
    keys: Keys
    sessions: SessionReader
    clock: Clock
    issuer: str
    audience: str
    asked: str
    key_cache_seconds: int
    api_keys: Callable[[], ApiKeyVerifier]

    def authenticate(self, authorization: str) -> VerifiedClaims:
        """Return the claims of an Authorization header with an access token or, as Basic, an API key.

        Raises Unauthorized for another scheme or none, and otherwise as `verify` does.
        """
        if _BASIC.fullmatch(authorization):
            return self.api_keys().verify_basic(authorization)
        return self.verify(bearer_token(authorization))

    def verify(self, unverified_text: str) -> VerifiedClaims:
        """Return the claims of a valid token.

        Raises InvalidToken for any other token, Unavailable during an outage, and its subclass
        TooManyUnknownKeys if the key is unknown and the look-ups of unknown keys are used up.
        """
        claims, session = self.look_up(unverified_text)
        if session is None and claims.credential is Credential.SESSION:
            raise InvalidToken("session ended", user_id=claims.subject)
        return claims

    def look_up(self, unverified_text: str) -> tuple[VerifiedClaims, Session | None]:
        """Return the claims of a token and its session, or None if the session is no longer active.

        A token that came from an API key has no session either; it is only returned while the key is valid.
        Raises InvalidToken, Unavailable and TooManyUnknownKeys, as `verify` does.
        """
        statement = self._verify_statement(unverified_text)
        if statement.claims.credential is Credential.API_KEY:
            return self._look_up_key(statement, unverified_text), None
        view = self.sessions.session(statement.claims.subject, statement.claims.session_id)
        statement = self._confirmed(statement, unverified_text, view.system)
        session, epoch = view.session, max(view.epoch, statement.keys.current.epoch)
        return statement.claims, session if session and session.is_active(self.clock(), epoch) else None

    def _look_up_key(self, statement: _Statement, unverified_text: str) -> VerifiedClaims:
        api_keys = self.api_keys()
        view = api_keys.look_up(statement.claims)
        statement = self._confirmed(statement, unverified_text, view.system)
        return api_keys.narrowed(statement.claims, view)

    def _confirmed(self, statement: _Statement, unverified_text: str, system: SystemState) -> _Statement:
        """Check the signing key against the table, and verify again if a breach was declared meanwhile."""
        if system.epoch > statement.keys.current.epoch:
            # A breach was declared after these keys were cached, so their signatures prove nothing any more.
            self.keys.current(epoch=system.epoch)
            statement = self._verify_statement(unverified_text)
        self._check_issuer(statement.claims, system.issuer)
        self._check_key(statement, system)
        return statement

    def _verify_statement(self, unverified_text: str) -> _Statement:
        if not unverified_text.isascii() or not 0 < len(unverified_text) <= MAX_TOKEN_BYTES:
            raise InvalidToken("malformed token")
        unverified, now = self.codec.parse(unverified_text), self.clock()
        keys = self.keys.for_kid(unverified.kid, unverified.issued_at)
        key = keys.verifier(unverified.kid, now) or keys.unpromoted
        if key is None:
            raise InvalidToken("unknown key")
        payload = self.codec.verify(unverified, key)
        claims = VerifiedClaims.from_mapping(payload)
        if not_before(payload) > now:
            raise InvalidToken("not yet valid", user_id=claims.subject)
        self._check_claims(claims, now)
        return _Statement(claims, key, keys)

    def _check_issuer(self, claims: VerifiedClaims, recorded: str) -> None:
        issuer = self.issuer or recorded or self.asked
        if claims.issuer != issuer or claims.audience != (self.audience or issuer):
            raise InvalidToken("foreign token")

    def _check_claims(self, claims: VerifiedClaims, now: int) -> None:
        if self.issuer:
            # Known without a read.
            self._check_issuer(claims, "")
        if claims.expires_at <= now:
            raise InvalidToken("expired", user_id=claims.subject)
        if claims.issued_at > now + CLOCK_LEEWAY_SECONDS:
            raise InvalidToken("issued in the future", user_id=claims.subject)
        if claims.expires_at - claims.issued_at > MAX_TOKEN_SECONDS:
            raise InvalidToken("lives too long", user_id=claims.subject)

    def _check_key(self, statement: _Statement, system: SystemState) -> None:
        """Check the key against the replacements recorded in the table.

        Raises InvalidToken for a key that had been replaced when the token was issued, and Unavailable for
        one whose promotion Secrets Manager does not show yet.
        """
        claims, kid = statement.claims, statement.key.kid
        if not system.may_have_signed(kid, claims.issued_at, self.key_cache_seconds):
            raise InvalidToken("signed by a replaced key", user_id=claims.subject)
        if statement.key is statement.keys.unpromoted:
            if statement.keys.current.kid in system.replaced_at:
                raise Unavailable("the promotion of a key cannot be seen yet")
            raise InvalidToken("unknown key")
