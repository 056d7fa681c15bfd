"""Every error of Gatehouse, as one tree.

::

    GatehouseError
    ├── OAuthError                    the token and revocation endpoints
    │   ├── InvalidRequest            400 invalid_request
    │   ├── InvalidClient             401 invalid_client
    │   ├── InvalidGrant              400 invalid_grant
    │   ├── UnauthorizedClient        400 unauthorized_client
    │   ├── UnsupportedGrantType      400 unsupported_grant_type
    │   ├── InvalidScope              400 invalid_scope
    │   └── TooManyAttempts           429 temporarily_unavailable
    ├── BearerError                   the protected routes
    │   ├── Unauthorized              401 unauthorized
    │   ├── InvalidToken              401 invalid_token
    │   └── InsufficientScope         403 insufficient_scope
    ├── NotFound                      404 not_found
    ├── MethodNotAllowed              405 method_not_allowed
    ├── AccessDenied                  403 access_denied
    ├── ServerError                   500 server_error
    ├── Unavailable                   503 temporarily_unavailable
    │   ├── UnreadableKey             503 temporarily_unavailable
    │   └── TooManyUnknownKeys        503 temporarily_unavailable
    └── in `accounts/errors.py` and `accounts/password_errors.py`: those of accounts

`description` is sent to the client: it is fixed text and never contains input. Each status and code has one
text, whether a function or API Gateway responds (tests compare the template's gateway responses with this
module); only `invalid_request` has several, each of which names the parameter and its fault. `reason` and
`user_id` are for the log and the metrics, and are never sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

REALM = "gatehouse"
RETRY_AFTER_OUTAGE = 5
"""Seconds after which an app may try again while a dependency is down."""


class GatehouseError(Exception):
    """An error with a defined HTTP response."""

    status: ClassVar[int]
    code: ClassVar[str]
    description: ClassVar[str]

    def __init__(
        self, reason: str = "", *, description: str | None = None, user_id: str | None = None
    ) -> None:
        super().__init__(reason or self.code)
        self.reason = reason or self.code
        self.public_description = description or self.description
        self.user_id = user_id

    @property
    def headers(self) -> Mapping[str, str]:
        """Response headers of this error."""
        return {}


class OAuthError(GatehouseError):
    """An error response of the token endpoint (RFC 6749 §5.2)."""


class InvalidRequest(OAuthError):
    """A parameter is missing, repeated, undecodable or oversized (RFC 6749 §5.2)."""

    status, code = 400, "invalid_request"
    description = "The request is malformed."


class InvalidClient(OAuthError):
    """The client is unknown, or failed to authenticate (RFC 6749 §5.2)."""

    status, code = 401, "invalid_client"
    description = "The client is unknown or failed to authenticate."

    def __init__(self, reason: str = "", *, basic_was_tried: bool = False) -> None:
        super().__init__(reason)
        self._basic_was_tried = basic_was_tried

    @property
    def headers(self) -> Mapping[str, str]:
        """The challenge, if the client used HTTP authentication."""
        return {"WWW-Authenticate": f'Basic realm="{REALM}"'} if self._basic_was_tried else {}


class InvalidGrant(OAuthError):
    """The credentials or the refresh token are invalid (RFC 6749 §5.2). One text for every reason."""

    status, code = 400, "invalid_grant"
    description = "The credentials or the refresh token are invalid, expired or revoked."


class UnauthorizedClient(OAuthError):
    """The client may not use this grant or endpoint (RFC 6749 §5.2)."""

    status, code = 400, "unauthorized_client"
    description = "The client may not use this grant type or endpoint."


class UnsupportedGrantType(OAuthError):
    """The grant is not offered here (RFC 6749 §5.2)."""

    status, code = 400, "unsupported_grant_type"
    description = "The grant type is not supported."


class InvalidScope(OAuthError):
    """The scope is malformed, or more than may be granted (RFC 6749 §5.2)."""

    status, code = 400, "invalid_scope"
    description = "The scope is malformed or exceeds what may be granted."


class TooManyAttempts(OAuthError):
    """Too many failed sign-ins for this name (RFC 6749 §4.3.2 asks for protection against brute force)."""

    status, code = 429, "temporarily_unavailable"
    description = "Too many attempts. Try again later."

    def __init__(self, retry_after: int, *, user_id: str | None = None) -> None:
        super().__init__("throttled", user_id=user_id)
        self.retry_after = retry_after

    @property
    def headers(self) -> Mapping[str, str]:
        """`Retry-After`: seconds until the next attempt is accepted."""
        return {"Retry-After": str(self.retry_after)}


class BearerError(GatehouseError):
    """An error response of a protected resource (RFC 6750 §3.1).

    API Gateway renames its challenge when a function, not a gateway response, sets it.
    """

    @property
    def headers(self) -> Mapping[str, str]:
        """The challenge, with the error code."""
        attributes = {"realm": REALM, **self._fault()}
        return {"WWW-Authenticate": "Bearer " + ", ".join(f'{name}="{v}"' for name, v in attributes.items())}

    def _fault(self) -> Mapping[str, str]:
        return {"error": self.code}


class Unauthorized(BearerError):
    """No credential was sent, so the challenge has no error code (RFC 6750 §3.1)."""

    status, code = 401, "unauthorized"
    description = "Send an access token or an API key in the Authorization header."

    def _fault(self) -> Mapping[str, str]:
        return {}


class InvalidToken(BearerError):
    """The token or API key is malformed, forged, expired, revoked or of another kind (RFC 6750 §3.1)."""

    status, code = 401, "invalid_token"
    description = "The access token or API key is malformed, expired or revoked."


class InsufficientScope(BearerError):
    """The credential is valid, but lacks the permission, or is no session's (RFC 6750 §3.1)."""

    status, code = 403, "insufficient_scope"
    description = "The credential lacks a permission that this needs, or is not a session's token."

    def __init__(self, needed: str = "") -> None:
        super().__init__()
        self._needed = needed

    def _fault(self) -> Mapping[str, str]:
        # No permission is enough for a route that requires a session's token, so the challenge has no scope.
        return {**super()._fault(), **({"scope": self._needed} if self._needed else {})}


