"""Token introspection (RFC 7662): whether an access token is valid, for servers with an API key."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.errors import InsufficientScope, InvalidToken
from chalicelib.oauth.api_keys.clients import ApiKeyClients
from chalicelib.oauth.bearer import AccessTokenVerifier
from chalicelib.oauth.clients import PresentedClient
from chalicelib.oauth.form import required
from chalicelib.oauth.requests import TokenRequest

INTROSPECT = "tokens:introspect"
"""The permission that a key needs to introspect tokens."""
_INACTIVE = {"active": False}


@dataclass(frozen=True, slots=True)
class Introspection:
    """The introspection endpoint (RFC 7662 §2). It ignores the type hint: only access tokens are active."""

    authenticate: ApiKeyClients

    def __call__(self, request: TokenRequest, verifier: AccessTokenVerifier) -> dict[str, str | int | bool]:
        """Return the members of RFC 7662 §2.2. No token is spent or extended.

        Raises InvalidRequest, InvalidClient, InsufficientScope for a key without `tokens:introspect`
        (RFC 7662 §2.3 refers to RFC 6750 §3.1), and Unavailable: an outage makes no token inactive.
        """
        presented = PresentedClient.of(request.parameters, request.authorization)
        client = self.authenticate(presented, request.issuer)
        if INTROSPECT not in client.scope.permissions:
            raise InsufficientScope(INTROSPECT)
        token = required(request.parameters, "token")
        try:
            claims = verifier.verify(token)
        except InvalidToken:
            # One response for every reason (RFC 7662 §2.2).
            return {**_INACTIVE}
        members = claims.to_mapping()
        del members["sid"]
        return {"active": True, **members, "token_type": "Bearer"}
