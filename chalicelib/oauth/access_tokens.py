"""Access tokens: short-lived JWTs for a session (RFC 7519, in the form of RFC 9068)."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.errors import InvalidScope
from chalicelib.domain.ports import Entropy, TokenCodec
from chalicelib.domain.sessions.session import Session
from chalicelib.domain.sign_in.device_keys import DeviceKey
from chalicelib.domain.tokens.claims import MAX_TOKEN_BYTES, AccessTokenClaims
from chalicelib.domain.tokens.scopes import Scope
from chalicelib.domain.tokens.signing_keys import SigningKey

TOKEN_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """A successful response (RFC 6749 §5.1). `repr` is overridden: most of its fields are credentials."""

    access_token: str
    expires_in: int
    refresh_token: str
    scope: Scope
    device_key: DeviceKey | None = None

    def __repr__(self) -> str:
        return "TokenResponse(…)"

    def to_wire(self) -> dict[str, str | int]:
        """Return the JSON members of RFC 6749 §5.1, and after a sign-in the device key."""
        device_key = {"device_key": self.device_key.serialize()} if self.device_key else {}
        return {
            "access_token": self.access_token,
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "refresh_token": self.refresh_token,
            "scope": str(self.scope),
            **device_key,
        }


@dataclass(frozen=True, slots=True)
class AccessTokenIssuer:
    """Issues access tokens for sessions. `lifetime` is in seconds."""

    codec: TokenCodec
    entropy: Entropy
    lifetime: int

    def issue(
        self, session: Session, scope: Scope, key: SigningKey, *, issuer: str, audience: str, now: int
    ) -> tuple[str, int]:
        """Return a token and its lifetime in seconds, at most that of the session.

        Raises InvalidScope if the permissions make the token too large.
        """
        expires_at = min(now + self.lifetime, session.expires_at)
        claims = AccessTokenClaims(
            subject=session.user_id,
            session_id=session.session_id,
            client_id=session.client_id,
            scope=scope,
            issuer=issuer,
            audience=audience,
            token_id=self.entropy(TOKEN_ID_BYTES).hex(),
            issued_at=now,
            expires_at=expires_at,
        )
        token = self.codec.sign(claims.to_mapping(), key)
        if len(token) > MAX_TOKEN_BYTES:
            # Every route would refuse such a token, and the app would refresh in a loop.
            raise InvalidScope("token too large")
        return token, expires_at - now