class NotFound(GatehouseError):
    """The resource does not exist."""

    status, code = 404, "not_found"
    description = "There is no such resource."


class MethodNotAllowed(GatehouseError):
    """The endpoint exists, and takes another method (RFC 6749 §3.2)."""

    status, code = 405, "method_not_allowed"
    description = "The endpoint takes POST only."

    @property
    def headers(self) -> Mapping[str, str]:
        """The allowed methods (RFC 9110 §10.2.1)."""
        return {"Allow": "POST"}


class AccessDenied(GatehouseError):
    """The operator blocks the request for every caller: by a firewall, or by disabling a function."""

    status, code = 403, "access_denied"
    description = "The operator does not allow this request."


class ServerError(GatehouseError):
    """A defect in a function. The credentials may be valid, and a retry will probably fail, too."""

    status, code = 500, "server_error"
    description = "The request failed because of a fault in the service."


class Unavailable(GatehouseError):
    """A dependency does not answer, so the request can be neither granted nor denied."""

    status, code = 503, "temporarily_unavailable"
    description = "The service is temporarily unavailable. Try again."

    @property
    def headers(self) -> Mapping[str, str]:
        """`Retry-After`: seconds until the client should try again."""
        return {"Retry-After": str(RETRY_AFTER_OUTAGE)}


class UnreadableKey(Unavailable):
    """The value in Secrets Manager is not a signing key, for example after a manual edit."""


class TooManyUnknownKeys(Unavailable):
    """A token names a key that may be newer than the cached ones, and the look-ups for such keys are used up.

    Anyone can send such tokens, so this must not be counted as an outage or raise its alarm.
    """
