"""The token endpoint (RFC 6749 §3.2): authenticates the client and selects the grant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.domain.errors import UnsupportedGrantType
from chalicelib.oauth.access_tokens import TokenResponse
from chalicelib.oauth.clients import authenticate_client
from chalicelib.oauth.form import required
from chalicelib.oauth.requests import TokenRequest

Grant = Callable[[TokenRequest, str], TokenResponse]


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Passes a token request to the grant of its `grant_type`."""

    grants: Mapping[str, Grant]
    clients: frozenset[str]

    def __call__(self, request: TokenRequest) -> TokenResponse:
        """Answer a token request. Raises an OAuthError (RFC 6749 §5.2), or Unavailable."""
        grant_type = required(request.parameters, "grant_type")
        client_id = authenticate_client(request.parameters, request.authorization, self.clients)
        if grant_type not in self.grants:
            raise UnsupportedGrantType("unsupported grant type")
        return self.grants[grant_type](request, client_id)
