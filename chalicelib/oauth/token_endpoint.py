"""The token endpoint (RFC 6749 §3.2): authenticates the client and selects the grant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.domain.errors import UnauthorizedClient, UnsupportedGrantType
from chalicelib.oauth.access_tokens import TokenResponse
from chalicelib.oauth.clients import PresentedClient, public_client
from chalicelib.oauth.form import required
from chalicelib.oauth.requests import TokenRequest

if TYPE_CHECKING:
    from chalicelib.oauth.api_keys.clients import ApiKeyClient

Grant = Callable[[TokenRequest, str], TokenResponse]
CLIENT_CREDENTIALS = "client_credentials"


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Passes a token request to the grant of its `grant_type`.

    `grants` are those of public clients. A client with an API key is authenticated by `authenticate_key`, and
    has the grant `client_credentials` alone. What it needs is built at its first use.
    """

    grants: Mapping[str, Grant]
    clients: frozenset[str]
    authenticate_key: Callable[[PresentedClient, str], ApiKeyClient]
    client_credentials: Callable[[TokenRequest, ApiKeyClient], TokenResponse]

    def __call__(self, request: TokenRequest) -> TokenResponse:
        """Answer a token request. Raises an OAuthError (RFC 6749 §5.2), or Unavailable."""
        grant_type = required(request.parameters, "grant_type")
        presented = PresentedClient.of(request.parameters, request.authorization)
        if presented.is_api_key:
            return self._for_key(grant_type, request, presented)
        client_id = public_client(presented, self.clients)
        if grant_type == CLIENT_CREDENTIALS:
            raise UnauthorizedClient("public client")
        if grant_type not in self.grants:
            raise UnsupportedGrantType("unsupported grant type")
        return self.grants[grant_type](request, client_id)

    def _for_key(self, grant_type: str, request: TokenRequest, presented: PresentedClient) -> TokenResponse:
        client = self.authenticate_key(presented, request.issuer)
        if grant_type in self.grants:
            raise UnauthorizedClient("api key with a grant of apps")
        if grant_type != CLIENT_CREDENTIALS:
            raise UnsupportedGrantType("unsupported grant type")
        return self.client_credentials(request, client)
