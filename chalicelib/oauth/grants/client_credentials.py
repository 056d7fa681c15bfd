"""The client credentials grant (RFC 6749 §4.4), with an API key as client authentication."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.ports import Clock, Keys
from chalicelib.domain.tokens.scopes import Scope, resolve_scope
from chalicelib.oauth.access_tokens import AccessTokenIssuer, TokenResponse
from chalicelib.oauth.api_keys.clients import ApiKeyClient
from chalicelib.oauth.requests import TokenRequest


@dataclass(frozen=True, slots=True)
class ClientCredentialsGrant:
    """RFC 6749 §4.4: an API key for an access token that ends with the key. There is no refresh token.

    It needs no throttle: a secret of 256 random bits cannot be guessed, and a throttle would let anybody who
    knows a key's id lock out its server.
    """

    keys: Keys
    tokens: AccessTokenIssuer
    clock: Clock

    def __call__(self, request: TokenRequest, client: ApiKeyClient) -> TokenResponse:
        """Return an access token (RFC 6749 §4.4.3). Raises InvalidScope and Unavailable."""
        requested = Scope.parse(request.parameters["scope"]) if "scope" in request.parameters else None
        scope = resolve_scope(requested, client.scope)
        access_token, expires_in = self.tokens.issue_for_key(
            client.key,
            scope,
            self.keys.current().current,
            issuer=request.issuer,
            audience=request.audience,
            now=self.clock(),
        )
        return TokenResponse(access_token, expires_in, "", scope)
