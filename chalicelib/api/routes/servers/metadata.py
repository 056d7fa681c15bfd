"""`/.well-known/…`: metadata (RFC 8414) and public keys (RFC 7517), which anyone may read and cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib.api.http import ANY_TYPE, current_request
from chalicelib.api.issuer import issuer_of_request
from chalicelib.services import get_services

blueprint = Blueprint(__name__)
METADATA_SECONDS = 3600
"""How long the metadata may be cached. It changes with a deployment."""
KEYS_SECONDS = 300
"""How long the public keys may be cached.

A new key is published a day before it signs. After a breach, other services may accept old keys this long.
"""


@blueprint.route("/.well-known/openid-configuration", methods=["GET"], content_types=ANY_TYPE)
def openid_configuration() -> Response:
    """Return the metadata at the path that OpenID clients use (RFC 8414 §5)."""
    return _cacheable(get_services().metadata(_issuer()), METADATA_SECONDS)


@blueprint.route("/.well-known/oauth-authorization-server", methods=["GET"], content_types=ANY_TYPE)
def oauth_authorization_server() -> Response:
    """Return the metadata, if the issuer has no path (RFC 8414 §3.1)."""
    return _cacheable(get_services().metadata.at_root(_issuer()), METADATA_SECONDS)


@blueprint.route("/.well-known/jwks.json", methods=["GET"], content_types=ANY_TYPE)
def jwks() -> Response:
    """Return the public keys."""
    return _cacheable(get_services().published_keys(), KEYS_SECONDS)


def _issuer() -> str:
    return issuer_of_request(get_services().settings, current_request().context)


def _cacheable(body: Mapping[str, Any], seconds: int) -> Response:
    return Response(dict(body), {"Cache-Control": f"public, max-age={seconds}"}, 200)
