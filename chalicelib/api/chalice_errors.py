"""Translate Chalice's own error responses, and its exceptions raised by a view, into domain errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from chalice.app import ChaliceViewError, Response

from chalicelib.domain.errors import (
    RETRY_AFTER_OUTAGE,
    BearerError,
    GatehouseError,
    InsufficientScope,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    ServerError,
    TooManyAttempts,
    Unauthorized,
    Unavailable,
)

_UNSUPPORTED_MEDIA_TYPE = 415
_SHAPE = {"Code", "Message"}
_SENDABLE = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
"""The characters that RFC 6749 §5.2 allows in an `error_description`."""

_NOT_ACCEPTED = "BadRequest"
"""Chalice's code for a binary answer that the request does not accept; a BadRequestError has another one."""
_RECORDED = {"error": ServerError.code, "error_description": ServerError.description}
"""The response body of the error handler for a defect, which it has logged already."""


class _Forbidden(BearerError):
    """Refused by a view. The challenge has no scope, since the required one is unknown (RFC 6750 §3.1)."""

    status, code = InsufficientScope.status, InsufficientScope.code
    description = InsufficientScope.description


class _WrongMethod(GatehouseError):
    """The method is not allowed. The response has no `Allow`, since the allowed methods are unknown."""

    status, code = MethodNotAllowed.status, MethodNotAllowed.code
    description = MethodNotAllowed.description


class _NotAccepted(InvalidRequest):
    """API Gateway would send the binary answer in base64."""

    description = "Send an Accept header that begins with the media type of the answer."


class _WrongContentType(InvalidRequest):
    """The route does not accept this content type."""

    description = "The content type is not supported."


def _as(status_: int, code_: str, description_: str) -> type[GatehouseError]:
    class Refusal(GatehouseError):
        """An error that only views in `chalicelib/functions` raise."""

        status, code, description = status_, code_, description_

    return Refusal


_REFUSALS: dict[int, Callable[[str], GatehouseError]] = {
    400: InvalidRequest,
    401: Unauthorized,
    403: _Forbidden,
    404: NotFound,
    405: _WrongMethod,
    408: _as(408, "invalid_request", "The request took too long."),
    409: _as(409, "conflict", "The request conflicts with what there is."),
    _UNSUPPORTED_MEDIA_TYPE: _WrongContentType,
    422: _as(422, "invalid_request", "The request cannot be processed."),
    429: lambda _: TooManyAttempts(RETRY_AFTER_OUTAGE),
}


def of_exception(error: ChaliceViewError) -> GatehouseError:
    """Return the domain error for one of Chalice's exceptions.

    The text of the exception is sent if RFC 6749 §5.2 allows its characters, but never that of a 5xx.
    """
    refusal = _refusal(error.STATUS_CODE, type(error).__name__)
    text = str(error)
    if refusal.status < ServerError.status and _SENDABLE.fullmatch(text):
        refusal.public_description = text
    return refusal


def of_response(response: Response) -> GatehouseError | None:
    """Return the domain error for one of Chalice's own error responses, or None for a response of a view.

    Its text is not sent, since Chalice quotes the request. Every 500 other than ours is an unlogged defect.
    """
    status, body = response.status_code, response.body
    if status == ServerError.status:
        return None if body == _RECORDED else ServerError("unhandled")
    is_foreign = isinstance(body, dict) and body.keys() == _SHAPE and status >= InvalidRequest.status
    if is_foreign and _name(body) == _NOT_ACCEPTED:
        return _NotAccepted(_NOT_ACCEPTED)
    return _refusal(status, _name(body)) if is_foreign else None


def _name(body: dict[str, Any]) -> str:
    """Return Chalice's error code, which contains no input."""
    return str(body["Code"])


def _refusal(status: int, reason: str) -> GatehouseError:
    if status == ServerError.status:
        return ServerError(reason)
    if status > ServerError.status:
        return Unavailable(reason)
    known = _REFUSALS.get(status) or _as(status, InvalidRequest.code, InvalidRequest.description)
    return known(reason)
