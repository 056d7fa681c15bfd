"""Bearer token usage (RFC 6750 §2.1): from an Authorization header to verified claims."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chalicelib.domain.errors import InvalidToken, Unauthorized
from chalicelib.domain.ports import Clock, Keys, SessionReader, TokenCodec
from chalicelib.domain.sessions.session import Session
from chalicelib.domain.tokens.claims import MAX_TOKEN_BYTES, VerifiedClaims, not_before

_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr](?: +(?P<token>.*))?", re.DOTALL)


def bearer_token(authorization: str) -> str:
    """Return what follows the scheme, still unverified. Raises Unauthorized where there is no Bearer."""
    match = _BEARER.fullmatch(authorization)
    if match is None:
        raise Unauthorized("no access token")
    return match["token"] or ""


@dataclass(frozen=True, slots=True)
class AccessTokenVerifier:
    """Verifies access tokens: the signature, then what it says, then whether its session still stands."""

    codec: TokenCodec
    keys: Keys
    sessions: SessionReader
    clock: Clock
    issuer: str
    audience: str

    def verify(self, unverified_text: str) -> VerifiedClaims:
        """Return the claims of a token that may be believed now.

        Raises InvalidToken for any token that is not, and Unavailable where that cannot be told.
        """
        claims, session = self.look_up(unverified_text)
        if session is None:
            raise InvalidToken("session ended", user_id=claims.subject)
        return claims

    def look_up(self, unverified_text: str) -> tuple[VerifiedClaims, Session | None]:
        """Return the claims of a good token, with its session, or None where that no longer stands.

        Raises as `verify` does for any other fault of the token.
        """
        claims, key_epoch = self._verify_statement(unverified_text)
        view = self.sessions.session(claims.subject, claims.session_id)
        if view.epoch > key_epoch:
            # A breach was declared since these keys were cached: what they verify proves nothing any more.
            self.keys.current(epoch=view.epoch)
            claims, _ = self._verify_statement(unverified_text)
        session = view.session
        return claims, session if session and session.is_active(self.clock(), view.epoch) else None

    def _verify_statement(self, unverified_text: str) -> tuple[VerifiedClaims, int]:
        """Return the claims, and the epoch of the keys that they were verified with."""
        if not unverified_text.isascii() or not 0 < len(unverified_text) <= MAX_TOKEN_BYTES:
            raise InvalidToken("malformed token")
        unverified, now = self.codec.peek(unverified_text), self.clock()
        keys = self.keys.for_kid(unverified.kid, unverified.issued_at)
        key = keys.verifier(unverified.kid, now)
        if key is None:
            raise InvalidToken("unknown key")
        payload = self.codec.verify(unverified_text, key)
        claims = VerifiedClaims.from_mapping(payload)
        if not_before(payload) > now:
            raise InvalidToken("not yet valid", user_id=claims.subject)
        if claims.issuer != self.issuer or claims.audience != self.audience:
            raise InvalidToken("foreign token")
        if claims.expires_at <= now:
            raise InvalidToken("expired", user_id=claims.subject)
        return claims, keys.current.epoch
