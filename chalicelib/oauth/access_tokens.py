"""Access tokens: short-lived JWTs for a session or an API key (RFC 7519, in the form of RFC 9068)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.errors import InvalidScope
from chalicelib.domain.ports import Entropy, TokenCodec
from chalicelib.domain.sessions.session import Session
from chalicelib.domain.sign_in.device_keys import DeviceKey
from chalicelib.domain.tokens.claims import MAX_TOKEN_BYTES, AccessTokenClaims
from chalicelib.domain.tokens.scopes import Scope
from chalicelib.domain.tokens.signing_keys import SigningKey

if TYPE_CHECKING:
    from chalicelib.domain.api_keys.api_key import ApiKey

TOKEN_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """A successful response (RFC 6749 §5.1). `repr` is overridden: most of its fields are credentials.

    `refresh_token` is empty for a client with an API key (RFC 6749 §4.4.3).
    """

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
            **({"refresh_token": self.refresh_token} if self.refresh_token else {}),
            "scope": str(self.scope),
            **device_key,
        }


class _Holder(NamedTuple):
    """The session or API key that a token is issued for, and when it ends, if it does."""

    user_id: str
    session_id: str
    client_id: str
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class AccessTokenIssuer:
    """Issues access tokens for sessions and API keys. `lifetime` is in seconds."""

    codec: TokenCodec
    entropy: Entropy
    lifetime: int

    def issue(
        self, session: Session, scope: Scope, key: SigningKey, *, issuer: str, audience: str, now: int
    ) -> tuple[str, int]:
        """Return a token and its lifetime in seconds, at most that of the session.

        Raises InvalidScope if the permissions make the token too large.
        """
        holder = _Holder(session.user_id, session.session_id, session.client_id, session.expires_at)
        return self._issue(holder, scope, key, issuer=issuer, audience=audience, now=now)

    def issue_for_key(
        self, api_key: ApiKey, scope: Scope, key: SigningKey, *, issuer: str, audience: str, now: int
    ) -> tuple[str, int]:
        """Return a token that counts as an API key, and its lifetime in seconds, at most that of the key.

        Raises InvalidScope if the permissions make the token too large.
        """
        holder = _Holder(api_key.user_id, api_key.key_id, api_key.key_id, api_key.expires_at)
        return self._issue(holder, scope, key, issuer=issuer, audience=audience, now=now)

    def _issue(
        self, holder: _Holder, scope: Scope, key: SigningKey, *, issuer: str, audience: str, now: int
    ) -> tuple[str, int]:
        latest = now + self.lifetime
        expires_at = latest if holder.expires_at is None else min(latest, holder.expires_at)
        claims = AccessTokenClaims(
            subject=holder.user_id,
            session_id=holder.session_id,
            client_id=holder.client_id,
            scope=scope,
            issuer=issuer,
            audience=audience,
            token_id=self.entropy(TOKEN_ID_BYTES).hex(),
            issued_at=now,
            expires_at=expires_at,
        )
        return self._signed(claims, key), expires_at - now

    def _signed(self, claims: AccessTokenClaims, key: SigningKey) -> str:
        token = self.codec.sign(claims.to_mapping(), key)
        if len(token) > MAX_TOKEN_BYTES:
            # Every route would refuse such a token, and the app would refresh in a loop.
            raise InvalidScope("token too large")
        return token
