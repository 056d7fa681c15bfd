"""Authorization server metadata (RFC 8414): endpoints, grants and methods of client authentication.

`ENDPOINTS` is the single table of the endpoints. The metadata is made from it, and tests compare the routes
and the README with it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from chalicelib.domain.errors import NotFound
from chalicelib.domain.ports import Clock, Keys
from chalicelib.domain.tokens.public_keys import published_keys

Document = dict[str, str | list[str]]

PUBLIC_CLIENT = ("none",)
API_KEY = ("client_secret_basic", "client_secret_post")
"""Methods of client authentication (RFC 7591 §2): for apps, which cannot keep a secret, and for servers."""
CLIENT_CREDENTIALS = "client_credentials"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint and its member of the metadata (RFC 8414 §2).

    `authentication` are the methods of client authentication at the endpoint; empty if it has no clients.
    Those of `API_KEY` are offered only with the `client_credentials` grant.
    """

    member: str
    path: str
    authentication: tuple[str, ...] = ()


ENDPOINTS = (
    Endpoint("token_endpoint", "/oauth/token", (*PUBLIC_CLIENT, *API_KEY)),
    Endpoint("revocation_endpoint", "/oauth/revoke", PUBLIC_CLIENT),
    Endpoint("introspection_endpoint", "/oauth/introspect", API_KEY),
    Endpoint("jwks_uri", "/.well-known/jwks.json"),
)


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata of one deployment. `grants` are the grant types of its token endpoint."""

    grants: Collection[str]

    def __call__(self, issuer: str) -> Document:
        """Return the metadata of an issuer (RFC 8414 §2).

        There is no authorization endpoint, so `response_types_supported` is empty. There is no
        `scopes_supported`, since operators choose the names of permissions. `subject_types_supported` and the
        algorithms of ID tokens are left out: this is no OpenID provider, although the document is also at the
        path of one (RFC 8414 §5).
        """
        document: Document = {"issuer": issuer}
        for endpoint in ENDPOINTS:
            document[endpoint.member] = issuer.rstrip("/") + endpoint.path
            if endpoint.authentication:
                document[f"{endpoint.member}_auth_methods_supported"] = self._offered(endpoint)
        return document | {
            "grant_types_supported": sorted(self.grants),
            "response_types_supported": [],
        }

    def at_root(self, issuer: str) -> Document:
        """Return the metadata for `/.well-known/oauth-authorization-server`.

        RFC 8414 §3.1 inserts that path before the path of the issuer. The URL of an API Gateway stage begins
        with the stage, so the document cannot be served there. Raises NotFound for such an issuer.
        """
        if urlsplit(issuer).path not in {"", "/"}:
            raise NotFound("issuer has a path")
        return self(issuer)

    def _offered(self, endpoint: Endpoint) -> list[str]:
        offers_keys = CLIENT_CREDENTIALS in self.grants
        return [one for one in endpoint.authentication if offers_keys or one not in API_KEY]


@dataclass(frozen=True, slots=True)
class PublishedKeys:
    """The JWK Set (RFC 7517 §5) of the signing keys."""

    keys: Keys
    clock: Clock

    def __call__(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys that verify now, and the one that signs next; none with HS256.

        Raises Unavailable.
        """
        return {"keys": published_keys(self.keys.published(), self.clock())}
