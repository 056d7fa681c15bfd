"""Client authentication (RFC 6749 §2.3). All clients are public: an app cannot keep a secret."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from urllib.parse import unquote_plus

from chalicelib.domain.errors import InvalidClient, InvalidRequest

# No header, or an access token, which some HTTP libraries send with every request: no client authentication.
_NO_CLIENT = re.compile(r"\s*(?:(?i:bearer) +[^\s,]+)?\s*")
_BASIC = re.compile(r"(?i:basic) +(?P<credentials>[A-Za-z0-9+/=]+)")
BUILT_IN_CLIENT = "mobile-app"
"""The client of a request without `client_id`. It always exists."""


def authenticate_client(parameters: Mapping[str, str], authorization: str, clients: Collection[str]) -> str:
    """Return the id of the requesting client (RFC 6749 §3.2.1).

    A public client sends `client_id`, or HTTP Basic with an empty secret as many libraries do. Raises
    InvalidClient for an unknown client, for any secret (public clients have none) and for malformed
    credentials, and InvalidRequest if parameters and header name different clients.
    """
    basic = None if _NO_CLIENT.fullmatch(authorization) else _basic_credentials(authorization)
    named = parameters.get("client_id")
    secret = parameters.get("client_secret", "") or parameters.get("client_assertion", "")
    if basic is not None:
        basic_id, basic_secret = basic
        if named not in {None, basic_id} or (secret and basic_secret):
            raise InvalidRequest(
                "two clients",
                description="The Authorization header and the parameters disagree about the client.",
            )
        named, secret = basic_id, basic_secret or secret
    client_id = named or BUILT_IN_CLIENT
    if client_id not in clients or secret:
        reason = "client secret presented" if secret else "unknown client"
        raise InvalidClient(reason, basic_was_tried=basic is not None)
    return client_id


def _basic_credentials(authorization: str) -> tuple[str, str]:
    """Return id and secret of a Basic header, both form-decoded (RFC 6749 §2.3.1).

    Raises InvalidClient for anything else, since ignoring it would accept unchecked credentials.
    """
    match = _BASIC.fullmatch(authorization.strip())
    try:
        decoded = base64.b64decode(match["credentials"], validate=True).decode("utf-8") if match else ""
    except (binascii.Error, ValueError):
        decoded = ""
    client_id, colon, secret = decoded.partition(":")
    if not colon or not client_id:
        raise InvalidClient("malformed client credentials", basic_was_tried=True)
    return unquote_plus(client_id), unquote_plus(secret)
