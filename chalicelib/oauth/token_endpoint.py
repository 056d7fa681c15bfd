"""The token endpoint (RFC 6749 §3.2): which client asks, by which grant."""

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
    """Hands a request to the grant that it names."""

    grants: Mapping[str, Grant]
    clients: frozenset[str]

    def __call__(self, request: TokenRequest) -> TokenResponse:
        """Answer a token request. Raises an OAuthError (RFC 6749 §5.2), or Unavailable."""
        grant_type = required(request.parameters, "grant_type")
        client_id = authenticate_client(request.parameters, request.authorization, self.clients)
        if grant_type not in self.grants:
            raise UnsupportedGrantType("unsupported grant type")
        return self.grants[grant_type](request, client_id)
