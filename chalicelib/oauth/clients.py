"""Client authentication (RFC 6749 §2.3).

Apps are public clients, since an app cannot keep a secret. Servers authenticate with an API key, which
`api_keys/clients.py` verifies.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote_plus

from chalicelib.domain.errors import InvalidClient, InvalidRequest
from chalicelib.domain.tokens.claims import API_KEY_PREFIX

# No header, or an access token, which some HTTP libraries send with every request: no client authentication.
_NO_CLIENT = re.compile(r"(?:(?i:bearer) +[^\s,]+)?")
_BASIC = re.compile(r"(?i:basic) +(?P<credentials>[A-Za-z0-9+/=]+)")
BUILT_IN_CLIENT = "mobile-app"
"""The client of a request without `client_id`. It always exists."""


@dataclass(frozen=True, slots=True)
class PresentedClient:
    """The unverified client credentials of a request. `client_id` is empty if the request has none."""

    client_id: str
    secret: str = field(repr=False)
    basic_was_tried: bool

    @classmethod
    def of(cls, parameters: Mapping[str, str], authorization: str) -> Self:
        """Read the client of a request (RFC 6749 §2.3.1): HTTP Basic, or parameters.

        Raises InvalidClient for malformed Basic credentials and for an assertion (RFC 7521 §4.2), since no
        client has a key of its own; InvalidRequest if parameters and header name different clients or both
        have a secret.
        """
        # White space is not part of the pattern: matching it at both ends takes quadratic time.
        header = authorization.strip()
        basic = None if _NO_CLIENT.fullmatch(header) else _basic_credentials(header)
        if "client_assertion" in parameters:
            raise InvalidClient("client assertion", basic_was_tried=basic is not None)
        named, secret = parameters.get("client_id"), parameters.get("client_secret", "")
        if basic is None:
            return cls(named or "", secret, basic_was_tried=False)
        basic_id, basic_secret = basic
        if named not in {None, basic_id} or (secret and basic_secret):
            raise InvalidRequest(
                "two clients",
                description="The Authorization header and the parameters disagree about the client.",
            )
        return cls(basic_id, basic_secret or secret, basic_was_tried=True)

    @property
    def is_api_key(self) -> bool:
        """Return whether the client id has the form of an API key's id."""
        return self.client_id.startswith(API_KEY_PREFIX)

    def refused(self, reason: str) -> InvalidClient:
        """Return the error of a client that failed to authenticate."""
        return InvalidClient(reason, basic_was_tried=self.basic_was_tried)


def public_client(presented: PresentedClient, clients: Collection[str]) -> str:
    """Return the id of a public client (RFC 6749 §3.2.1), by default the built-in one.

    It sends `client_id`, or HTTP Basic with an empty secret as many libraries do. Raises InvalidClient for an
    unknown client, and for any secret: public clients have none.
    """
    client_id = presented.client_id or BUILT_IN_CLIENT
    if client_id not in clients or presented.secret:
        raise presented.refused("client secret presented" if presented.secret else "unknown client")
    return client_id


def _basic_credentials(authorization: str) -> tuple[str, str]:
    """Return id and secret of a Basic header, both form-decoded (RFC 6749 §2.3.1).

    Raises InvalidClient for anything else, since ignoring it would accept unchecked credentials.
    """
    match = _BASIC.fullmatch(authorization)
    try:
        decoded = base64.b64decode(match["credentials"], validate=True).decode("utf-8") if match else ""
    except (binascii.Error, ValueError):
        decoded = ""
    client_id, colon, secret = decoded.partition(":")
    if not colon or not client_id:
        raise InvalidClient("malformed client credentials", basic_was_tried=True)
    return unquote_plus(client_id), unquote_plus(secret)
