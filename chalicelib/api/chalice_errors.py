"""What Chalice refuses by itself, or a view by Chalice's own exceptions, in the words of the contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalice.app import ChaliceViewError, Response

from chalicelib.domain.errors import (
    RETRY_AFTER_OUTAGE,
    BearerError,
    GatehouseError,
    InvalidRequest,
    NotFound,
    TooManyAttempts,
    Unauthorized,
    Unavailable,
)

_UNSUPPORTED_MEDIA_TYPE, _INTERNAL_SERVER_ERROR = 415, 500
_SHAPE = {"Code", "Message"}


class _Forbidden(BearerError):
    """Refused for a reason of the view's own: which permission would do is not known here (RFC 6750 §3.1)."""

    status, code = 403, "insufficient_scope"
    description = "The access token does not allow this."


def _as(status_: int, code_: str, description_: str) -> type[GatehouseError]:
    class Refusal(GatehouseError):
        """A refusal for which Gatehouse itself has no use."""

        status, code, description = status_, code_, description_

    return Refusal


_REFUSALS: dict[int, Callable[[str], GatehouseError]] = {
    400: InvalidRequest,
    401: Unauthorized,
    403: _Forbidden,
    404: NotFound,
    405: _as(405, "method_not_allowed", "The method is not allowed here."),
    408: _as(408, "invalid_request", "The request took too long."),
    409: _as(409, "conflict", "The request conflicts with what there is."),
    # The contract has one answer for a body that cannot be read, its type included.
    _UNSUPPORTED_MEDIA_TYPE: InvalidRequest,
    422: _as(422, "invalid_request", "The request cannot be processed."),
    429: lambda _: TooManyAttempts(RETRY_AFTER_OUTAGE),
}


def of_exception(error: ChaliceViewError) -> GatehouseError:
    """Return the refusal that a view meant by one of Chalice's exceptions. Its text stays behind."""
    return _refusal(error.STATUS_CODE, type(error).__name__)


def of_response(response: Response) -> GatehouseError | None:
    """Return the refusal that a response of Chalice's own is, or None for one that a view made.

    Any 500 is an outage, whoever made it: no text of it goes out.
    """
    status, body = response.status_code, response.body
    if status == _INTERNAL_SERVER_ERROR:
        return Unavailable("unhandled")
    is_foreign = isinstance(body, dict) and body.keys() == _SHAPE and status >= InvalidRequest.status
    return _refusal(status, _name(body)) if is_foreign else None


def _name(body: dict[str, Any]) -> str:
    """Return Chalice's name of what is wrong: one word of code, not what was sent."""
    return str(body["Code"])


def _refusal(status: int, reason: str) -> GatehouseError:
    if status >= _INTERNAL_SERVER_ERROR:
        return Unavailable(reason)
    known = _REFUSALS.get(status) or _as(status, InvalidRequest.code, InvalidRequest.description)
    return known(reason)
