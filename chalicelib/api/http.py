"""HTTP in and out: the request of this invocation, its responses, and the error handler of every view."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import wraps
from typing import Any

from chalice.app import ChaliceViewError, Request, Response

from chalicelib import observability
from chalicelib.api import chalice_errors
from chalicelib.api.time_budget import time_budget
from chalicelib.api.views.outages import is_outage
from chalicelib.crashes import where_raised
from chalicelib.domain.errors import GatehouseError, ServerError, TooManyUnknownKeys, Unavailable
from chalicelib.domain.preconditions import Precondition
from chalicelib.domain.sessions.session import Device
from chalicelib.observability import Event, Metric
from chalicelib.services import get_services
from chalicelib.settings import BadSetting

ANY_TYPE = ["*/*"]
"""Lets every content type reach the view, which responds with `invalid_request`; Chalice would return 415."""
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
# A context variable and not `app.current_request`, which two threads of the local stack would share.
_current: ContextVar[Request] = ContextVar("request")


class OutsideOfRequest(RuntimeError):
    """The code does not run within a request, or in a thread that does not have its context."""


def request_scope(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Middleware: store the request, limit its time, and translate Chalice's errors."""
    token = _current.set(request)
    try:
        with observability.scope(**_log_fields(request)), time_budget(request.lambda_context):
            response = get_response(request)
            refusal = chalice_errors.of_response(response)
            return response if refusal is None else refused(refusal)
    finally:
        _current.reset(token)


def _log_fields(request: Request) -> dict[str, observability.Field]:
    """Return the fields of every log entry of a request."""
    return {
        "request_id": str(request.context.get("requestId", "")),
        "route": f"{request.method} {request.path}",
        "address": str((request.context.get("identity") or {}).get("sourceIp") or ""),
    }


def current_request() -> Request:
    """Return the current request.

    Raises OutsideOfRequest in a thread that the view has started, unless the thread runs in a copy of the
    view's context.
    """
    try:
        return _current.get()
    except LookupError:
        raise outside_of_request() from None


def outside_of_request() -> OutsideOfRequest:
    """Return the error for code that runs in a thread without the request's context."""
    return OutsideOfRequest(
        "There is no request in this thread: start it with contextvars.copy_context().run, "
        "such as executor.submit(contextvars.copy_context().run, work)."
    )


def handle_errors(view: Callable[..., Any]) -> Callable[..., Any]:
    """Turn every GatehouseError of a view into its response, and any other exception into 500 (ASVS 16.5.4).

    An unexpected exception is a defect. 503 is for temporary failures, also of AWS calls that the view makes.
    An app keeps its tokens on both.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except GatehouseError as error:
            return refused(error)
        except ChaliceViewError as error:
            return refused(chalice_errors.of_exception(error))
        except BadSetting as error:
            observability.bind(setting=str(error))
            return refused(Unavailable("bad setting"))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the last resort: fail closed, without details
            if is_outage(error):
                observability.bind(where=where_raised(error))
                return refused(Unavailable("dependency of a view"))
            observability.record_crash(error)
            return error_response(ServerError("crash"))

    return guarded


def refused(error: GatehouseError) -> Response:
    """Return the response for an error, and log its reason, which the response does not contain."""
    _record_refusal(error)
    return error_response(error)


def _record_refusal(error: GatehouseError) -> None:
    event, outcome = _event_of(error)
    observability.record(
        event,
        severe=event in {Event.OUTAGE, Event.CRASH},
        outcome=outcome,
        status=error.status,
        error=error.code,
        reason=error.reason,
        user_id=error.user_id,
    )
    if event is Event.OUTAGE:
        observability.count(Metric.OUTAGE, error.reason)
    if event is Event.CRASH:
        observability.count(Metric.OUTAGE, "crash")
    if event is Event.UNDECIDED:
        observability.count(Metric.UNKNOWN_KEYS, outcome)


def _event_of(error: GatehouseError) -> tuple[Event, str]:
    if isinstance(error, TooManyUnknownKeys):
        # Anyone can cause this, so it is not an outage.
        return Event.UNDECIDED, "undecided"
    if error.status == ServerError.status:
        return Event.CRASH, "failed"
    return (Event.OUTAGE, "outage") if error.status == Unavailable.status else (Event.REFUSED, "refused")


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response that must not be cached."""
    return Response(body, {**NO_STORE, **(headers or {})}, status)


def json_text_response(text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response of JSON that is text already, which must not be cached."""
    return Response(text, {"Content-Type": "application/json", **NO_STORE, **(headers or {})}, 200)


def no_content() -> Response:
    """Return a response without a body."""
    return Response("", {**NO_STORE}, 204)


def error_response(error: GatehouseError) -> Response:
    """Return the response for an error (RFC 6749 §5.2)."""
    body = {"error": error.code, "error_description": error.public_description}
    return json_response(body, error.status, error.headers)


def body_bytes() -> bytes:
    """Return the raw body. A lone surrogate, which no client can send, becomes invalid UTF-8."""
    event = current_request().to_original_event()
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        return base64.b64decode(body)
    return body if isinstance(body, bytes) else str(body).encode("utf-8", "surrogatepass")


def header(name: str) -> str:
    """Return a header of the current request, or an empty string."""
    value = current_request().headers.get(name)
    return str(value) if value is not None else ""


def if_match() -> Precondition:
    """Return the condition of `If-Match`; without one, nothing is required (RFC 9110 §13.1.1).

    Raises InvalidRequest for a malformed value, also an empty one: the caller means to require something.
    """
    values = _every_header("if-match")
    return Precondition() if values is None else Precondition.of(values)


def _every_header(name: str) -> str | None:
    """Return the values of a header of the current request, joined (RFC 9110 §5.3), or None without it."""
    # Chalice's own server sends no "multiValueHeaders".
    headers: Mapping[str, list[str]] = current_request().to_original_event().get("multiValueHeaders") or {}
    values = [value for one, several in headers.items() if one.lower() == name for value in several]
    return ", ".join(values) if values else current_request().headers.get(name)


def device() -> Device:
    """Return user agent, address and country of the request, truncated.

    CloudFront sets the header with the country and overwrites that of the caller. Without CloudFront the
    caller controls it, so it is left out.
    """
    identity = current_request().context.get("identity") or {}
    has_cloudfront = get_services().settings.endpoint_type == "EDGE"
    return Device(
        user_agent=header("user-agent")[:256],
        address=str(identity.get("sourceIp") or "")[:64],
        country=header("cloudfront-viewer-country")[:2] if has_cloudfront else "",
    )
