"""Clients that authenticate with an API key (RFC 6749 §2.3.1): by HTTP Basic, or in the body."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain.api_keys.api_key import ApiKey
from chalicelib.domain.errors import InvalidToken
from chalicelib.domain.tokens.scopes import Scope
from chalicelib.oauth.api_keys.basic import ApiKeyVerifier
from chalicelib.oauth.clients import PresentedClient


@dataclass(frozen=True, slots=True)
class ApiKeyClient:
    """An authenticated client: a key, and its current permissions."""

    key: ApiKey
    scope: Scope


@dataclass(frozen=True, slots=True)
class ApiKeyClients:
    """Authenticates clients. `verifier` returns the verifier of keys for an issuer."""

    verifier: Callable[[str], ApiKeyVerifier]

    def __call__(self, presented: PresentedClient, issuer: str) -> ApiKeyClient:
        """Return the client with its key.

        Raises InvalidClient for a key that is malformed, unknown, wrong or ended, and Unavailable.
        """
        try:
            view = self.verifier(issuer).verify(presented.client_id, presented.secret)
        except InvalidToken as error:
            refused = presented.refused(error.reason)
            refused.user_id = error.user_id
            raise refused from error
        assert view.key is not None  # noqa: S101 - `verify` has returned it
        return ApiKeyClient(view.key, view.scope)
